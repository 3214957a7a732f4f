"""Payouts that take too long or contradict their provider, and what people decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.http import Position
from kro.payment.database.payout_records import (
    Resolution,
    ResolutionOutcome,
    ResolutionState,
    ResolutionStatus,
)
from kro.payment.database.payout_words import AlarmKind
from kro.payment.database.records import Payout
from kro.payment.database.rows import LAST_ATTEMPT, PAYOUT_COLUMNS, PAYOUT_PARTS, whole_payout_from

_RESOLUTION: Final = """
(SELECT row_to_json(r) FROM payout_resolutions AS r WHERE r.payout_id = t.id AND {which}) AS resolution"""
_OPEN_RESOLUTION: Final = _RESOLUTION.format(which="r.status = 'proposed'")
_ONE_RESOLUTION: Final = _RESOLUTION.format(which="r.id = $6")

# Each of the two ages is looked for on its own, so that a payout that was told about once is not read again and again.
_DUE: Final = """
SELECT t.id FROM transactions AS t
LEFT JOIN LATERAL (SELECT created_at FROM payout_attempts WHERE payout_id = t.id ORDER BY number DESC LIMIT 1) AS a
    ON true
WHERE t.kind = 'payout' AND t.status IN ('approved', 'submitting', 'submitted', 'unknown') AND t.created_at < $2
  AND (coalesce(a.created_at, t.updated_at) <= $2
           AND NOT EXISTS (SELECT FROM payout_alarms AS m WHERE m.payout_id = t.id
                           AND m.kind IN ('open_for_an_hour', 'open_for_a_day'))
       OR coalesce(a.created_at, t.updated_at) <= $1
           AND NOT EXISTS (SELECT FROM payout_alarms AS m WHERE m.payout_id = t.id AND m.kind = 'open_for_a_day'))
ORDER BY t.created_at LIMIT $3"""

_STUCK: Final = f"""
SELECT {PAYOUT_COLUMNS}, {PAYOUT_PARTS}, {_OPEN_RESOLUTION}, concat_ws(' ', u.first_name, u.last_name) AS user_name,
       waiting.raised_at AS waits_since, waiting.id AS waits_by
FROM payout_alarms AS waiting JOIN transactions AS t ON t.id = waiting.payout_id
JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}
WHERE waiting.settled_at IS NULL AND waiting.kind <> '{AlarmKind.OPEN_FOR_AN_HOUR}'
  AND (waiting.raised_at, waiting.id) > ($1, $2)
  AND (waiting.kind <> '{AlarmKind.OPEN_FOR_A_DAY}' OR t.status IN ('approved', 'submitting', 'submitted', 'unknown'))
ORDER BY waiting.raised_at, waiting.id LIMIT $3"""  # noqa: S608 - built from constants only


def _for_admin(resolution: str) -> str:
    return f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, {PAYOUT_COLUMNS}, {PAYOUT_PARTS}, {resolution},
       concat_ws(' ', u.first_name, u.last_name) AS user_name,
       coalesce((SELECT f.last_used_step FROM two_factor_admin AS f WHERE f.admin_id = $1), 0) AS last_used_step,
       is_same_person($1, t.user_id) AS is_own,
       EXISTS (SELECT FROM ledger_journals AS j WHERE j.provider = t.provider AND j.external_ref = $5
               AND j.kind IN ('payout_settled', 'payout_returned') AND j.source_id <> t.id) AS is_reference_used
FROM (SELECT 1) AS one LEFT JOIN transactions AS t ON t.id = $4 AND t.kind = 'payout'
LEFT JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}"""  # noqa: S608 - built from constants only


_FOR_PROPOSAL: Final = _for_admin(_OPEN_RESOLUTION)
_FOR_DECISION: Final = _for_admin(_ONE_RESOLUTION)


class StuckPayouts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, *, day_before: datetime, hour_before: datetime, limit: int) -> Sequence[UUID]:
        """Return payouts on their way since before those moments that nobody was told about yet."""
        return [row["id"] for row in await self._database.rows(_DUE, day_before, hour_before, limit)]

    async def waiting(
        self, *, after: Position, limit: int
    ) -> Sequence[tuple[Payout, str, Resolution | None, Position]]:
        """Return what waits for people, the longest first: payout, owner's name, open proposal, place in the list."""
        rows = await self._database.rows(_STUCK, after.created_at, after.id, limit)
        return [
            (
                whole_payout_from(row),
                row["user_name"],
                _resolution_from(row),
                Position(row["waits_since"], row["waits_by"]),
            )
            for row in rows
        ]

    async def for_proposal(
        self, payout_id: UUID, *, actor: Actor, key: str | None, provider_reference: str | None
    ) -> Loaded[ResolutionState]:
        """Load a payout before an admin who says how it ended, with the open proposal if there is one."""
        row = await self._database.row(_FOR_PROPOSAL, actor.id, actor.session_id, key, payout_id, provider_reference)
        assert row is not None  # noqa: S101 - the row of constants is always there
        return Loaded(_state_from(row), read_answer(row))

    async def for_decision(
        self, payout_id: UUID, resolution_id: UUID, *, actor: Actor, key: str | None
    ) -> Loaded[ResolutionState]:
        """Load a payout before an admin who decides about one proposal."""
        row = await self._database.row(_FOR_DECISION, actor.id, actor.session_id, key, payout_id, None, resolution_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        return Loaded(_state_from(row), read_answer(row))


def _state_from(row: Columns) -> ResolutionState:
    return ResolutionState(
        standing=read_standing(row),
        payout=whole_payout_from(row) if row["id"] is not None else None,
        user_name=row["user_name"],
        resolution=_resolution_from(row),
        is_own=row["is_own"],
        is_reference_used=row["is_reference_used"],
        last_used_step=row["last_used_step"],
    )


def _resolution_from(row: Columns) -> Resolution | None:
    found = row["resolution"]
    if found is None:
        return None
    decided_by, decided_at = found["decided_by"], found["decided_at"]
    return Resolution(
        id=UUID(found["id"]),
        payout_id=UUID(found["payout_id"]),
        outcome=ResolutionOutcome(found["outcome"]),
        provider_reference=found["provider_reference"],
        note=found["note"],
        status=ResolutionStatus(found["status"]),
        proposed_by=UUID(found["proposed_by"]),
        proposed_at=datetime.fromisoformat(found["proposed_at"]),
        decided_by=UUID(decided_by) if decided_by else None,
        decided_at=datetime.fromisoformat(decided_at) if decided_at else None,
        version=found["version"],
    )
