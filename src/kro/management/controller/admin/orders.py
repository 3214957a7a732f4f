"""Everybody's orders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self, cast

from fastapi import Depends, Query, Request
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.errors import ValidationFailedError
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, MoneyOut, Output, Page, Position, Router, problems
from kro.core.ids import read_id, show_id
from kro.core.reading import from_replica
from kro.management.controller.dependencies import CursorsDep
from kro.order.domain import (
    AdminOrders,
    AdminOrderSummary,
    OpenedOrder,
    OrderListQuery,
    OrderNotFoundError,
    event_item,
    filter_scope,
    read_user_id,
)

router = Router(prefix="/admin/orders", tags=["admin"])

OrderLister = Annotated[Actor, admin_with(Permission.ORDERS_READ, trace="order.list")]
OrderReader = Annotated[Actor, admin_with(Permission.ORDERS_READ)]


class AdminOrderQuery(OrderListQuery):
    user: str | None = Field(default=None, description="Orders of this person, on either side.")
    counterparty: str | None = Field(default=None, description="The other party; needs `user`.")
    on_hold: bool = Field(default=False, description="Only those on hold.")
    overdue: bool = Field(default=False, description="Only those whose delivery time has passed.")


class PartyRead(Output):
    id: str = Field(examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])
    display_name: str


class AdminOrderSummaryRead(Output):
    id: str = Field(examples=["ord_01kajz7k3nf9b8r2m4q6s8t0vw"])
    status: str
    funding_status: str
    order_type: str
    title: str
    amount: MoneyOut
    on_hold: bool
    deliver_by: datetime | None
    buyer: PartyRead
    seller: PartyRead
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: AdminOrderSummary) -> Self:
        return cls(
            id=show_id("ord", row.id),
            status=row.status,
            funding_status=row.funding_status,
            order_type=row.order_type,
            title=row.title,
            amount=MoneyOut(amount=row.amount, currency=row.currency),
            on_hold=row.on_hold,
            deliver_by=row.deliver_by,
            buyer=PartyRead(id=show_id("usr", row.buyer_id), display_name=row.buyer_name),
            seller=PartyRead(id=show_id("usr", row.seller_id), display_name=row.seller_name),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class AdminConditionRead(Output):
    id: str
    title: str
    required: bool
    status: str
    note: str | None
    evidence_ids: list[str]


class JournalRead(Output):
    id: str = Field(examples=["jnl_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: str
    occurred_at: datetime


class AdminOrderRead(AdminOrderSummaryRead):
    """An order with what happened to it and what moved for it."""

    description: str
    close_reason: str | None
    held: MoneyOut
    released: MoneyOut
    refunded: MoneyOut
    deadlines: dict[str, datetime | None]
    conditions: list[AdminConditionRead]
    ended_at: datetime | None
    version: int
    events: list[dict[str, Any]] = Field(description="The newest 500, oldest first.")
    journals: list[JournalRead]

    @classmethod
    def of_opened(cls, opened: OpenedOrder) -> Self:
        state, order = opened.state, opened.state.order

        def money(amount: int) -> MoneyOut:
            return MoneyOut(amount=amount, currency=order.currency)

        return cls(
            id=show_id("ord", order.id),
            status=order.status,
            funding_status=order.funding_status,
            order_type=order.order_type,
            title=order.title,
            amount=money(order.amount),
            on_hold=order.on_hold,
            deliver_by=order.deliver_by,
            buyer=PartyRead(id=show_id("usr", order.buyer_id), display_name=state.buyer_name),
            seller=PartyRead(id=show_id("usr", order.seller_id), display_name=state.seller_name),
            created_at=order.created_at,
            updated_at=order.updated_at,
            description=order.description,
            close_reason=order.close_reason,
            held=money(order.held),
            released=money(order.released_amount),
            refunded=money(order.refunded_amount),
            deadlines={name: getattr(order, name) for name in ("accept_by", "fund_by", "deliver_by", "inspect_by")},
            conditions=[
                AdminConditionRead(
                    id=show_id("cnd", condition.id),
                    title=condition.title,
                    required=condition.required,
                    status=condition.status,
                    note=condition.note,
                    evidence_ids=[show_id("evd", evidence_id) for evidence_id in condition.evidence_ids],
                )
                for condition in state.conditions
            ],
            ended_at=order.ended_at,
            version=order.version,
            events=[event_item(event) for event in opened.events],
            journals=[
                JournalRead(id=show_id("jnl", journal.id), kind=journal.kind, occurred_at=journal.occurred_at)
                for journal in opened.journals
            ],
        )


async def _orders(request: Request) -> AdminOrders:
    return cast("AdminOrders", request.app.state.admin_orders)


AdminOrdersDep = Annotated[AdminOrders, Depends(_orders)]


@router.get("", response_model=Page[AdminOrderSummaryRead], responses=problems(ValidationFailedError))
@from_replica
async def list_all_orders(
    query: Annotated[AdminOrderQuery, Query()],
    admin: OrderLister,  # noqa: ARG001 - the guard
    orders: AdminOrdersDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List everybody's orders, newest first."""
    user_id = read_user_id(query.user, "user")
    if query.counterparty is not None and user_id is None:
        raise ValidationFailedError("query:user", "required", "A counterparty is somebody's.")
    wanted = query.to_filter(counterparty=query.counterparty, on_hold=query.on_hold, overdue=query.overdue)
    paging = cursors.of(
        query, {"list": "admin_orders", "user": str(user_id) if user_id else None, **filter_scope(wanted)}
    )
    found = await orders.page(wanted, user_id=user_id, before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, AdminOrderSummaryRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/{order_id}", response_model=AdminOrderRead, responses=problems(OrderNotFoundError))
async def get_any_order(order_id: str, admin: OrderReader, orders: AdminOrdersDep) -> JSONBytes:
    """Show one order with its timeline and its journals. The look is on record."""
    opened = await orders.open(read_id("ord", order_id), actor=admin)
    if opened is None:
        raise OrderNotFoundError
    return JSONBytes.of(AdminOrderRead.of_opened(opened))
