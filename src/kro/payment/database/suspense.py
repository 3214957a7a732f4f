from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kro.core.auth.standing import Columns
from kro.core.database.pool import Database
from kro.core.money import Money
from kro.core.paging import Position
from kro.payment.database.suspense_records import SuspenseItem, SuspenseReason, SuspenseStatus, Unmatched

_COLUMNS: Final = """
i.id, i.provider, i.provider_reference, i.reference, i.reason, i.payment_id, i.currency, i.amount, i.status, i.user_id,
i.occurred_at, i.next_alarm_at, i.created_at, i.resolved_at, i.version"""

_ONE: Final = f"SELECT {_COLUMNS} FROM suspense_items AS i WHERE i.id = $1"  # noqa: S608 - built from constants only

_UNMATCHED: Final = """
SELECT EXISTS (SELECT FROM transactions WHERE reference = $1 AND kind = 'payment')
       OR EXISTS (SELECT FROM transactions WHERE provider = $2 AND provider_reference = $3 AND kind = 'payment')
           AS known_payment,
       EXISTS (SELECT FROM suspense_items WHERE provider = $2 AND provider_reference = $3) AS known_item"""

_RETURN_IS_BOOKED: Final = """
SELECT EXISTS (SELECT FROM suspense_items AS i JOIN ledger_journals AS j
                   ON j.provider = i.provider AND j.external_ref = $2 AND j.kind = 'suspense_returned'
               WHERE i.id = $1)"""

_LIST: Final = f"""
SELECT {_COLUMNS} FROM suspense_items AS i
WHERE ($1::text IS NULL OR i.status = $1) AND (i.created_at, i.id) < ($2, $3)
ORDER BY i.created_at DESC, i.id DESC LIMIT $4"""  # noqa: S608 - built from constants only

_DUE: Final = f"""
SELECT {_COLUMNS} FROM suspense_items AS i WHERE i.next_alarm_at <= $1 ORDER BY i.next_alarm_at LIMIT $2"""  # noqa: S608 - built from constants only


class SuspenseRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def unmatched(self, *, reference: str, provider: str, provider_reference: str) -> Unmatched:
        """Say what is on record of a payment."""
        row = await self._database.row(_UNMATCHED, reference, provider, provider_reference)
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        return Unmatched(known_payment=row["known_payment"], known_item=row["known_item"])

    async def one(self, item_id: UUID) -> SuspenseItem | None:
        row = await self._database.row(_ONE, item_id)
        return _item_from(row) if row is not None else None

    async def return_is_booked(self, item_id: UUID, return_reference: str) -> bool:
        """Say whether the provider of an item has sent something back under a reference already."""
        return bool(await self._database.value(_RETURN_IS_BOOKED, item_id, return_reference))

    async def list(self, *, status: SuspenseStatus | None, before: Position, limit: int) -> Sequence[SuspenseItem]:
        """Return items older than ``before``, newest first."""
        rows = await self._database.rows(_LIST, status, before.created_at, before.id, limit)
        return [_item_from(row) for row in rows]

    async def due(self, *, now: datetime, limit: int) -> Sequence[SuspenseItem]:
        """Return open items whose alarm is due, the longest waiting first."""
        return [_item_from(row) for row in await self._database.rows(_DUE, now, limit)]


def _item_from(row: Columns) -> SuspenseItem:
    return SuspenseItem(
        id=row["id"],
        provider=row["provider"],
        provider_reference=row["provider_reference"],
        reference=row["reference"],
        reason=SuspenseReason(row["reason"]),
        payment_id=row["payment_id"],
        amount=Money(row["amount"], row["currency"]),
        status=SuspenseStatus(row["status"]),
        user_id=row["user_id"],
        occurred_at=row["occurred_at"],
        next_alarm_at=row["next_alarm_at"],
        created_at=row["created_at"],
        resolved_at=row["resolved_at"],
        version=row["version"],
    )
