"""The table of refunds and what is read from it."""
