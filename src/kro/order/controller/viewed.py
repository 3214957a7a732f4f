"""What admins see of a user's orders as the user sees them; every look is on record."""

from typing import Annotated

from fastapi import Query, Response

from kro.core.auth.viewing import PersonNotFoundError
from kro.core.errors import ValidationFailedError
from kro.core.guards.viewing import VIEW_PREFIX, UserViewer, ViewAsUserDep, ViewQuery
from kro.core.http import JSONBytes, Page, Router, problems
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.order.controller.dependencies import CursorsDep, OrderListsDep, OrderRepositoryDep
from kro.order.controller.documents import order_document
from kro.order.controller.inputs import OrderQuery
from kro.order.controller.reads import order_page
from kro.order.controller.views import OrderRead, OrderSummaryRead
from kro.order.domain import OrderNotFoundError

router = Router(prefix=VIEW_PREFIX, tags=["admin"])


class ViewedOrdersQuery(OrderQuery, ViewQuery):
    pass


@router.get(
    "/orders",
    response_model=Page[OrderSummaryRead],
    responses=problems(PersonNotFoundError, ValidationFailedError),
)
@from_replica
async def view_orders(
    user_id: str,
    query: Annotated[ViewedOrdersQuery, Query()],
    admin: UserViewer,
    views: ViewAsUserDep,
    lists: OrderListsDep,
    cursors: CursorsDep,
) -> Response:
    """List a user's orders as the user sees them."""
    user = await views.look(read_id("usr", user_id), admin=admin, reason=query.reason, what="orders")
    return JSONBytes.of_plain(await order_page(query, user=user, lists=lists, cursors=cursors))


@router.get("/orders/{order_id}", response_model=OrderRead, responses=problems(PersonNotFoundError, OrderNotFoundError))
async def view_order(
    user_id: str,
    order_id: str,
    query: Annotated[ViewQuery, Query()],
    admin: UserViewer,
    views: ViewAsUserDep,
    orders: OrderRepositoryDep,
) -> Response:
    """Return one of a user's orders as the user sees it."""
    wanted = read_id("ord", order_id)
    user = await views.look(
        read_id("usr", user_id), admin=admin, reason=query.reason, what="order", detail={"order_id": order_id}
    )
    state = await orders.view(wanted, actor=user)
    if state is None:
        raise OrderNotFoundError
    return JSONBytes.of_plain(order_document(state))
