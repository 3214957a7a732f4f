"""What the parties see of their orders."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Response

from kro.core.actor import Actor
from kro.core.errors import ValidationFailedError
from kro.core.guards import ActiveUser, CurrentUser
from kro.core.http import CursorSigner, JSONBytes, Page, Position, Router, problems
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.order.controller.dependencies import CursorsDep, OrderListsDep, OrderReadsDep, OrderRepositoryDep
from kro.order.controller.documents import order_document, summary_item
from kro.order.controller.inputs import EventQuery, OrderQuery
from kro.order.controller.timeline import sentence
from kro.order.controller.views import (
    CapsRead,
    CountsRead,
    EventRead,
    EventsRead,
    OrderRead,
    OrderSummaryRead,
    TemplateRead,
    TemplatesRead,
    TimelineRead,
    ToldRead,
)
from kro.order.database.list_query import filter_scope
from kro.order.database.lists import MOST_ENDED, MOST_OPEN, OrderLists
from kro.order.database.words import Party
from kro.order.domain import OrderNotFoundError, event_item

router = Router(tags=["orders"])


@router.get("/orders", response_model=Page[OrderSummaryRead], responses=problems(ValidationFailedError))
@from_replica
async def list_orders(
    query: Annotated[OrderQuery, Query()], user: CurrentUser, lists: OrderListsDep, cursors: CursorsDep
) -> Response:
    """List the caller's orders, newest first."""
    return JSONBytes.of_plain(await order_page(query, user=user, lists=lists, cursors=cursors))


async def order_page(
    query: OrderQuery, *, user: Actor, lists: OrderLists, cursors: CursorSigner
) -> Mapping[str, object]:
    """Return a page of a user's orders, to themselves or to whoever sees through their eyes."""
    wanted = query.to_filter(role=Party(query.role) if query.role else None, counterparty=query.counterparty)
    paging = cursors.of(query, {"list": "orders", "owner": str(user.id), **filter_scope(wanted)})
    rows = await lists.page(wanted, actor=user, before=paging.before, limit=paging.limit)
    return paging.plain_page(rows, summary_item, lambda row: Position(row.created_at, row.id))


@router.get("/orders/counts", response_model=CountsRead)
@from_replica
async def count_orders(user: CurrentUser, lists: OrderListsDep) -> Response:
    """Count the caller's orders by status, exactly up to what `caps` says."""
    counts = await lists.counts(actor=user)
    return JSONBytes.of(
        CountsRead(
            buyer=counts[Party.BUYER],
            seller=counts[Party.SELLER],
            caps=CapsRead(open=MOST_OPEN, ended_per_status=MOST_ENDED),
        )
    )


@router.get("/orders/{order_id}", response_model=OrderRead, responses=problems(OrderNotFoundError))
async def get_order(order_id: str, user: CurrentUser, orders: OrderRepositoryDep) -> Response:
    """Return one order as the caller sees it."""
    state = await orders.view(read_id("ord", order_id), actor=user)
    if state is None:
        raise OrderNotFoundError
    return JSONBytes.of_plain(order_document(state))


@router.get("/orders/{order_id}/events", response_model=EventsRead, responses=problems(OrderNotFoundError))
@from_replica
async def list_events(
    order_id: str, query: Annotated[EventQuery, Query()], user: CurrentUser, reads: OrderReadsDep
) -> Response:
    """Return what happened to the order after a sequence number, oldest first."""
    events = await reads.events(read_id("ord", order_id), actor=user, after=query.after, limit=query.limit + 1)
    if events is None:
        raise OrderNotFoundError
    items = [EventRead(**event_item(event)) for event in events[: query.limit]]
    return JSONBytes.of(EventsRead(data=items, has_more=len(events) > query.limit))


@router.get("/orders/{order_id}/timeline", response_model=TimelineRead, responses=problems(OrderNotFoundError))
@from_replica
async def read_timeline(
    order_id: str, query: Annotated[EventQuery, Query()], user: CurrentUser, reads: OrderReadsDep
) -> Response:
    """Tell in plain words what happened to the order after a sequence number, oldest first; times are of Lagos."""
    events = await reads.events(read_id("ord", order_id), actor=user, after=query.after, limit=query.limit + 1)
    if events is None:
        raise OrderNotFoundError
    told = [ToldRead(seq=event.seq, at=event.at, text=sentence(event)) for event in events[: query.limit]]
    return JSONBytes.of(TimelineRead(data=told, has_more=len(events) > query.limit))


@router.get("/condition-templates", response_model=TemplatesRead)
async def list_templates(_: ActiveUser, reads: OrderReadsDep) -> Response:
    """List the condition sets the platform offers."""
    return JSONBytes.of(TemplatesRead(data=[TemplateRead(**template) for template in await reads.templates()]))
