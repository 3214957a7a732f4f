"""Loads ratings and what they add up to: one query each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, Columns, read_answer, read_standing
from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.order.database.rating_records import Rating, RatingState, Reputation
from kro.order.database.words import OrderStatus

MOST_COUNTED: Final = 1_000
"""A reputation is the newest ratings and orders, so that a busy seller's costs no more to read than a beginner's."""

_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT o.id, CASE WHEN o.buyer_id = $1 THEN o.seller_id ELSE o.buyer_id END AS other_id, o.status, o.ended_at,
           o.funded_amount,
           (SELECT row_to_json(r) FROM order_ratings AS r WHERE r.order_id = o.id AND r.rated_by = $1) AS mine,
           (SELECT row_to_json(r) FROM order_ratings AS r WHERE r.order_id = o.id AND r.rated_by <> $1) AS theirs
    FROM orders AS o WHERE o.id = $4 AND (o.buyer_id = $1 OR o.seller_id = $1)) AS o ON true
"""  # noqa: S608 - built from constants only


def _closed(column: str) -> str:
    return f"""(SELECT count(*) FROM (SELECT FROM orders AS o WHERE o.{column} = $3 AND o.ended_as = 'closed'
        ORDER BY o.created_at DESC, o.id DESC LIMIT {MOST_COUNTED}) AS few)"""  # noqa: S608 - built from constants only


_REPUTATION: Final = f"""
SELECT {USER_STANDING}, $1 = $3 OR have_traded($1, $3) AS known, r.ratings, r.average_hundredths,
       least({_closed("buyer_id")} + {_closed("seller_id")}, {MOST_COUNTED}) AS closed_orders
FROM (SELECT count(*) AS ratings, round(avg(newest.stars) * 100)::integer AS average_hundredths FROM (
    SELECT r.stars FROM order_ratings AS r
    WHERE r.subject_id = $3::uuid AND (r.visible_at <= $4 OR EXISTS (
        SELECT FROM order_ratings AS other WHERE other.order_id = r.order_id AND other.rated_by = r.subject_id))
    ORDER BY r.created_at DESC LIMIT {MOST_COUNTED}) AS newest) AS r
"""  # noqa: S608 - built from constants only


class RatingRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, order_id: UUID, *, actor: Actor, key: str | None) -> Loaded[RatingState | None]:
        """Return an order with its ratings; ``None`` when it is not the actor's."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        read_standing(row).ensure_active()
        return Loaded(None if row["id"] is None else _state(row), read_answer(row))

    async def reputation(self, user_id: UUID, *, actor: Actor, now: datetime) -> Reputation | None:
        """Return what is known of somebody; ``None`` for whom the actor has no order with."""
        row = await self._database.row(_REPUTATION, actor.id, actor.session_id, user_id, now)
        assert row is not None  # noqa: S101 - an aggregate always returns one row
        read_standing(row).ensure_active()
        if not row["known"]:
            return None
        return Reputation(row["ratings"], row["average_hundredths"], row["closed_orders"])


def _state(row: Columns) -> RatingState:
    return RatingState(
        order_id=row["id"],
        other_id=row["other_id"],
        status=OrderStatus(row["status"]),
        ended_at=row["ended_at"],
        funded_amount=row["funded_amount"],
        mine=_rating(row["mine"]),
        theirs=_rating(row["theirs"]),
    )


def _rating(item: dict[str, Any] | None) -> Rating | None:
    if item is None:
        return None
    ids = {name: UUID(item[name]) for name in ("id", "order_id", "rated_by", "subject_id")}
    times = {name: datetime.fromisoformat(item[name]) for name in ("created_at", "visible_at")}
    return Rating(**{**known(Rating, item), **ids, **times})
