"""Paystack: the API under `/paystack`, its hosted checkout page and its webhooks."""
