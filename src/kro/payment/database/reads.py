"""What users and admins see of payments and payouts, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.core.http import Position
from kro.payment.database.payout_records import FollowedPayout
from kro.payment.database.records import Payment, Payout, PayoutStatus
from kro.payment.database.rows import (
    FOR_THIS_ADMIN,
    LAST_ATTEMPT,
    PAYMENT_COLUMNS,
    PAYOUT_COLUMNS,
    PAYOUT_HISTORY,
    PAYOUT_PARTS,
    history_from,
    payment_from,
    payout_from,
    whole_payout_from,
)

OLDEST: Final = Position(datetime.min.replace(tzinfo=UTC), UUID(int=0))
NEWEST: Final = Position(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Before this position every row is on the first page: with a bound at all times the index serves every page."""


def _one(columns: str, kind: str) -> str:
    return f"""
SELECT {USER_STANDING}, {columns}
FROM (SELECT 1) AS one
LEFT JOIN transactions AS t ON t.id = $3 AND t.kind = '{kind}' AND t.user_id = $1"""  # noqa: S608 - built from constants only


def _list(columns: str, kind: str) -> str:
    return f"""
SELECT {USER_STANDING}, {columns}
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM transactions AS own
    WHERE own.user_id = $1 AND own.kind = '{kind}' AND (own.created_at, own.id) < ($3, $4)
    ORDER BY own.created_at DESC, own.id DESC LIMIT $5) AS t ON true
ORDER BY t.created_at DESC, t.id DESC"""  # noqa: S608 - built from constants only


_PAYMENT: Final = _one(PAYMENT_COLUMNS, "payment")
_PAYMENTS: Final = _list(PAYMENT_COLUMNS, "payment")
_PAYOUT: Final = _one(f"{PAYOUT_COLUMNS}, {PAYOUT_HISTORY}", "payout")
_PAYOUTS: Final = _list(PAYOUT_COLUMNS, "payout")


def _for_admin(columns: str = "") -> str:
    return f"""
SELECT {PAYOUT_COLUMNS}, {PAYOUT_PARTS}, concat_ws(' ', u.first_name, u.last_name) AS user_name {columns}
FROM transactions AS t JOIN users AS u ON u.id = t.user_id {LAST_ATTEMPT}
WHERE t.kind = 'payout'"""  # noqa: S608 - built from constants only


_ADMIN_ONE: Final = f"{_for_admin(f', {PAYOUT_HISTORY}')} AND t.id = $1"
_ADMIN_LIST: Final = f"""{_for_admin()}
  AND ($1::text IS NULL OR t.status = $1) AND (t.created_at, t.id) < ($2, $3)
ORDER BY t.created_at DESC, t.id DESC LIMIT $4"""

# The queue is cut before its rows are completed, so that a page costs what a page holds.
_QUEUE: Final = f"""{_for_admin()}
  AND t.id IN (SELECT q.id FROM transactions AS q
               WHERE q.kind = 'payout' AND q.status = 'awaiting_approval' AND (q.created_at, q.id) > ($2, $3)
                 AND {FOR_THIS_ADMIN}
               ORDER BY q.created_at, q.id LIMIT $4)
ORDER BY t.created_at, t.id"""  # noqa: S608 - built from constants only


class TransactionReads:
    """Every method returns the actor's standing beside what it found: nothing else is asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def payment(self, payment_id: UUID, *, actor: Actor) -> tuple[Standing, Payment | None]:
        row = await self._database.row(_PAYMENT, actor.id, actor.session_id, payment_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        return read_standing(row), payment_from(row) if row["id"] is not None else None

    async def payments(self, *, actor: Actor, before: Position, limit: int) -> tuple[Standing, Sequence[Payment]]:
        rows = await self._database.rows(_PAYMENTS, actor.id, actor.session_id, before.created_at, before.id, limit)
        return read_standing(rows[0]), [payment_from(row) for row in rows if row["id"] is not None]

    async def payout(self, payout_id: UUID, *, actor: Actor) -> tuple[Standing, FollowedPayout | None]:
        row = await self._database.row(_PAYOUT, actor.id, actor.session_id, payout_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        found = FollowedPayout(payout_from(row), history_from(row)) if row["id"] is not None else None
        return read_standing(row), found

    async def payouts(self, *, actor: Actor, before: Position, limit: int) -> tuple[Standing, Sequence[Payout]]:
        rows = await self._database.rows(_PAYOUTS, actor.id, actor.session_id, before.created_at, before.id, limit)
        return read_standing(rows[0]), [payout_from(row) for row in rows if row["id"] is not None]

    async def payout_for_admin(self, payout_id: UUID) -> tuple[FollowedPayout, str] | None:
        """Return a payout with its history, and its owner's name."""
        row = await self._database.row(_ADMIN_ONE, payout_id)
        return (FollowedPayout(whole_payout_from(row), history_from(row)), row["user_name"]) if row else None

    async def payout_queue(self, *, admin_id: UUID, after: Position, limit: int) -> Sequence[tuple[Payout, str]]:
        """Return payouts this admin may still approve and their owners' names, the longest waiting first."""
        rows = await self._database.rows(_QUEUE, admin_id, after.created_at, after.id, limit)
        return [(whole_payout_from(row), row["user_name"]) for row in rows]

    async def payouts_for_admin(
        self, *, status: PayoutStatus | None, before: Position, limit: int
    ) -> Sequence[tuple[Payout, str]]:
        """Return payouts and their owners' names, newest first."""
        rows = await self._database.rows(_ADMIN_LIST, status, before.created_at, before.id, limit)
        return [(whole_payout_from(row), row["user_name"]) for row in rows]
