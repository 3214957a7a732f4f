from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.database.pool import Database
from kro.order.database.words import OrderStatus

_KEEP: Final = """
WITH own AS (SELECT o.id FROM orders AS o WHERE o.id = $2 AND (o.buyer_id = $1 OR o.seller_id = $1)),
     kept AS (INSERT INTO order_codes (order_id, digest) SELECT id, $3 FROM own ON CONFLICT DO NOTHING)
SELECT EXISTS (SELECT FROM own)
"""
_NAME: Final = "{0}.first_name || ' ' || left({0}.last_name, 1) || '.'"
_FIND: Final = f"""
SELECT o.id, o.title, o.amount, o.currency, o.status, o.created_at,
       {_NAME.format("b")} AS buyer_name, {_NAME.format("s")} AS seller_name
FROM order_codes AS c JOIN orders AS o ON o.id = c.order_id
JOIN users AS b ON b.id = o.buyer_id JOIN users AS s ON s.id = o.seller_id WHERE c.digest = $1
"""  # noqa: S608 - built from constants only


@dataclass(frozen=True, slots=True)
class PublicOrder:
    """What anybody with an order's code may know of it; the amount in minor units, names without surnames."""

    id: UUID
    title: str
    amount: int
    currency: str
    status: OrderStatus
    created_at: datetime
    buyer_name: str
    seller_name: str


class OrderCodeRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, order_id: UUID, digest: str, *, actor: Actor) -> bool:
        """Make an order findable by its code; ``False`` when it is not the actor's. Again changes nothing."""
        found: bool = await self._database.value(_KEEP, actor.id, order_id, digest)
        return found

    async def find(self, digest: str) -> PublicOrder | None:
        """Return the order with a code, whoever's it is."""
        row = await self._database.row(_FIND, digest)
        return None if row is None else PublicOrder(**{**row, "status": OrderStatus(row["status"])})
