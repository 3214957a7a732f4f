"""Tries of handover codes and the links of riders."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import STORED_ANSWER, USER_STANDING, read_answer
from kro.core.database.columns import known
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.order.database.handover_records import CountedTry, LinkState, RiderLink
from kro.order.database.orders import FACTS, VISIBLE, visible_state

# One statement counts the try and hands out what to compare with: parallel guesses get `max_tries` in all. The row's
# version stays: who decides on the condition meanwhile changes other columns, and a renewal sets the count anew.
_COUNT_TRY: Final = """
UPDATE conditions SET code_tries = code_tries + 1
WHERE order_id = $1 AND kind = 'delivery_code' AND status = 'pending' AND code_hash IS NOT NULL AND code_tries < $2
RETURNING id, code_hash, code_tries"""

_LOAD: Final = f"""
SELECT {USER_STANDING}, {STORED_ANSWER}, o.*
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT {FACTS}, (SELECT row_to_json(l) FROM rider_links AS l
                     WHERE l.order_id = o.id AND l.revoked_at IS NULL) AS link
    FROM orders AS o JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id
    WHERE {VISIBLE.format(position=4)}) AS o ON true
"""  # noqa: S608 - built from constants only

# Who has a link acts for the seller, and may do what the seller may: nothing, while their account is not active.
_FIND: Final = """
SELECT l.order_id FROM rider_links AS l JOIN orders AS o ON o.id = l.order_id JOIN users AS s ON s.id = o.seller_id
WHERE l.token_hash = $1 AND l.revoked_at IS NULL AND l.expires_at > $2 AND s.status = 'active'"""


class HandoverRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_try(self, order_id: UUID, *, max_tries: int) -> CountedTry | None:
        """Count a try of an order's code and return what to compare with; ``None`` when it may not be tried."""
        row = await self._database.row(_COUNT_TRY, order_id, max_tries)
        return CountedTry(row["id"], row["code_hash"], row["code_tries"]) if row is not None else None

    async def load_link(self, order_id: UUID, *, actor: Actor, key: str) -> Loaded[LinkState | None]:
        """Return the order as one of its parties sees it with its open link; ``None`` when it is other people's."""
        row = await self._database.row(_LOAD, actor.id, actor.session_id, key, order_id)
        assert row is not None  # noqa: S101 - the outer select always returns one row
        state = visible_state(row, actor)
        if state is None:
            return Loaded(None, read_answer(row))
        return Loaded(LinkState(state, _link(row["link"]) if row["link"] else None), read_answer(row))

    async def order_of_link(self, token_hash: str, *, at: datetime) -> UUID | None:
        """Return the order whose code a link lets enter; ``None`` when it has ended or its seller may not act."""
        row = await self._database.row(_FIND, token_hash, at)
        return row["order_id"] if row is not None else None


def _link(found: dict[str, Any]) -> RiderLink:
    moments = {name: datetime.fromisoformat(found[name]) for name in ("created_at", "expires_at")}
    return RiderLink(
        **{
            **known(RiderLink, found),
            **moments,
            "id": UUID(found["id"]),
            "order_id": UUID(found["order_id"]),
            "revoked_at": None,
        }
    )
