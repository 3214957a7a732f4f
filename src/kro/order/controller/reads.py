"""What the parties see of their orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from kro.core.guards import ActiveUser, CurrentUser
from kro.core.http import JSONBytes, Page, Position, problems
from kro.core.ids import read_id
from kro.order.controller.dependencies import CursorsDep, OrderReadsDep, OrderRepositoryDep
from kro.order.controller.inputs import EventQuery, OrderQuery
from kro.order.controller.views import (
    EventRead,
    EventsRead,
    OrderRead,
    OrderSummaryRead,
    TemplateRead,
    TemplatesRead,
    order_read,
    summary_read,
)
from kro.order.database.words import Party
from kro.order.domain import OrderNotFoundError, event_item

router = APIRouter(tags=["orders"])


@router.get("/orders", response_model=Page[OrderSummaryRead])
async def list_orders(
    query: Annotated[OrderQuery, Query()], user: CurrentUser, reads: OrderReadsDep, cursors: CursorsDep
) -> Response:
    """List the caller's orders, newest first."""
    bound_to = {"list": "orders", "owner": str(user.id), "role": query.role, "status": query.status}
    position = cursors.decode(query.cursor, bound_to=bound_to)
    rows = await reads.page(
        user,
        role=Party(query.role) if query.role else None,
        status=query.status,
        before=(position.created_at, position.id) if position else None,
        limit=query.limit + 1,
    )
    page = cursors.cut(
        rows, limit=query.limit, position=lambda row: Position(row.created_at, row.id), bound_to=bound_to
    )
    return JSONBytes.of(
        Page[OrderSummaryRead](
            data=[summary_read(row) for row in page.rows], has_more=page.has_more, next_cursor=page.next_cursor
        )
    )


@router.get("/orders/{order_id}", response_model=OrderRead, responses=problems(OrderNotFoundError))
async def get_order(order_id: str, user: CurrentUser, orders: OrderRepositoryDep) -> Response:
    """Return one order as the caller sees it."""
    state = await orders.view(read_id("ord", order_id), actor=user)
    if state is None:
        raise OrderNotFoundError
    return JSONBytes.of(order_read(state))


@router.get("/orders/{order_id}/events", response_model=EventsRead, responses=problems(OrderNotFoundError))
async def list_events(
    order_id: str, query: Annotated[EventQuery, Query()], user: CurrentUser, reads: OrderReadsDep
) -> Response:
    """Return what happened to the order after a sequence number, oldest first."""
    events = await reads.events(read_id("ord", order_id), actor=user, after=query.after, limit=query.limit + 1)
    if events is None:
        raise OrderNotFoundError
    items = [EventRead(**event_item(event)) for event in events[: query.limit]]
    return JSONBytes.of(EventsRead(data=items, has_more=len(events) > query.limit))


@router.get("/condition-templates", response_model=TemplatesRead)
async def list_templates(_: ActiveUser, reads: OrderReadsDep) -> Response:
    """List the condition sets the platform offers."""
    return JSONBytes.of(TemplatesRead(data=[TemplateRead(**template) for template in await reads.templates()]))
