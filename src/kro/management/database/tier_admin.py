"""The limits of the tiers as admins need them: what a change is decided on, and every rule there ever was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.kyc import TierRule, read_tier_rules
from kro.core.paging import Position
from kro.kro_balance.domain import RuleState, Trace

_LOAD: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER},
       (SELECT json_agg(t) FROM kyc_tier_limits AS t
        WHERE t.currency = $4 AND t.withdrawn_at IS NULL
          AND (t.effective_to IS NULL OR t.effective_to > now() - interval '1 day')) AS rules"""  # noqa: S608 - built from constants only

_LIST: Final = """
SELECT * FROM (
    SELECT r.*, CASE WHEN r.withdrawn_at IS NOT NULL THEN 'withdrawn'
                     WHEN r.effective_from > $1 THEN 'scheduled'
                     WHEN r.effective_to <= $1 THEN 'ended'
                     ELSE 'in_force' END AS state FROM kyc_tier_limits AS r) AS r
WHERE ($2::text IS NULL OR r.currency = $2) AND ($3::text IS NULL OR r.state = $3)
  AND ($4::timestamptz IS NULL OR (r.created_at, r.id) < ($4, $5::uuid))
ORDER BY r.created_at DESC, r.id DESC LIMIT $6"""


@dataclass(frozen=True, slots=True)
class TierAdminState:
    """Who asks, and every rule of one currency that has not ended."""

    standing: Standing
    rules: tuple[TierRule, ...]


@dataclass(frozen=True, slots=True)
class TierRuleView:
    rule: TierRule
    trace: Trace


class TierAdminRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, currency: str, *, actor: Actor, key: str | None) -> Loaded[TierAdminState]:
        """Return who asks and the rules of a currency that have not ended."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, currency)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        state = TierAdminState(standing=read_standing(row), rules=read_tier_rules(row["rules"]))
        return Loaded(state, read_answer(row))

    async def rules(
        self, *, currency: str | None, state: RuleState | None, now: datetime, before: Position | None, limit: int
    ) -> Sequence[TierRuleView]:
        """Return rules of any age, newest first."""
        place = (before.created_at, before.id) if before else (None, None)
        rows = await self._database.rows(_LIST, now, currency, state, *place, limit)
        return tuple(
            TierRuleView(
                rule,
                Trace(
                    state=RuleState(row["state"]),
                    created_at=row["created_at"],
                    created_by=row["created_by"],
                    reason=row["reason"],
                ),
            )
            for row, rule in zip(rows, read_tier_rules(rows), strict=True)
        )
