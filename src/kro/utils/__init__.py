"""Pure helpers that know nothing of KRO."""
