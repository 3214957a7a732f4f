"""Ratings as they were loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.order.database.words import OrderStatus


@dataclass(frozen=True, slots=True)
class Rating:
    """The row of ``order_ratings``, column by column; ``shown`` is what others read of the comment."""

    id: UUID
    order_id: UUID
    rated_by: UUID
    subject_id: UUID
    stars: int
    original: str | None
    shown: str | None
    created_at: datetime
    visible_at: datetime


@dataclass(frozen=True, slots=True)
class RatingState:
    """An order of the actor's with both ratings of it, as far as they are in."""

    order_id: UUID
    other_id: UUID
    status: OrderStatus
    ended_at: datetime | None
    funded_amount: int
    mine: Rating | None
    theirs: Rating | None

    def is_visible(self, now: datetime) -> bool:
        """Whether the actor may read what the other party wrote."""
        return self.theirs is not None and (self.mine is not None or now >= self.theirs.visible_at)


@dataclass(frozen=True, slots=True)
class Reputation:
    """What is known of a person; the average in hundredths of a star, ``None`` without a rating."""

    ratings: int
    average_hundredths: int | None
    closed_orders: int
