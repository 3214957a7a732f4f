"""Termii: text messages for Nigeria, with the do-not-disturb rules of its routes."""
