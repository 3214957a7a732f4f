"""What users and admins see of refunds, one query each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import USER_STANDING, read_standing
from kro.core.database.pool import Database
from kro.core.paging import Position
from kro.refund.database.records import Refund, RefundablePayment, RefundStatus
from kro.refund.database.rows import PAYMENT_COLUMNS, REFUND_COLUMNS, payment_from, refund_from

NEWEST: Final = Position(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Before this position every row is on the first page: with a bound at all times the index serves every page."""

_ONE: Final = f"""
SELECT {USER_STANDING}, {REFUND_COLUMNS}
FROM (SELECT 1) AS one LEFT JOIN refunds AS r ON r.id = $3 AND r.user_id = $1"""  # noqa: S608 - built from constants only

_LIST: Final = f"""
SELECT {USER_STANDING}, {REFUND_COLUMNS}
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM refunds AS own
    WHERE own.user_id = $1 AND (own.created_at, own.id) < ($3, $4)
    ORDER BY own.created_at DESC, own.id DESC LIMIT $5) AS r ON true
ORDER BY r.created_at DESC, r.id DESC"""  # noqa: S608 - built from constants only

_REFUNDABLE: Final = f"""
SELECT {USER_STANDING}, {PAYMENT_COLUMNS}, t.created_at AS payment_created_at
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM transactions AS own
    WHERE own.user_id = $1 AND own.kind = 'payment' AND own.status = 'succeeded'
      AND ($3::uuid IS NULL OR own.order_id = $3) AND (own.created_at, own.id) < ($4, $5)
    ORDER BY own.created_at DESC, own.id DESC LIMIT $6) AS t ON true
ORDER BY t.created_at DESC, t.id DESC"""  # noqa: S608 - built from constants only

_ADMIN: Final = f"""
SELECT {REFUND_COLUMNS}, concat_ws(' ', u.first_name, u.last_name) AS user_name
FROM refunds AS r JOIN users AS u ON u.id = r.user_id"""  # noqa: S608 - built from constants only

_ADMIN_ONE: Final = f"{_ADMIN} WHERE r.id = $1"
_ADMIN_LIST: Final = f"""{_ADMIN}
WHERE ($1::text IS NULL OR r.status = $1) AND (r.created_at, r.id) < ($2, $3)
ORDER BY r.created_at DESC, r.id DESC LIMIT $4"""


class RefundReadRepository:
    """Methods for users return the actor's standing beside what they found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, refund_id: UUID, *, actor: Actor) -> tuple[Standing, Refund | None]:
        row = await self._database.row(_ONE, actor.id, actor.session_id, refund_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        return read_standing(row), refund_from(row) if row["id"] is not None else None

    async def list(self, *, actor: Actor, before: Position, limit: int) -> tuple[Standing, Sequence[Refund]]:
        rows = await self._database.rows(_LIST, actor.id, actor.session_id, before.created_at, before.id, limit)
        return read_standing(rows[0]), [refund_from(row) for row in rows if row["id"] is not None]

    async def refundable(
        self, *, actor: Actor, order_id: UUID | None, before: Position, limit: int
    ) -> tuple[Standing, Sequence[tuple[Position, RefundablePayment]]]:
        """Return payments that succeeded, newest first, whatever is left of them, with the place of each."""
        rows = await self._database.rows(
            _REFUNDABLE, actor.id, actor.session_id, order_id, before.created_at, before.id, limit
        )
        found = [
            (Position(row["payment_created_at"], row["payment_id"]), payment_from(row))
            for row in rows
            if row["payment_id"] is not None
        ]
        return read_standing(rows[0]), found

    async def one_for_admin(self, refund_id: UUID) -> tuple[Refund, str] | None:
        """Return a refund and its owner's name."""
        row = await self._database.row(_ADMIN_ONE, refund_id)
        return (refund_from(row), row["user_name"]) if row is not None else None

    async def list_for_admin(
        self, *, status: RefundStatus | None, before: Position, limit: int
    ) -> Sequence[tuple[Refund, str]]:
        """Return everybody's refunds and their owners' names, newest first."""
        rows = await self._database.rows(_ADMIN_LIST, status, before.created_at, before.id, limit)
        return [(refund_from(row), row["user_name"]) for row in rows]
