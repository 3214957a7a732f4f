"""Proof that a person holds a phone number: one-time codes by SMS."""
