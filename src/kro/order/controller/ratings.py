"""What the parties think of each other."""

from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends, Request, Response
from pydantic import Field

from kro.core.decisions import Reply
from kro.core.guards import CurrentUser
from kro.core.http import Input, JSONBytes, Output, Paragraphs, Router, problems, send
from kro.core.ids import read_id
from kro.order.controller.dependencies import AskDep
from kro.order.database.rating_records import Rating, RatingState
from kro.order.database.ratings import MOST_COUNTED
from kro.order.domain.decide_rate import AlreadyRatedError, RateOrder, RatingNotOpenError
from kro.order.domain.errors import OrderNotFoundError
from kro.order.domain.ratings import RatingService
from kro.order.domain.thread_errors import NoCounterpartyError

router = Router(tags=["ratings"])


class RatingIn(Input):
    stars: int = Field(ge=1, le=5, examples=[5])
    comment: Annotated[Paragraphs, Field(max_length=500)] | None = None


class RatingRead(Output):
    stars: int
    comment: str | None
    created_at: datetime


class RatingsRead(Output):
    """Both ratings of an order; the other party's once both are in, or two weeks after it was given."""

    mine: RatingRead | None
    theirs: RatingRead | None


class ReputationRead(Output):
    """What is known of a person, from their newest ratings and orders."""

    ratings: int
    average_hundredths: int | None = Field(description="450 is four stars and a half.", examples=[450])
    closed_orders: int
    counted_up_to: int = MOST_COUNTED


async def _ratings(request: Request) -> RatingService:
    return cast("RatingService", request.app.state.ratings)


RatingsDep = Annotated[RatingService, Depends(_ratings)]


@router.post(
    "/orders/{order_id}/rating",
    status_code=201,
    response_model=RatingsRead,
    responses=problems(OrderNotFoundError, RatingNotOpenError, AlreadyRatedError),
)
async def rate_order(ask: AskDep, body: RatingIn, ratings: RatingsDep) -> Response:
    """Rate the other party, once, within 30 days after the order was settled."""
    return send(await ratings.rate(ask, RateOrder(body.stars, body.comment), render=_render))


@router.get("/orders/{order_id}/rating", response_model=RatingsRead, responses=problems(OrderNotFoundError))
async def read_ratings(order_id: str, user: CurrentUser, ratings: RatingsDep) -> JSONBytes:
    """Read both parties' ratings of the order, as far as they can be seen."""
    return JSONBytes.of(_read(*await ratings.read(read_id("ord", order_id), actor=user)))


@router.get("/users/{user_id}/reputation", response_model=ReputationRead, responses=problems(NoCounterpartyError))
async def read_reputation(user_id: str, user: CurrentUser, ratings: RatingsDep) -> JSONBytes:
    """Read what is known of somebody you have an order with, or of yourself."""
    found = await ratings.reputation(read_id("usr", user_id), actor=user)
    return JSONBytes.of(
        ReputationRead(
            ratings=found.ratings, average_hundredths=found.average_hundredths, closed_orders=found.closed_orders
        )
    )


def _read(state: RatingState, is_visible: bool) -> RatingsRead:
    return RatingsRead(
        mine=_rating(state.mine, state.mine.original) if state.mine is not None else None,
        theirs=_rating(state.theirs, state.theirs.shown) if state.theirs is not None and is_visible else None,
    )


def _rating(rating: Rating, comment: str | None) -> RatingRead:
    return RatingRead(stars=rating.stars, comment=comment, created_at=rating.created_at)


def _render(state: RatingState, is_visible: bool) -> Reply:
    view = _read(state, is_visible)
    return Reply(status=201, body=view.__pydantic_serializer__.to_json(view))
