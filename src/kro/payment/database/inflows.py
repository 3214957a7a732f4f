from __future__ import annotations

from typing import Final

from kro.core.database.pool import Database
from kro.payment.database.provider_records import Inflow
from kro.payment.database.rows import PAYMENT_COLUMNS, payment_from

_KNOWN: Final = f"""
SELECT {PAYMENT_COLUMNS}, v.user_id AS owner_id,
       EXISTS (SELECT FROM transactions WHERE provider = $1 AND provider_reference = $3 AND kind = 'payment')
       OR EXISTS (SELECT FROM suspense_items WHERE provider = $1 AND provider_reference = $3) AS is_known,
       EXISTS (SELECT FROM transactions AS p WHERE p.provider = $1 AND p.pay_to ->> 'account_number' = $4
                   AND p.pay_to IS NOT NULL) AS is_lent_once
FROM (SELECT) AS one
LEFT JOIN transactions AS t ON t.reference = $2 AND t.kind = 'payment' AND t.provider = $1
LEFT JOIN virtual_accounts AS v ON v.provider = $1 AND v.account_number = $4"""  # noqa: S608 - built from constants only


class InflowRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(
        self, *, provider: str, reference: str, provider_reference: str, receiving_account: str | None
    ) -> Inflow:
        """Return what is on record about money a provider tells of, by its id, our reference or where it arrived."""
        row = await self._database.row(_KNOWN, provider, reference, provider_reference, receiving_account)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        payment = payment_from(row) if row["id"] is not None else None
        return Inflow(
            payment=payment, owner_id=row["owner_id"], is_known=row["is_known"], is_lent_once=row["is_lent_once"]
        )
