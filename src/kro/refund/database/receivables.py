from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.paging import Position
from kro.refund.database.receivable_records import Debtor, DebtState

_STATE: Final = """
SELECT available_balance($1, $2) AS available, debt_of($1, $2) AS owed,
       EXISTS (SELECT FROM chargebacks AS c WHERE c.status = 'opened' AND c.currency = $2
                 AND (c.payer_id = $1 AND c.from_payer > 0 OR c.seller_id = $1 AND c.from_seller > 0)) AS contested"""

# Whoever owes and has something. Both rows are found by index: few owe.
_ABLE: Final = """
SELECT r.owner_id, r.currency FROM kro_balance AS r
JOIN kro_balance AS a ON a.owner_id = r.owner_id AND a.code = 'user_available' AND a.qualifier = ''
                     AND a.currency = r.currency
WHERE r.code = 'user_receivable' AND r.balance > 0 AND a.balance > 0 ORDER BY r.owner_id LIMIT $1"""

_LIST: Final = """
SELECT r.id, r.owner_id AS user_id, concat_ws(' ', u.first_name, u.last_name) AS name, r.currency, r.balance AS owed,
       available_balance(r.owner_id, r.currency) AS available, r.created_at AS since
FROM kro_balance AS r JOIN users AS u ON u.id = r.owner_id
WHERE r.code = 'user_receivable' AND r.balance > 0 AND (r.created_at, r.id) < ($1, $2)
ORDER BY r.created_at DESC, r.id DESC LIMIT $3"""


class ReceivableRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def state(self, user_id: UUID, currency: str) -> DebtState:
        """Return what a user owes and has in one currency."""
        row = await self._database.row(_STATE, user_id, currency)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        return DebtState(owed=row["owed"], available=row["available"], contested=row["contested"])

    async def able(self, *, limit: int) -> Sequence[tuple[UUID, str]]:
        """Return users who owe something and have something, with the currency."""
        return [(row["owner_id"], row["currency"]) for row in await self._database.rows(_ABLE, limit)]

    async def list(self, *, before: Position, limit: int) -> Sequence[Debtor]:
        """Return everybody who owes something, newest first debt first, older than ``before``."""
        return [Debtor(**row) for row in await self._database.rows(_LIST, before.created_at, before.id, limit)]
