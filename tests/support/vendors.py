"""Vendors that differ in one respect from the one in memory."""

from __future__ import annotations

import copy

from kro.payment.providers import PaymentProvider


def vendor_but(provider: PaymentProvider, **offered: object) -> PaymentProvider:
    """Return the same vendor with other capabilities; ``None`` takes one away, ``name`` renames it."""
    other = copy.copy(provider)
    for name, capability in offered.items():
        other.__dict__[name if name == "name" else f"_{name}"] = capability
    return other
