"""What a party thinks of the other, once their order is settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.errors import KroError
from kro.order.database.rating_records import Rating, RatingState
from kro.order.database.words import OrderStatus
from kro.order.domain.changes import Context, as_row
from kro.order.domain.screening import screen

RATE_WITHIN: Final = timedelta(days=30)
HIDDEN_FOR: Final = timedelta(days=14)
"""How long a rating waits for the other party's."""


class RatingNotOpenError(KroError):
    """An order can be rated for 30 days after its money was settled."""

    code = "rating_not_open"


class AlreadyRatedError(KroError):
    """You have rated this order already."""

    code = "order_already_rated"


@dataclass(frozen=True, slots=True)
class RateOrder:
    stars: int
    comment: str | None = None


def decide_rate(state: RatingState, command: RateOrder, *, context: Context) -> Outcome[RatingState]:
    """Rate the other party; contact details in the comment are hidden from everybody else.

    :raises RatingNotOpenError: unless money moved for the order and it ended within the last 30 days.
    :raises AlreadyRatedError: when the actor has rated it.
    """
    is_settled = state.status in {OrderStatus.CLOSED, OrderStatus.REFUNDED} and state.funded_amount > 0
    if not is_settled or state.ended_at is None or context.now - state.ended_at > RATE_WITHIN:
        raise RatingNotOpenError
    if state.mine is not None:
        raise AlreadyRatedError
    rating = Rating(
        id=context.ids.new(),
        order_id=state.order_id,
        rated_by=context.actor.id,
        subject_id=state.other_id,
        stars=command.stars,
        original=command.comment,
        shown=screen(command.comment).shown if command.comment is not None else None,
        created_at=context.now,
        visible_at=context.now + HIDDEN_FOR,
    )
    return Outcome(Decision(writes=(Insert("order_ratings", (as_row(rating),)),)), replace(state, mine=rating))
