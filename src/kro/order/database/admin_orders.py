"""Everybody's orders, for admins. Who opened one is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import Columns
from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.core.decisions import Event
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.order.database.list_query import ListQuery, OrderFilter
from kro.order.database.orders import OrderRepository
from kro.order.database.records import OrderState
from kro.order.database.words import FundingStatus, OrderStatus, OrderType

MOST_EVENTS: Final = 500

_OPENED: Final = f"""
WITH looked AS (
    INSERT INTO audit_log (id, actor_kind, actor_id, session_id, action, target_type, target_id, result, detail,
                           request_id, ip)
    VALUES ($2, $3, $4, $5, 'order.read', 'order', $1::uuid, 'done', '{{}}', $6, $7))
SELECT (SELECT json_agg(e ORDER BY e.seq) FROM (
            SELECT * FROM order_events WHERE order_id = $1 ORDER BY seq DESC LIMIT {MOST_EVENTS}) AS e) AS events,
       (SELECT json_agg(j ORDER BY j.occurred_at, j.id) FROM journals_of_order($1) AS j) AS journals"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class AdminOrderSummary:
    """An order in the admins' list; the amount in minor units."""

    id: UUID
    status: OrderStatus
    funding_status: FundingStatus
    order_type: OrderType
    title: str
    currency: str
    amount: int
    on_hold: bool
    deliver_by: datetime | None
    buyer_id: UUID
    buyer_name: str
    seller_id: UUID
    seller_name: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OrderJournal:
    """A journal of the ledger that touched the order's escrow."""

    id: UUID
    kind: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class OpenedOrder:
    """An order with its newest events, oldest first, and its journals."""

    state: OrderState
    events: tuple[Event, ...]
    journals: tuple[OrderJournal, ...]


class AdminOrders:
    def __init__(self, database: Database, *, ids: IdSource) -> None:
        self._database = database
        self._orders = OrderRepository(database)
        self._ids = ids

    async def page(
        self, wanted: OrderFilter, *, user_id: UUID | None, before: Position | None, limit: int
    ) -> Sequence[AdminOrderSummary]:
        """Return everybody's orders or one user's, newest first, older than ``before``."""
        sql, values = admin_list_query(wanted, user_id=user_id, before=before, limit=limit)
        rows = await self._database.rows(sql, *values)
        return tuple(_summary(row) for row in rows)

    async def open(self, order_id: UUID, *, actor: Actor) -> OpenedOrder | None:
        """Return an order with all that happened to it; the look leaves a trace, found or not."""
        trace = (self._ids.new(), actor.kind, actor.id, actor.session_id, actor.request_id, actor.ip)
        row = await self._database.row(_OPENED, order_id, *trace)
        state = await self._orders.load_for_system(order_id)
        if state is None or row is None:
            return None
        return OpenedOrder(
            state=state,
            events=tuple(_event(event) for event in row["events"] or ()),
            journals=tuple(
                OrderJournal(UUID(item["id"]), item["kind"], datetime.fromisoformat(item["occurred_at"]))
                for item in row["journals"] or ()
            ),
        )


def admin_list_query(
    wanted: OrderFilter, *, user_id: UUID | None, before: Position | None, limit: int
) -> tuple[str, Sequence[object]]:
    """Return the text and the arguments of a page of everybody's orders."""
    query = ListQuery(wanted, user_id, before, limit)
    sql = f"""
SELECT o.*, b.first_name || ' ' || b.last_name AS buyer_name, s.first_name || ' ' || s.last_name AS seller_name
FROM ({query.text()}) AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
ORDER BY o.created_at DESC, o.id DESC"""  # noqa: S608 - built from constants only
    return sql, query.values


def _summary(row: Columns) -> AdminOrderSummary:
    columns = {name: row[name] for name in AdminOrderSummary.__slots__}
    columns["status"] = OrderStatus(columns["status"])
    columns["funding_status"] = FundingStatus(columns["funding_status"])
    columns["order_type"] = OrderType(columns["order_type"])
    return AdminOrderSummary(**columns)


def _event(item: dict[str, Any]) -> Event:
    columns = {
        **known(Event, item),
        "id": UUID(item["id"]),
        "order_id": UUID(item["order_id"]),
        "actor_id": UUID(item["actor_id"]) if item["actor_id"] else None,
        "at": datetime.fromisoformat(item["at"]),
    }
    return Event(**columns)
