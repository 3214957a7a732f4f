"""Payments: money across the border, in (collections) and out (payouts)."""
