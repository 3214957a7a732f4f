"""Carrying a run out: read, compare, keep what was found; each part may be repeated, so a run that died may be too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from itertools import islice
from typing import Final, Protocol, TypeVar
from uuid import UUID

from kro.core.actor import SYSTEM, Actor
from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.core.database.invariants import Check
from kro.core.decisions import DecisionRunner, Loaded, Once, Outcome, Reply
from kro.core.ids import IdSource
from kro.core.paging import Position
from kro.core.telemetry import get_logger
from kro.payment.database.reconciliation import ComparisonStore
from kro.payment.database.reconciliation_queue import BreakRepository, RunRepository
from kro.payment.database.reconciliation_records import Finding, Run, RunOrigin, RunStatus, Safeguarding, Settled
from kro.payment.domain.context import Context
from kro.payment.domain.decide_reconciliation import decide_reconciliation
from kro.payment.domain.decide_reconciliation_breaks import decide_closing, decide_findings
from kro.payment.domain.decide_reconciliation_run import (
    Tally,
    decide_claim,
    decide_failure,
    decide_finish,
    decide_request,
    decide_settlement,
)
from kro.payment.domain.reconciliation_errors import RunNotFoundError, RunUnderWayError
from kro.payment.domain.reconciliation_findings import ReconciliationTerms
from kro.payment.domain.reconciliation_history import ProviderHistory

LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")
_MATCHES: Final = 2000
_BREAKS: Final = 500
_LOG = get_logger()

T = TypeVar("T")


class Checks(Protocol):
    async def check(self) -> Sequence[Check]:
        """Return every invariant with its number of violations."""
        ...


@dataclass(frozen=True, slots=True)
class RunRules:
    """When runs happen and what they alarm about.

    ``window`` is how far back a run looks for new counterparts at least; for an older statement it looks back further,
    once.
    """

    terms: ReconciliationTerms
    window: timedelta
    overdue_after: timedelta
    nightly_hour: int
    safeguarding_min_bps: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The repositories of a run."""

    store: ComparisonStore
    breaks: BreakRepository
    runs: RunRepository
    safeguarding: Callable[[], Awaitable[Sequence[Safeguarding]]]


class ReconciliationRuns:
    def __init__(
        self,
        *,
        runner: DecisionRunner,
        comparison: Comparison,
        invariants: Checks,
        histories: Sequence[ProviderHistory],
        rules: RunRules,
        clock: Clock,
        ids: IdSource,
    ) -> None:
        self._runner = runner
        self._store = comparison.store
        self._breaks = comparison.breaks
        self._runs = comparison.runs
        self._safeguarding = comparison.safeguarding
        self._invariants = invariants
        self._histories = histories
        self._rules = rules
        self._clock = clock
        self._ids = ids

    async def get(self, run_id: UUID) -> Run:
        """Return one run.

        :raises RunNotFoundError: if there is none.
        """
        found = await self._runs.get(run_id)
        if found is None:
            raise RunNotFoundError
        return found

    async def list(self, *, before: Position | None, limit: int) -> Sequence[Run]:
        """Return runs, newest first."""
        return await self._runs.list(before=before, limit=limit)

    async def request_once(self, *, actor: Actor, once: Once | None, render: Callable[[Run], Reply]) -> Reply:
        """Put a run before the worker, as an admin."""

        async def load() -> Loaded[None]:
            loaded = await self._runs.request_state(actor=actor, key=once.key if once else None)
            loaded.state.standing.ensure_permitted(Permission.RECONCILIATION_MANAGE)
            return Loaded(None, loaded.answer)

        return await self._runner.run(
            load=load,
            decide=lambda _: decide_request(origin=RunOrigin.ADMIN, slot=None, context=self._context(actor)),
            render=render,
            once=once,
        )

    async def request_nightly(self) -> int:
        """Put the night's run before the worker, once a Lagos day, whoever asks and how often."""
        now = self._clock.now().astimezone(LAGOS)
        if now.hour < self._rules.nightly_hour or await self._runs.slot_taken(now.date()):
            return 0
        outcome = decide_request(origin=RunOrigin.NIGHTLY, slot=now.date(), context=self._context(SYSTEM))

        async def load() -> bool:
            return await self._runs.slot_taken(now.date())

        nothing = Outcome(type(outcome.decision)(), outcome.value)
        await self._runner.carry_out(load=load, decide=lambda taken: nothing if taken else outcome)
        return 0

    async def work(self) -> int:
        """Carry out the next run that nobody works on; return whether there was one."""
        run_id = await self._runs.next(now=self._clock.now())
        if run_id is None:
            return 0
        return 1 if await self._take(run_id) is not None else 0

    async def run_now(self, *, actor: Actor = SYSTEM) -> Run:
        """Run at once, for the command line.

        :raises RunUnderWayError: while another run is under way.
        """
        outcome = decide_request(origin=RunOrigin.COMMAND, slot=None, context=self._context(actor))
        run = await self._runner.carry_out(load=_nothing, decide=lambda _: outcome)
        done = await self._take(run.id)
        if done is None:
            # The request stays: the worker takes it when the other one has ended.
            raise RunUnderWayError
        return await self.get(run.id)

    async def _take(self, run_id: UUID) -> Run | None:
        claimed = await self._claim(run_id)
        if claimed is None:
            return None
        try:
            return await self._carry_out(claimed)
        except Exception as error:
            _LOG.exception("reconciliation_failed", run_id=str(run_id))
            failure = decide_failure(claimed, type(error).__name__, context=self._context(SYSTEM))
            await self._runner.carry_out(load=_nothing, decide=lambda _: failure)
            raise

    async def _claim(self, run_id: UUID) -> Run | None:
        async def load() -> tuple[Run, Run | None]:
            found = await self._runs.for_claim(run_id)
            if found is None:
                raise RunNotFoundError
            return found

        return await self._runner.carry_out(
            load=load, decide=lambda found: decide_claim(*found, context=self._context(SYSTEM))
        )

    async def _carry_out(self, run: Run) -> Run:
        not_imported = await self._import(run)
        now = self._clock.now()
        since = await self._window_start(now)
        books = await self._store.open_books(since=since, first_id=first_id_of(since))
        # Comparing a month takes seconds of pure computing, which must not keep the worker's other loops waiting.
        found = await asyncio.to_thread(decide_reconciliation, books, terms=self._rules.terms, now=now)
        matched = 0
        for matches in _batches(found.matches, _MATCHES):
            matched += await self._store.add_matches(matches, run_id=run.id)
        for settled in found.settled:
            matched += 2 if await self._settle(settled, run) else 0
        opened = [finding for batch in _batches(found.findings, _BREAKS) for finding in await self._open(batch)]
        closed = await self._close({finding.subject for finding in found.findings})
        open_breaks, overdue, _ = await self._breaks.ages(overdue_before=now - self._rules.overdue_after)
        tally = Tally(
            matched=matched,
            closed=closed,
            opened=opened,
            open_breaks=open_breaks,
            overdue_breaks=overdue,
            violations={check.name: check.violations for check in await self._invariants.check()},
            safeguarding=await self._safeguarding(),
            not_imported=not_imported,
        )
        finish = decide_finish(
            run, tally, safeguarding_min_bps=self._rules.safeguarding_min_bps, context=self._context(SYSTEM)
        )

        async def load() -> Run:
            return await self.get(run.id)

        def decide(present: Run) -> Outcome[Run]:
            # Whoever took it over after the lease ended reports for it.
            mine = present.status is RunStatus.RUNNING and present.version == run.version
            return finish if mine else Outcome(type(finish.decision)(), present)

        return await self._runner.carry_out(load=load, decide=decide)

    async def _window_start(self, now: datetime) -> datetime:
        start, oldest = now - self._rules.window, await self._store.not_compared_from()
        if oldest is None:
            return start
        # What its first lines answer may be that much older than they are.
        terms = self._rules.terms
        return min(start, oldest - max(terms.grace, terms.settlement_window))

    async def _import(self, run: Run) -> Sequence[str]:
        """Ask the providers up to the last midnight in Lagos; only the nightly run does."""
        if run.origin is not RunOrigin.NIGHTLY:
            return ()
        midnight = datetime.combine(self._clock.now().astimezone(LAGOS).date(), time(), LAGOS)
        return [one.provider for one in self._histories if not await one.bring_up_to(midnight)]

    async def _settle(self, settled: Settled, run: Run) -> bool:
        async def load() -> bool:
            return await self._store.are_free([settled.line.id, settled.bank_line.id], settlement_id=settled.line.id)

        return await self._runner.carry_out(
            load=load,
            decide=lambda free: decide_settlement(settled, run=run, free=free, context=self._context(SYSTEM)),
        )

    async def _open(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        subjects = [finding.subject for finding in findings]
        return await self._runner.carry_out(
            load=lambda: self._breaks.of_subjects(subjects),
            decide=lambda known: decide_findings(findings, known, context=self._context(SYSTEM)),
        )

    async def _close(self, found: set[str]) -> int:
        gone = [subject for subject in await self._breaks.open_subjects() if subject not in found]
        closed = 0
        for subjects in _batches(gone, _BREAKS):
            closed += await self._runner.carry_out(
                load=lambda subjects=subjects: self._breaks.of_subjects(subjects),  # type: ignore[misc] # the batch
                decide=lambda known: decide_closing(tuple(known.values()), context=self._context(SYSTEM)),
            )
        return closed

    def _context(self, actor: Actor) -> Context:
        return Context(actor=actor, now=self._clock.now(), ids=self._ids)


def first_id_of(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of a millisecond (RFC 9562): where a window of time begins among ids."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (0x2 << 62))


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


async def _nothing() -> None:
    return None
