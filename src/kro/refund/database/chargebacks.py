from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.auth.standing import Columns
from kro.core.database.pool import Database
from kro.core.paging import Position
from kro.order.domain import OrderRepository
from kro.refund.database.chargeback_records import (
    Borne,
    Chargeback,
    ChargebackState,
    ChargebackStatus,
    ContestedPayment,
    Means,
)

_NAMES: Final = tuple(field.name for field in fields(Chargeback))
_COLUMNS: Final = ", ".join(f"c.{name}" for name in _NAMES)
_MINE: Final = ", ".join(f"c.{name} AS c_{name}" for name in _NAMES)

# What came back goes to the seller first, then to the payer, then into escrow: see decide_chargeback.
_BORNE: Final = """
SELECT coalesce(sum(b.from_escrow - greatest(b.returned - b.from_seller - b.from_payer, 0)), 0)::bigint AS by_escrow,
       coalesce(sum(b.from_payer - least(greatest(b.returned - b.from_seller, 0), b.from_payer)), 0)::bigint
           AS by_payer,
       coalesce(sum(b.from_seller - least(b.returned, b.from_seller)), 0)::bigint AS by_seller,
       count(*) FILTER (WHERE b.status = 'opened') AS open
FROM chargebacks AS b WHERE b.order_id = p.order_id AND b.provider_reference <> $2"""

_LOAD: Final = f"""
SELECT p.id AS payment_id, p.order_id, p.provider, p.currency, p.version AS p_version, p.user_id,
       o.seller_id,
       CASE WHEN p.status = 'succeeded' THEN p.received_amount END AS received,
       (SELECT coalesce(sum(x.amount - x.returned), 0)::bigint FROM chargebacks AS x
        WHERE x.payment_id = p.id AND x.provider_reference <> $2) AS taken_back,
       (SELECT coalesce(sum(t.received_amount), 0)::bigint FROM transactions AS t
        WHERE t.order_id = p.order_id AND t.kind = 'payment' AND t.status = 'succeeded') AS order_received,
       available_balance(p.user_id, p.currency) AS payer_available, debt_of(p.user_id, p.currency) AS payer_owes,
       available_balance(o.seller_id, p.currency) AS seller_available, debt_of(o.seller_id, p.currency) AS seller_owes,
       ARRAY(SELECT DISTINCT a.reason FROM audit_log AS a
             WHERE a.target_id = p.id AND a.action = 'chargeback.contradiction'
               AND a.detail ->> 'dispute' = $2) AS told,
       borne.*, {_MINE}
FROM transactions AS p
LEFT JOIN orders AS o ON o.id = p.order_id
LEFT JOIN chargebacks AS c ON c.provider = p.provider AND c.provider_reference = $2
CROSS JOIN LATERAL ({_BORNE}) AS borne
WHERE p.reference = $1 AND p.kind = 'payment'"""  # noqa: S608 - built from constants only

_ORDER_OF: Final = "SELECT order_id FROM transactions WHERE reference = $1 AND kind = 'payment'"

_ONE: Final = f"SELECT {_COLUMNS} FROM chargebacks AS c WHERE c.id = $1"  # noqa: S608 - built from constants only

_UNHEARD: Final = """
SELECT d.reference FROM unnest($2::text[]) WITH ORDINALITY AS d (reference, place)
WHERE NOT EXISTS (SELECT FROM chargebacks AS c WHERE c.provider = $1 AND c.provider_reference = d.reference)
ORDER BY d.place"""

_LIST: Final = f"""
SELECT {_COLUMNS} FROM chargebacks AS c
WHERE ($1::text IS NULL OR c.status = $1) AND (c.created_at, c.id) < ($2, $3)
ORDER BY c.created_at DESC, c.id DESC LIMIT $4"""  # noqa: S608 - built from constants only

# The claim moves the time of the next question, so that a worker that dies has only delayed it.
_CLAIM: Final = """
UPDATE chargebacks AS c SET next_poll_at = $2
FROM (SELECT id FROM chargebacks WHERE next_poll_at <= $1 ORDER BY next_poll_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE c.id = due.id
RETURNING c.provider_reference"""


class ChargebackRepository:
    def __init__(self, database: Database, *, orders: OrderRepository) -> None:
        self._database = database
        self._orders = orders

    async def load(self, *, reference: str, provider_reference: str) -> ChargebackState | None:
        """Return the payment a dispute is about with all that deciding on it needs; ``None`` if it is none of ours."""
        # The order comes first: whatever is released after it was read is refused by its version. Read after the
        # balances, it could show a release whose money they do not contain yet, and too much would be owed.
        order_id = await self._database.value(_ORDER_OF, reference)
        order = await self._orders.load_for_system(order_id) if order_id is not None else None
        row = await self._database.row(_LOAD, reference, provider_reference)
        if row is None:
            return None
        return ChargebackState(
            payment=ContestedPayment(
                id=row["payment_id"],
                order_id=row["order_id"],
                provider=row["provider"],
                currency=row["currency"],
                received=row["received"],
                taken_back=row["taken_back"],
                order_received=row["order_received"],
                version=row["p_version"],
            ),
            payer=Means(row["user_id"], row["payer_available"], row["payer_owes"]),
            seller=Means(row["seller_id"], row["seller_available"], row["seller_owes"]) if row["seller_id"] else None,
            borne=Borne(row["by_escrow"], row["by_payer"], row["by_seller"], row["open"]),
            chargeback=_read({name: row[f"c_{name}"] for name in _NAMES}) if row["c_id"] else None,
            order=order,
            told=frozenset(row["told"]),
        )

    async def one(self, chargeback_id: UUID) -> Chargeback | None:
        row = await self._database.row(_ONE, chargeback_id)
        return _from(row) if row is not None else None

    async def list(self, *, status: ChargebackStatus | None, before: Position, limit: int) -> Sequence[Chargeback]:
        """Return chargebacks older than ``before``, newest first."""
        rows = await self._database.rows(_LIST, status, before.created_at, before.id, limit)
        return [_from(row) for row in rows]

    async def unheard_of(self, provider: str, provider_references: Sequence[str]) -> Sequence[str]:
        """Return those of a provider's disputes that there is no chargeback for."""
        rows = await self._database.rows(_UNHEARD, provider, list(provider_references))
        return [row["reference"] for row in rows]

    async def claim_due(self, *, now: datetime, lease_until: datetime, limit: int) -> Sequence[str]:
        """Take undecided chargebacks that are to be asked about for oneself; return the provider's names of them."""
        rows = await self._database.rows(_CLAIM, now, lease_until, limit)
        return [row["provider_reference"] for row in rows]


def _from(row: Columns) -> Chargeback:
    return _read({name: row[name] for name in _NAMES})


def _read(columns: dict[str, Any]) -> Chargeback:
    return Chargeback(**{**columns, "status": ChargebackStatus(columns["status"])})
