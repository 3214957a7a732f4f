"""The limits of the tiers as every command needs them, kept for a few seconds so that no request pays for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.clock import Clock
from kro.core.config import KYCSettings
from kro.core.database.pool import Database
from kro.core.kyc.tiers import Requirement, TierRule, Tiers, read_tier_rules

_KEEPS: Final = timedelta(seconds=5)
_START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST_ID: Final = UUID("01944d00-0000-7000-8000-000000000100")

_READ: Final = """
SELECT id, tier, currency, order_limit, payout_limit, day_in_limit, day_out_limit, balance_limit, requires,
       effective_from, effective_to, version, withdrawn_at
FROM kyc_tier_limits
WHERE withdrawn_at IS NULL AND (effective_to IS NULL OR effective_to > now() - interval '1 day')"""

_SEED: Final = """
INSERT INTO kyc_tier_limits (id, tier, currency, order_limit, payout_limit, day_in_limit, day_out_limit, balance_limit,
                             requires, effective_from)
SELECT n.id, n.tier, n.currency, n.order_limit, n.payout_limit, n.day_in_limit, n.day_out_limit, n.balance_limit,
       n.requires, n.effective_from
FROM jsonb_populate_recordset(NULL::kyc_tier_limits, $1::jsonb) AS n
WHERE NOT EXISTS (SELECT FROM kyc_tier_limits AS present WHERE present.currency = n.currency)
ON CONFLICT DO NOTHING"""


class TierBoard:
    """A change is seen by this process at once and by others within five seconds; a planned one at its very moment.

    Until an installation has rules for its currency, those of the configuration count.
    """

    def __init__(self, database: Database, *, settings: KYCSettings, clock: Clock) -> None:
        self._database = database
        self._first = first_rules(settings)
        self._clock = clock
        self._kept: tuple[datetime, Tiers] | None = None
        self._reading = asyncio.Lock()

    async def current(self) -> Tiers:
        """Return the rules as they were at most five seconds ago."""
        async with self._reading:
            now = self._clock.now()
            if self._kept is None or now - self._kept[0] > _KEEPS:
                self._kept = now, await self.read()
            return self._kept[1]

    async def read(self) -> Tiers:
        """Return the rules as they are."""
        found = read_tier_rules(await self._database.rows(_READ))
        ruled = {rule.currency for rule in found}
        return Tiers((*found, *(rule for rule in self._first if rule.currency not in ruled)))

    def forget(self) -> None:
        """Have the next question read anew."""
        self._kept = None

    async def seed(self) -> None:
        """Give a new installation its first rules; a currency that has any keeps its own."""
        await seed_tier_rules(self._database, self._first)


def first_rules(settings: KYCSettings) -> tuple[TierRule, ...]:
    """Return the rules a new installation starts with, from the configuration."""
    return tuple(
        TierRule(
            id=UUID(int=_FIRST_ID.int + tier.tier),
            tier=tier.tier,
            currency=settings.currency,
            order_limit=tier.order_max_minor,
            payout_limit=tier.payout_max_minor,
            day_in_limit=tier.paid_in_day_max_minor,
            day_out_limit=tier.payout_day_max_minor,
            balance_limit=tier.balance_max_minor,
            requires=tuple(Requirement(one) for one in tier.requires),
            effective_from=_START,
        )
        for tier in settings.tiers
    )


async def seed_tier_rules(database: Database, rules: Sequence[TierRule]) -> None:
    """Write rules of currencies that have none yet."""
    rows: list[dict[str, Any]] = [{name: getattr(rule, name) for name in TierRule.__slots__} for rule in rules]
    await database.execute(_SEED, rows)
