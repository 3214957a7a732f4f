"""What any account holds or held, and journals as they were booked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.decisions import Account, Entry, Journal
from kro.kro_balance.database.records import AccountBalance, BookedJournal

_ALL: Final = """
SELECT id, code, owner_id, qualifier, currency, normal, balance FROM ledger_balances
WHERE ($1::text[] IS NULL OR code = ANY ($1)) ORDER BY code, qualifier, owner_id, currency"""

_JOURNAL: Final = """
SELECT j.id, j.kind, j.source_type, j.source_id, j.occurred_at, j.actor, j.provider, j.external_ref, j.request_id,
       j.reverses_journal_id, (SELECT r.id FROM ledger_journals AS r WHERE r.reverses_journal_id = j.id) AS reversed_by,
       (SELECT json_agg(json_build_object(
            'amount', e.amount, 'id', b.id, 'code', b.code, 'owner_id', b.owner_id, 'qualifier', b.qualifier,
            'currency', b.currency, 'normal', b.normal, 'tracked', b.tracked, 'allow_negative', b.allow_negative)
            ORDER BY e.id)
        FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id WHERE e.journal_id = j.id) AS entries
FROM ledger_journals AS j WHERE j.id = $1"""


class LedgerReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def balance(self, account_id: UUID) -> int:
        """Return what an account holds now, positive on its normal side; zero for one that was never used."""
        balance = await self._database.value("SELECT balance FROM ledger_balances WHERE id = $1", account_id)
        return int(balance or 0)

    async def balance_at(self, account_id: UUID, moment: datetime) -> int:
        """Return what an account held when everything recorded up to a moment had been written."""
        return int(await self._database.value("SELECT balance_at($1, $2)", account_id, moment) or 0)

    async def balances(self, codes: Sequence[str] | None = None) -> Sequence[AccountBalance]:
        """Return every account, or those of some codes: the trial balance."""
        rows = await self._database.rows(_ALL, None if codes is None else list(codes))
        return tuple(AccountBalance(**row) for row in rows)

    async def journal(self, journal_id: UUID) -> BookedJournal | None:
        """Return a journal with its entries, and the correction that mirrors it if there is one."""
        row = await self._database.row(_JOURNAL, journal_id)
        return None if row is None else _booked(dict(row))


def _booked(row: dict[str, Any]) -> BookedJournal:
    reversed_by = row.pop("reversed_by")
    entries = tuple(_entry(entry) for entry in row.pop("entries"))
    return BookedJournal(journal=Journal(**row, entries=entries), reversed_by=reversed_by)


def _entry(values: dict[str, Any]) -> Entry:
    amount = values.pop("amount")
    ids: dict[str, Any] = {name: UUID(values.pop(name)) for name in ("id", "owner_id")}
    return Entry(Account(**ids, **values), amount)
