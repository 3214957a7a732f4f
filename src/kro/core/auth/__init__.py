"""Users, admins, roles, sessions, tokens and passwords."""
