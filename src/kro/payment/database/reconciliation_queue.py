"""Breaks, runs and imports: loaded for a decision, and listed for admins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import ADMIN_STANDING, STORED_ANSWER, Columns, read_answer, read_standing
from kro.core.database.pool import Database
from kro.core.decisions import Loaded
from kro.core.paging import Position
from kro.payment.database.reconciliation_records import (
    AskedBreak,
    Break,
    BreakKind,
    BreakResolution,
    BreakStatus,
    Finding,
    Import,
    LineKind,
    Run,
    RunOrigin,
    RunState,
    RunStatus,
    Side,
)

_BREAKS: Final = "SELECT b.* FROM reconciliation_breaks AS b"

_OF_SUBJECTS: Final = f"{_BREAKS} WHERE b.subject = ANY ($1::text[])"
_OPEN_SUBJECTS: Final = "SELECT subject FROM reconciliation_breaks WHERE status = 'open'"

_ASKED: Final = f"""
SELECT {ADMIN_STANDING}, {STORED_ANSWER}, b.*, assignee.id IS NOT NULL AS assignee_works
FROM (SELECT) AS one LEFT JOIN reconciliation_breaks AS b ON b.id = $4
LEFT JOIN admins AS assignee ON assignee.id = $5::uuid AND assignee.status = 'active'"""  # noqa: S608 - constants

_LIST: Final = f"""
{_BREAKS}
WHERE ($1::text IS NULL OR b.status = $1) AND ($2::text IS NULL OR b.kind = $2)
  AND ($3::uuid IS NULL OR b.assigned_to = $3)
  AND ($4::timestamptz IS NULL OR (b.opened_at, b.id) < ($4, $5::uuid))
ORDER BY b.opened_at DESC, b.id DESC LIMIT $6"""

_AGES: Final = """
SELECT count(*) AS open, count(*) FILTER (WHERE opened_at < $1) AS overdue, min(opened_at) AS oldest
FROM reconciliation_breaks WHERE status = 'open'"""

_RUNS: Final = "SELECT r.* FROM reconciliation_runs AS r"
_RUN: Final = f"{_RUNS} WHERE r.id = $1"
_RUN_LIST: Final = f"""
{_RUNS} WHERE $1::timestamptz IS NULL OR (r.created_at, r.id) < ($1, $2::uuid)
ORDER BY r.created_at DESC, r.id DESC LIMIT $3"""
_NEXT_RUN: Final = """
SELECT r.id FROM reconciliation_runs AS r
WHERE r.status = 'requested' OR (r.status = 'running' AND r.lease_until < $1)
ORDER BY r.status = 'requested', r.created_at LIMIT 1"""
_CLAIM: Final = """
SELECT to_jsonb(wanted.*) AS wanted, to_jsonb(running.*) AS running
FROM reconciliation_runs AS wanted
LEFT JOIN reconciliation_runs AS running ON running.status = 'running' AND running.id <> wanted.id
WHERE wanted.id = $1"""
_SLOT_TAKEN: Final = "SELECT EXISTS (SELECT FROM reconciliation_runs WHERE slot = $1)"
_REQUEST: Final = f"SELECT {ADMIN_STANDING}, {STORED_ANSWER}"

_IMPORTS: Final = """
SELECT i.* FROM reconciliation_imports AS i
WHERE $1::timestamptz IS NULL OR (i.created_at, i.id) < ($1, $2::uuid)
ORDER BY i.created_at DESC, i.id DESC LIMIT $3"""
_IMPORTED_UNTIL: Final = """
SELECT max(period_to) FROM reconciliation_imports
WHERE source = 'provider' AND account = $1 AND origin = 'api' AND state = 'loaded'"""


class BreakRepository:
    """The queue of what does not agree."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_subjects(self, subjects: Sequence[str]) -> Mapping[str, Break]:
        rows = await self._database.rows(_OF_SUBJECTS, list(subjects))
        return {row["subject"]: break_from(row) for row in rows}

    async def open_subjects(self) -> Sequence[str]:
        return [row["subject"] for row in await self._database.rows(_OPEN_SUBJECTS)]

    async def for_admin(
        self, break_id: UUID, *, actor: Actor, key: str | None, assignee: UUID | None = None
    ) -> Loaded[AskedBreak]:
        row = await self._database.row(_ASKED, actor.id, actor.session_id, key, break_id, assignee)
        assert row is not None  # noqa: S101 - the row of constants is always there
        asked = AskedBreak(
            standing=read_standing(row),
            found=break_from(row) if row["id"] is not None else None,
            assignee_works=row["assignee_works"],
        )
        return Loaded(asked, read_answer(row))

    async def get(self, break_id: UUID) -> Break | None:
        row = await self._database.row(f"{_BREAKS} WHERE b.id = $1", break_id)
        return break_from(row) if row is not None else None

    async def list(
        self,
        *,
        status: BreakStatus | None,
        kind: BreakKind | None,
        assigned_to: UUID | None,
        before: Position | None,
        limit: int,
    ) -> Sequence[Break]:
        at, id_ = (before.created_at, before.id) if before else (None, None)
        rows = await self._database.rows(_LIST, status, kind, assigned_to, at, id_, limit)
        return [break_from(row) for row in rows]

    async def ages(self, *, overdue_before: datetime) -> tuple[int, int, datetime | None]:
        """Return how many are open, how many of them since before a moment, and since when the oldest."""
        row = await self._database.row(_AGES, overdue_before)
        assert row is not None  # noqa: S101 - an aggregate always answers
        return row["open"], row["overdue"], row["oldest"]


class RunRepository:
    """Runs, and the claim that lets only one be under way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def request_state(self, *, actor: Actor, key: str | None) -> Loaded[RunState]:
        row = await self._database.row(_REQUEST, actor.id, actor.session_id, key)
        assert row is not None  # noqa: S101 - the row of constants is always there
        return Loaded(RunState(standing=read_standing(row)), read_answer(row))

    async def slot_taken(self, slot: date) -> bool:
        return bool(await self._database.value(_SLOT_TAKEN, slot))

    async def next(self, *, now: datetime) -> UUID | None:
        """Return a run nobody works on: one whose worker died before one that waits."""
        found: UUID | None = await self._database.value(_NEXT_RUN, now)
        return found

    async def for_claim(self, run_id: UUID) -> tuple[Run, Run | None] | None:
        """Return a run, and another one that is under way."""
        row = await self._database.row(_CLAIM, run_id)
        if row is None:
            return None
        other = row["running"]
        return _run_from_json(row["wanted"]), _run_from_json(other) if other is not None else None

    async def get(self, run_id: UUID) -> Run | None:
        row = await self._database.row(_RUN, run_id)
        return run_from(row) if row is not None else None

    async def list(self, *, before: Position | None, limit: int) -> Sequence[Run]:
        at, id_ = (before.created_at, before.id) if before else (None, None)
        return [run_from(row) for row in await self._database.rows(_RUN_LIST, at, id_, limit)]


class ImportRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, *, before: Position | None, limit: int) -> Sequence[Import]:
        at, id_ = (before.created_at, before.id) if before else (None, None)
        return [_import_from(row) for row in await self._database.rows(_IMPORTS, at, id_, limit)]

    async def imported_until(self, provider: str) -> datetime | None:
        """Return up to when a provider was asked for its transactions."""
        found: datetime | None = await self._database.value(_IMPORTED_UNTIL, provider)
        return found


def break_from(row: Columns) -> Break:
    return Break(
        id=row["id"],
        finding=Finding(
            kind=BreakKind(row["kind"]),
            side=Side(row["source"]),
            account=row["account"],
            reference=row["reference"],
            currency=row["currency"],
            occurred_at=row["occurred_at"],
            in_ledger=row["in_ledger"],
            outside=row["outside"],
            line_id=row["line_id"],
            journal_id=row["journal_id"],
        ),
        status=BreakStatus(row["status"]),
        assigned_to=row["assigned_to"],
        resolution=BreakResolution(row["resolution"]) if row["resolution"] else None,
        note=row["note"],
        resolved_by=row["resolved_by"],
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        ended_at=row["ended_at"],
        version=row["version"],
    )


def run_from(row: Columns) -> Run:
    return Run(
        id=row["id"],
        origin=RunOrigin(row["origin"]),
        slot=row["slot"],
        status=RunStatus(row["status"]),
        requested_by=row["requested_by"],
        lease_until=row["lease_until"],
        matched=row["matched"],
        opened=row["opened"],
        closed=row["closed"],
        report=row["report"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        version=row["version"],
    )


def _run_from_json(stored: Mapping[str, str]) -> Run:
    times = {name: stored[name] for name in ("lease_until", "created_at", "finished_at")}
    return run_from(
        {
            **stored,
            "id": UUID(stored["id"]),
            "slot": date.fromisoformat(stored["slot"]) if stored["slot"] else None,
            **{name: datetime.fromisoformat(value) if value else None for name, value in times.items()},
        }
    )


def _import_from(row: Columns) -> Import:
    return Import(
        id=row["id"],
        side=Side(row["source"]),
        account=row["account"],
        origin=row["origin"],
        kinds=tuple(LineKind(kind) for kind in row["kinds"]),
        start=row["period_from"],
        end=row["period_to"],
        state=row["state"],
        lines=row["lines"],
        new_lines=row["new_lines"],
        imported_by=row["imported_by"],
        created_at=row["created_at"],
        loaded_at=row["loaded_at"],
        version=row["version"],
    )
