"""Taking statements: each line once, however often and in whatever overlapping pieces it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.decisions import Audit, Decision, DecisionRunner, Insert, Loaded, Once, Outcome, Reply, Update
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.payment.database.reconciliation import StatementStore
from kro.payment.database.reconciliation_queue import ImportRepository, RunRepository
from kro.payment.database.reconciliation_records import Import, RunState, Side, Statement, StatementLine
from kro.payment.domain.context import Context
from kro.payment.domain.reconciliation_csv import Described, read_statement
from kro.payment.domain.reconciliation_errors import StatementAccountError

_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class StatementAccounts:
    """Whose statements are taken: our providers by name, and our own accounts at banks with their currency."""

    providers: frozenset[str]
    banks: Mapping[str, str]

    def ensure_known(self, side: Side, account: str) -> None:
        """Refuse a statement of anybody else.

        :raises StatementAccountError: when the account is none of ours.
        """
        if account not in (self.providers if side is Side.PROVIDER else self.banks):
            raise StatementAccountError

    def currency_of(self, side: Side, account: str) -> str | None:
        """Return the only currency a statement can be in, ``None`` where it can be in several."""
        return self.banks.get(account) if side is Side.BANK else None


class StatementImports:
    """Statements that people hand in and that providers answer with."""

    def __init__(
        self,
        *,
        runner: DecisionRunner,
        lines: StatementStore,
        imports: ImportRepository,
        requests: RunRepository,
        accounts: StatementAccounts,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._lines = lines
        self._imports = imports
        self._requests = requests
        self._accounts = accounts
        self._clock = clock
        self._ids = ids

    async def list(self, *, before: Position | None, limit: int) -> Sequence[Import]:
        """Return what was taken, newest first."""
        return await self._imports.list(before=before, limit=limit)

    async def take(self, statement: Statement, *, origin: str, actor: Actor) -> Import:
        """Take a statement. One that was cut short counts for nothing until it was taken again to its end.

        :raises StatementAccountError: when the account is none of ours.
        """
        begun = await self._begin(statement, origin=origin, actor=actor)
        new_lines = await self._add(statement, import_id=begun.id)
        return await self._runner.carry_out(load=_nothing, decide=lambda _: self._decide_end(begun, new_lines, actor))

    async def read(self, data: bytes, described: Described) -> Statement:
        """Read a file that somebody hands in, without keeping the process's other work waiting.

        :raises StatementAccountError: when the account is none of ours.
        :raises StatementInvalidError: with the first lines that cannot be taken, and what is wrong with them.
        """
        self._accounts.ensure_known(described.side, described.account)
        currency = self._accounts.currency_of(described.side, described.account)
        return await asyncio.to_thread(read_statement, data, described, currency=currency)

    async def take_once(
        self, statement: Statement, *, actor: Actor, once: Once | None, render: Callable[[Import], Reply]
    ) -> Reply:
        """Take a statement an admin hands in.

        :raises StatementAccountError: when the account is none of ours.
        """
        begun: list[Import] = []

        async def load() -> Loaded[RunState]:
            loaded = await self._requests.request_state(actor=actor, key=once.key if once else None)
            loaded.state.standing.ensure_permitted(Permission.RECONCILIATION_MANAGE)
            if loaded.answer is None and not begun:
                first = await self._begin(statement, origin="file", actor=actor)
                begun.append(replace(first, new_lines=await self._add(statement, import_id=first.id)))
            return loaded

        return await self._runner.run(
            load=load,
            decide=lambda _: self._decide_end(begun[0], begun[0].new_lines, actor),
            render=render,
            once=once,
        )

    async def _begin(self, statement: Statement, *, origin: str, actor: Actor) -> Import:
        self._accounts.ensure_known(statement.side, statement.account)
        context = self._context(actor)
        begun = Import(
            id=context.new_id(),
            side=statement.side,
            account=statement.account,
            origin=origin,
            kinds=tuple(sorted(statement.kinds)),
            start=statement.start,
            end=statement.end,
            state="loading",
            lines=len(statement.lines),
            new_lines=0,
            imported_by=actor.label,
            created_at=context.now,
            loaded_at=None,
            version=1,
        )
        row = {
            "id": begun.id,
            "source": begun.side,
            "account": begun.account,
            "origin": origin,
            "file_sha256": statement.file_sha256,
            "kinds": list(begun.kinds),
            "period_from": begun.start,
            "period_to": begun.end,
            "state": begun.state,
            "lines": begun.lines,
            "new_lines": 0,
            "imported_by": begun.imported_by,
            "created_at": begun.created_at,
            "version": 1,
        }
        decision = Decision(writes=(Insert("reconciliation_imports", (row,)),))
        return await self._runner.carry_out(load=_nothing, decide=lambda _: Outcome(decision, begun))

    async def _add(self, statement: Statement, *, import_id: UUID) -> int:
        seen: Counter[StatementLine] = Counter()
        remaining = iter(statement.lines)
        new_lines = 0
        while batch := list(islice(remaining, _BATCH)):
            numbered = []
            for line in batch:
                same = replace(line, fee=None, narration="")
                seen[same] += 1
                numbered.append((self._ids.new(), line, seen[same]))
            new_lines += await self._lines.add(
                numbered, import_id=import_id, side=statement.side, account=statement.account
            )
        return new_lines

    def _decide_end(self, begun: Import, new_lines: int, actor: Actor) -> Outcome[Import]:
        context = self._context(actor)
        loaded = replace(begun, state="loaded", new_lines=new_lines, loaded_at=context.now, version=2)
        changes = {"state": "loaded", "new_lines": new_lines, "loaded_at": context.now}
        audit = Audit(
            id=context.new_id(),
            actor=actor,
            action="reconciliation.import",
            target_type="reconciliation_import",
            target_id=begun.id,
            detail={"account": begun.account, "lines": begun.lines, "new_lines": new_lines},
        )
        writes = (Update("reconciliation_imports", begun.id, 1, changes),)
        return Outcome(Decision(writes=writes, audits=(audit,)), loaded)

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)


async def _nothing() -> None:
    return None
