"""A clock for tests, where the configuration asks for one; it is not there at all in production."""

from datetime import timedelta
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.guards import CurrentUser
from kro.core.http import Input, Router, id_text, problems
from kro.core.ids import read_id
from kro.order.domain import OrderNotFoundError, TestClock

router = Router(prefix="/test", tags=["test"])


async def _clock(request: Request) -> TestClock:
    return cast("TestClock", request.app.state.test_clock)


class AdvanceIn(Input):
    order_id: Annotated[str, id_text("ord")]
    hours: int = Field(ge=1, le=24 * 366)


@router.post("/clock", status_code=204, responses=problems(OrderNotFoundError))
async def advance_clock(body: AdvanceIn, user: CurrentUser, clock: Annotated[TestClock, Depends(_clock)]) -> Response:
    """Let time pass for one of your orders; the worker then does what is due."""
    order_id = read_id("ord", body.order_id)
    if not await clock.is_party(order_id, actor=user):
        raise OrderNotFoundError
    await clock.advance(timedelta(hours=body.hours), order_id=order_id)
    return Response(status_code=204)
