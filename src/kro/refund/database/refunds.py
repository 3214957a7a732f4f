from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import USER_STANDING, Columns, read_standing
from kro.core.database.pool import Database
from kro.core.http import Position
from kro.core.money import Money
from kro.refund.database.records import Refund, RefundDestination, RefundStatus

NEWEST: Final = Position(datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
"""Before this position every row is on the first page: with a bound at all times the index serves every page."""

_COLUMNS: Final = """
t.id, t.order_id, t.user_id, t.currency, t.amount, t.destination, t.status, t.reason, t.created_at, t.processed_at"""

_ONE: Final = f"""
SELECT {USER_STANDING}, {_COLUMNS}
FROM (SELECT 1) AS one LEFT JOIN refunds AS t ON t.id = $3 AND t.user_id = $1"""  # noqa: S608 - built from constants only

_LIST: Final = f"""
SELECT {USER_STANDING}, {_COLUMNS}
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM refunds AS own
    WHERE own.user_id = $1 AND (own.created_at, own.id) < ($3, $4)
    ORDER BY own.created_at DESC, own.id DESC LIMIT $5) AS t ON true
ORDER BY t.created_at DESC, t.id DESC"""  # noqa: S608 - built from constants only


class RefundRepository:
    """Both methods return the actor's standing beside what they found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, refund_id: UUID, *, actor: Actor) -> tuple[Standing, Refund | None]:
        row = await self._database.row(_ONE, actor.id, actor.session_id, refund_id)
        assert row is not None  # noqa: S101 - the row of constants is always there
        return read_standing(row), _refund_from(row) if row["id"] is not None else None

    async def list(self, *, actor: Actor, before: Position, limit: int) -> tuple[Standing, Sequence[Refund]]:
        rows = await self._database.rows(_LIST, actor.id, actor.session_id, before.created_at, before.id, limit)
        return read_standing(rows[0]), [_refund_from(row) for row in rows if row["id"] is not None]


def _refund_from(row: Columns) -> Refund:
    return Refund(
        id=row["id"],
        order_id=row["order_id"],
        user_id=row["user_id"],
        amount=Money(row["amount"], row["currency"]),
        destination=RefundDestination(row["destination"]),
        status=RefundStatus(row["status"]),
        reason=row["reason"],
        created_at=row["created_at"],
        processed_at=row["processed_at"],
    )
