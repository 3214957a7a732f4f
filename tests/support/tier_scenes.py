"""Verification tiers as tests need them: one limit of each tier, everything else without a limit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from kro.core.kyc import TierRule, Tiers

LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
UNLIMITED: Final = Tiers(())


def tier_rule(tier: int, **columns: Any) -> TierRule:
    limits = dict.fromkeys(("order_limit", "payout_limit", "day_in_limit", "day_out_limit", "balance_limit"))
    return TierRule(
        **{
            "id": UUID(int=tier + 1),
            "tier": tier,
            "currency": "NGN",
            **limits,
            "requires": (),
            "effective_from": LONG_AGO,
            **columns,
        }
    )


def tiers_with(name: str, *limits: int | None) -> Tiers:
    """Return naira tiers from 0 with these limits of one kind; ``None`` is no limit."""
    return Tiers(tuple(tier_rule(tier, **{name: limit}) for tier, limit in enumerate(limits)))
