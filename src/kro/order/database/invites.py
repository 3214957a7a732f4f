"""What somebody who was invited sees of the order behind their link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kro.core.database.pool import Database
from kro.kro_balance.domain import Fees
from kro.order.database.orders import read_condition
from kro.order.database.records import Condition
from kro.order.database.words import OrderStatus, OrderType, Party

_FIND: Final = """
SELECT o.*, CASE WHEN m.user_id = o.buyer_id THEN 'buyer' ELSE 'seller' END AS role, u.phone AS invited_phone,
       p.first_name || ' ' || left(p.last_name, 1) || '.' AS proposer,
       (SELECT json_agg(c ORDER BY c.position) FROM conditions AS c
        WHERE c.order_id = o.id AND c.status <> 'withdrawn') AS conditions
FROM magic_link_logs AS m JOIN orders AS o ON o.id = m.order_id JOIN users AS u ON u.id = m.user_id
JOIN users AS p ON p.id = CASE WHEN m.user_id = o.buyer_id THEN o.seller_id ELSE o.buyer_id END
WHERE m.token_hash = $1 AND m.purpose = $2 AND m.expires_at > now()
  AND u.phone IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Invite:
    """The terms of an order, for somebody who holds its link: no ids, no full names."""

    role: Party
    status: OrderStatus
    phone: str
    proposer: str
    order_type: OrderType
    title: str
    description: str
    fees: Fees
    delivery_hours: int
    inspection_hours: int
    revisions: int
    terms_version: int
    terms_hash: str
    accept_by: datetime | None
    conditions: tuple[Condition, ...]


class InviteReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: bytes, *, purpose: str) -> Invite | None:
        """Return the order behind a link that has not run out, used or not; reading it changes nothing."""
        row = await self._database.row(_FIND, digest, purpose)
        return _invite(row) if row is not None else None


def _invite(row: Any) -> Invite:  # noqa: ANN401 - a driver row
    return Invite(
        role=Party(row["role"]),
        status=OrderStatus(row["status"]),
        phone=row["invited_phone"],
        proposer=row["proposer"],
        order_type=OrderType(row["order_type"]),
        fees=Fees(**{name: row[name] for name in Fees.__slots__}),
        conditions=tuple(read_condition(item) for item in row["conditions"] or ()),
        **{
            name: row[name]
            for name in (
                "title",
                "description",
                "delivery_hours",
                "inspection_hours",
                "revisions",
                "terms_version",
                "terms_hash",
                "accept_by",
            )
        },
    )
