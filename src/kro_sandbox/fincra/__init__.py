"""Fincra: the API under `/fincra`, its hosted checkout page and its webhooks."""
