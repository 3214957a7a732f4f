"""The whole import: judge everything first, write nothing unless all money fits, then write row by row exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kro.core.actor import SYSTEM
from kro.core.decisions import Audit, Decision
from kro.core.ids import IdSource
from kro.kro_balance.domain import OpeningReads
from kro.management.domain import ImportingAccounts, ImportStore, import_record
from kro.order.domain import OrderRules
from kro.predecessor.balances import Balances, Held, under_way
from kro.predecessor.mapping import Mapping
from kro.predecessor.people import Accounts, Owners, People, id_of
from kro.predecessor.report import Finding, Planned, Report, Side
from kro.predecessor.rows import Reader, Row
from kro.predecessor.source import Source
from kro.predecessor.trades import Trades

_SIDES: Final = {"user_available": Side.AVAILABLE, "order_escrow": Side.HELD}
_MONEY: Final = frozenset({"kro_balance", "orders"})
_HISTORY: Final = ("transactions", "refunds")


@dataclass(frozen=True, slots=True)
class Tools:
    """What an import works with. ``batch`` is how many rows one statement writes."""

    store: ImportStore
    openings: OpeningReads
    accounts: ImportingAccounts
    rules: OrderRules
    ids: IdSource
    now: datetime
    batch: int = 200


class Importer:
    def __init__(self, source: Source, mapping: Mapping, tools: Tools) -> None:
        self._source, self._mapping, self._tools = source, mapping, tools

    async def run(self, *, accepted: Collection[str] = (), dry: bool = False) -> Report:
        """Judge all rows and, when all money fits, import them; the report tells what stayed behind.

        Where money does not fit nothing is written, and the report is that of a dry run. ``accepted`` names findings
        (``table:key`` or ``table:key:code``) whose rows may stay behind. Repeating it continues what was interrupted.

        :raises MappingInvalidError: when a field has no column in the source.
        :raises SourceUnusableError: when the source cannot be read.
        """
        readers = await self._readers()
        judged = await _Pass(self._source, readers, self._tools, Report(is_dry=True, accepted=accepted)).go()
        if dry or not judged.fits:
            return judged
        return await _Pass(self._source, readers, self._tools, Report(is_dry=False, accepted=accepted)).go()

    async def _readers(self) -> dict[str, Reader]:
        readers = {}
        for name, table in self._mapping.tables.items():
            columns = await self._source.columns(table.table)
            if columns is not None:
                readers[str(name)] = Reader.of(name, table, self._mapping, columns)
        return readers


class _Pass:
    """One reading of the whole source; a dry one plans the same and writes nothing."""

    def __init__(self, source: Source, readers: dict[str, Reader], tools: Tools, report: Report) -> None:
        self._source, self._readers, self._tools, self._report = source, readers, tools, report
        owners, held = Owners(), Held()
        self._people = People(report, owners, ids=tools.ids, now=tools.now)
        self._accounts = Accounts(owners, tools.accounts, now=tools.now)
        self._trades = Trades(report, owners, held, rules=tools.rules, ids=tools.ids, now=tools.now)
        self._balances = Balances(report, owners, held, ids=tools.ids, now=tools.now)

    async def go(self) -> Report:
        if self._report.is_dry:
            await self._add_posted()
        await self._look_around()
        await self._import("users", self._people.plan, came=self._people.came)
        await self._import("bank_accounts", self._accounts.plan)
        await self._import("orders", self._trades.plan)
        for row in self._trades.orphans():
            self._report.add(Finding("conditions", row.key, "order_unknown", "order", is_money=False))
        await self._import("kro_balance", self._balances.plan)
        await self._leave_history()
        if not self._report.is_dry:
            await self._add_posted()
            await self._tools.store.write(self._trace())
        return self._report

    async def _add_posted(self) -> None:
        """Count what the ledger says was opened, in this run or in one before."""
        for (code, currency), amount in (await self._tools.openings.posted()).items():
            self._report.posted[_SIDES[code], currency] += amount

    async def _look_around(self) -> None:
        async for row in self._rows("user_roles"):
            self._people.roles[row.key] = str(row.get("name"))
        async for row in self._rows("users"):
            self._people.look_at(row)
        async for row in self._rows("conditions"):
            self._report.count("conditions", "read")
            self._trades.take_condition(row)
        async for row in self._rows("kro_balance"):
            self._balances.look_at(row)

    async def _leave_history(self) -> None:
        for table in _HISTORY:
            async for row in self._rows(table):
                self._report.count(table, "read")
                finding = under_way(table, row)
                if finding is None:
                    self._report.count(table, "left_as_history")
                else:
                    self._report.add(finding)

    async def _import(
        self,
        table: str,
        plan: Callable[[Row], Planned | Finding],
        *,
        came: Callable[[Row], None] = lambda _: None,
    ) -> None:
        seen: Counter[str] = Counter()
        async for batch in _batches(self._rows(table), self._tools.batch):
            known = await self._tools.store.known(table, [row.key for row in batch])
            if table == "users":
                fresh = [row for row in batch if row.key not in known]
                self._people.taken = await self._tools.store.taken_phones(self._people.phones(fresh))
            ready: list[tuple[Row, Planned]] = []
            for row in batch:
                self._report.count(table, "read")
                seen[row.key] += 1
                if not row.key or seen[row.key] > 1:
                    code = "key_not_unique" if row.key else "missing"
                    self._report.add(Finding(table, row.key, code, "key", is_money=table in _MONEY))
                    continue
                planned = plan(row)
                before = known.get(row.key)
                if before is not None:
                    self._report.count(table, "imported_before")
                    came(row)
                    if before.fingerprint != row.fingerprint:
                        changed = Finding(table, row.key, "changed_since_import", "", is_money=table in _MONEY)
                        self._report.add(changed, stays_behind=False)
                elif isinstance(planned, Finding):
                    self._report.add(planned)
                else:
                    ready.append((row, planned))
            for row in await self._write(ready):
                came(row)

    async def _write(self, ready: Sequence[tuple[Row, Planned]]) -> Iterable[Row]:
        """Write a batch in one statement; when the database refuses it, each row by itself. Return who is here now."""
        if not ready:
            return []
        if self._report.is_dry:
            here = list(ready)
        else:
            decisions = [self._recorded(row, planned) for row, planned in ready]
            if await self._tools.store.write(sum(decisions, Decision())):
                here = list(ready)
            else:
                here = [
                    one for one, decision in zip(ready, decisions, strict=True) if await self._written(one[1], decision)
                ]
        for _, planned in here:
            self._report.count(planned.table, "imported")
            if self._report.is_dry and planned.side is not None:
                self._report.posted[planned.side, planned.currency] += planned.amount
        return [row for row, _ in here]

    async def _written(self, planned: Planned, decision: Decision) -> bool:
        if await self._tools.store.write(decision):
            return True
        is_money = planned.table in _MONEY
        self._report.add(Finding(planned.table, planned.key, "refused_by_database", "", is_money=is_money))
        return False

    def _recorded(self, row: Row, planned: Planned) -> Decision:
        imported = id_of(planned.table, row.key)
        return planned.decision + import_record(
            table=planned.table, key=row.key, id=imported, fingerprint=row.fingerprint, at=self._tools.now
        )

    def _trace(self) -> Decision:
        detail = {table: dict(counts) for table, counts in self._report.counts.items()}
        audit = Audit(self._tools.ids.new(), SYSTEM, "import.finished", "import", None, detail=detail)
        return Decision(audits=(audit,))

    async def _rows(self, table: str) -> AsyncIterator[Row]:
        reader = self._readers.get(table)
        if reader is None:
            return
        async for texts in self._source.rows(reader.table.table, reader.wanted_columns()):
            yield reader.row(texts)


async def _batches(rows: AsyncIterator[Row], size: int) -> AsyncIterator[list[Row]]:
    batch: list[Row] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
