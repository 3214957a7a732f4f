"""Registration, login, profiles, bank accounts and the work of admins."""
