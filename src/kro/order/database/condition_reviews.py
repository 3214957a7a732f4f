"""Loads an order for an admin who judges one of its conditions, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.actor import Actor, Standing
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.order.database.orders import FACTS, read_state
from kro.order.database.records import OrderState
from kro.order.database.words import Party

_LOAD: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT {FACTS}, is_same_person($1, o.buyer_id) OR is_same_person($1, o.seller_id) AS is_related
    FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
    WHERE o.id = $4) AS o ON true
"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class ConditionReview:
    """The order with what may stand in the way of this admin; ``order`` is ``None`` when there is no such order."""

    standing: Standing
    order: OrderState | None
    is_related: bool


class ConditionReviewRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, order_id: UUID, *, actor: Actor, key: str) -> Loaded[ConditionReview]:
        """Return the order as an admin sees it, with the admin's standing and any stored answer."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        order = read_state(row, viewer=Party.ADMIN) if row["id"] is not None else None
        review = ConditionReview(read_standing(row), order, is_related=bool(row["is_related"]))
        return Loaded(review, read_answer(row))
