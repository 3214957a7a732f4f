"""Amounts and dates of a statement as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kro.core.money import Money, exponent


def grouped(amount: int, currency: str) -> str:
    """Return an amount in major units with thousands apart: ``1,234.50``."""
    return f"{Decimal(amount).scaleb(-exponent(currency)):,.{exponent(currency)}f}"


def plain(amount: int, currency: str) -> str:
    """Return an amount in major units for a machine: ``1234.50``."""
    return Money(amount, currency).to_major()


def long_day(day: date) -> str:
    """Return a day in full: ``2 January 2026``."""
    return f"{day.day} {day:%B %Y}"
