"""Refunds: money that goes back to where it came from."""
