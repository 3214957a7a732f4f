from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.payment.database.records import Checkout, Payment
from kro.payment.database.rows import PAYMENT_COLUMNS, payment_from

_BY_REFERENCE: Final = f"""
SELECT {PAYMENT_COLUMNS} FROM transactions AS t WHERE t.reference = $1 AND t.kind = 'payment'"""  # noqa: S608 - built from constants only

_CHECKOUT: Final = f"""
SELECT {PAYMENT_COLUMNS}, u.email AS payer_email, u.first_name, u.last_name, coalesce(u.phone, '') AS phone
FROM transactions AS t JOIN users AS u ON u.id = t.user_id
WHERE t.id = $1 AND t.kind = 'payment'"""  # noqa: S608 - built from constants only

_OPEN_OF_ORDER: Final = """
SELECT t.reference FROM transactions AS t
WHERE t.order_id = $1 AND t.kind = 'payment' AND t.status IN ('initiated', 'processing', 'unknown')
ORDER BY t.created_at"""


class PaymentRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_reference(self, reference: str) -> Payment | None:
        row = await self._database.row(_BY_REFERENCE, reference)
        return payment_from(row) if row is not None else None

    async def checkout(self, payment_id: UUID) -> Checkout | None:
        """Return a payment with what its checkout page has to know."""
        row = await self._database.row(_CHECKOUT, payment_id)
        if row is None:
            return None
        return Checkout(
            payment=payment_from(row),
            payer_email=row["payer_email"],
            first_name=row["first_name"],
            last_name=row["last_name"],
            phone=row["phone"],
        )

    async def open_references(self, order_id: UUID) -> tuple[str, ...]:
        """Return the references of an order's payments whose outcome is not known."""
        return tuple(row["reference"] for row in await self._database.rows(_OPEN_OF_ORDER, order_id))
