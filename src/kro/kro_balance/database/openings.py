"""What opened the books, read from the entries themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

_POSTED: Final = """
SELECT b.code, e.currency, -sum(e.amount)::bigint AS amount
FROM ledger_journals AS j JOIN ledger_entries AS e ON e.journal_id = j.id JOIN kro_balance AS b ON b.id = e.account_id
WHERE j.kind = 'opening_balance' AND b.tracked GROUP BY b.code, e.currency"""

_BUSINESS: Final = "SELECT EXISTS (SELECT FROM ledger_journals WHERE kind <> 'opening_balance')"


_STANDING: Final = """
SELECT coalesce((SELECT balance FROM ledger_balances WHERE id = $1), 0)::bigint AS remaining,
       EXISTS (SELECT FROM ledger_journals WHERE kind = 'opening_transferred' AND provider = $2 AND external_ref = $3)
           AS is_booked"""


@dataclass(frozen=True, slots=True)
class OpeningStanding:
    """How much of the opening balances has no place yet, in minor units, and whether a movement is booked on them."""

    remaining: int
    is_booked: bool


class OpeningReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def posted(self) -> Mapping[tuple[str, str], int]:
        """Return what opening journals brought, in minor units, by account code and currency."""
        return {(row["code"], row["currency"]): row["amount"] for row in await self._database.rows(_POSTED)}

    async def standing(self, account_id: UUID, *, place: str, reference: str) -> OpeningStanding:
        """Return how the opening account stands, and whether a place's movement is booked against it already."""
        row = await self._database.row(_STANDING, account_id, place, reference)
        if row is None:
            raise AssertionError("a query without a table has a row")
        return OpeningStanding(**row)

    async def has_business(self) -> bool:
        """Say whether any money has moved here beside what opened the books."""
        return bool(await self._database.value(_BUSINESS))
