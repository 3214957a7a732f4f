"""Lists of orders and their counts: one query each, whatever the filters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import USER_STANDING, ensure_may_read, standing_in_first_row
from kro.core.database.pool import Database
from kro.core.paging import Position
from kro.order.database.list_query import NEWEST_ORDER, ListQuery, OrderFilter
from kro.order.database.names import shown_name
from kro.order.database.words import OrderStatus, Party

MOST_OPEN: Final = 5_000
"""Of how many open orders of a side, the newest, the counts tell."""
MOST_ENDED: Final = 1_000
"""Up to how many ended orders of each status and side the counts count."""

_ENDED_STATUSES: Final = [status for status in OrderStatus if status.is_ended]


def _counts(party: Party) -> str:
    # Without an order the planner may collect all there is before it counts some.
    column = f"{party}_id"
    return f"""(
    SELECT '{party}' AS role, n.status, count(*) AS orders FROM (
        SELECT o.status FROM orders AS o WHERE o.{column} = $1 AND o.ended_at IS NULL
        ORDER BY o.created_at DESC, o.id DESC LIMIT {MOST_OPEN}) AS n GROUP BY n.status
    UNION ALL
    SELECT '{party}', s.status, n.orders FROM unnest($3::text[]) AS s (status) CROSS JOIN LATERAL (
        SELECT count(*) AS orders FROM (
            SELECT FROM orders AS o
            WHERE o.{column} = $1 AND o.ended_as = s.status
            ORDER BY o.created_at DESC, o.id DESC LIMIT {MOST_ENDED}) AS few) AS n)"""  # noqa: S608 - built from constants only


_COUNTS: Final = f"""
SELECT {USER_STANDING}, c.* FROM (SELECT 1) AS one
LEFT JOIN ({_counts(Party.BUYER)} UNION ALL {_counts(Party.SELLER)}) AS c ON true
"""  # noqa: S608 - built from constants only


class OrderSummary(NamedTuple):
    """An order in a list, as its viewer sees it; the amount in minor units."""

    id: UUID
    role: str
    status: str
    funding_status: str
    order_type: str
    title: str
    currency: str
    amount: int
    counterparty_id: UUID
    counterparty_name: str
    created_at: datetime
    updated_at: datetime


class OrderLists:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: OrderFilter, *, actor: Actor, before: Position | None, limit: int
    ) -> Sequence[OrderSummary]:
        """Return the actor's orders, newest first, older than ``before``."""
        sql, values = list_query(wanted, actor=actor, before=before, limit=limit)
        rows = await self._database.rows(sql, *values)
        ensure_may_read(rows[0], actor)
        # Who has none gets one row, which tells their standing.
        return [OrderSummary._make(row[1:]) for row in rows if row["id"] is not None]

    async def counts(self, *, actor: Actor) -> dict[Party, dict[OrderStatus, int]]:
        """Return how many orders the actor has in each status, per role.

        Exact for people; for a shop the open ones are those among its newest :data:`MOST_OPEN`, and ended ones are
        counted up to :data:`MOST_ENDED` of each status: a dashboard must not cost more the more somebody has sold.
        """
        rows = await self._database.rows(_COUNTS, actor.id, actor.session_id, _ENDED_STATUSES)
        ensure_may_read(rows[0], actor)
        counts = {party: dict.fromkeys(OrderStatus, 0) for party in (Party.BUYER, Party.SELLER)}
        for row in rows:
            counts[Party(row["role"])][OrderStatus(row["status"])] = row["orders"]
        return counts


_ROLE: Final = "CASE WHEN o.buyer_id = $1 THEN 'buyer' ELSE 'seller' END"
_MADE: Final = {
    "role": _ROLE,
    "counterparty_id": "u.id",
    "counterparty_name": shown_name("u", f"o.proposed_by = {_ROLE}"),
}
_SUMMARY: Final = ", ".join(f"{_MADE.get(name, f'o.{name}')} AS {name}" for name in OrderSummary._fields)


def list_query(
    wanted: OrderFilter, *, actor: Actor, before: Position | None, limit: int
) -> tuple[str, Sequence[object]]:
    """Return the text and the arguments of a page of the actor's orders: their standing, and a summary's columns."""
    query = ListQuery(wanted, actor.id, before, limit, first=(actor.id, actor.session_id))
    sql = f"""
SELECT {standing_in_first_row(NEWEST_ORDER)}, {_SUMMARY}
FROM (SELECT 1) AS one LEFT JOIN LATERAL ({query.text()}) AS o ON true
LEFT JOIN users AS u ON u.id = CASE WHEN o.buyer_id = $1 THEN o.seller_id ELSE o.buyer_id END
ORDER BY {NEWEST_ORDER}"""  # noqa: S608 - built from constants only
    return sql, query.values
