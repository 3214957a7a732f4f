from __future__ import annotations

from enum import StrEnum


class Progress(StrEnum):
    """How far asking a provider has brought a payment or payout."""

    FINAL = "final"
    """There is nothing more to learn for now."""
    WAITING = "waiting"
    """The outcome is still open: ask again later."""
    PARKED = "parked"
    """The provider's answer contradicts our books: a person has to look."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """We have nothing under this reference, or not yet."""
