"""Statements in, runs requested and reported, and whether customers' money is covered now."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import Query, Request, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.business_days import Days
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    JSONBytes,
    Page,
    PageParameters,
    Position,
    QueryInput,
    Router,
    problems,
    send,
)
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.management.controller.admin.reconciliation_views import CoverRead, ImportRead, RunRead, SafeguardingRead
from kro.management.controller.dependencies import (
    CursorsDep,
    ReconciliationRunsDep,
    SafeguardingDep,
    StatementImportsDep,
)
from kro.payment.domain import (
    Described,
    Import,
    LineKind,
    Run,
    RunNotFoundError,
    Side,
    StatementAccountError,
    StatementInvalidError,
    StatementKindsError,
    StatementPeriodError,
)

router = Router(prefix="/admin/reconciliation", tags=["admin"])

LedgerReader = Annotated[Actor, admin_with(Permission.LEDGER_READ)]
Reconciler = Annotated[Actor, admin_with(Permission.RECONCILIATION_MANAGE)]

_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2999, 12, 31)


class StatementQuery(QueryInput):
    """Whose statement a file is, and for what it is complete: what it does not show did not happen there."""

    side: Side
    account: str = Field(
        min_length=1, max_length=40, description="A provider, or one of our bank accounts.", examples=["paystack"]
    )
    first: date = Field(alias="from", ge=_FIRST_DAY, le=_LAST_DAY, description="The first day, in Africa/Lagos.")
    last: date = Field(alias="to", ge=_FIRST_DAY, le=_LAST_DAY, description="The last day, included.")
    kinds: list[LineKind] = Field(
        default=[], description="Kinds of lines a provider's file is complete for; all of them when left out."
    )

    def described(self) -> Described:
        return Described.of_days(self.side, self.account, Days(self.first, self.last), kinds=self.kinds)


def _render_import(taken: Import) -> Reply:
    return Reply(status=201, body=ImportRead.of(taken).model_dump_json().encode())


def _render_request(run: Run) -> Reply:
    return Reply(status=202, body=RunRead.of(run).model_dump_json().encode())


@router.post(
    "/imports",
    status_code=201,
    response_model=ImportRead,
    responses=problems(StatementAccountError, StatementInvalidError, StatementKindsError, StatementPeriodError),
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def hand_in_statement(
    query: Annotated[StatementQuery, Query()],
    request: Request,
    admin: Reconciler,
    key: IdempotencyKey,
    imports: StatementImportsDep,
) -> Response:
    """Hand in a statement as a CSV file with a header, in UTF-8, amounts in major units; taken whole or not at all.

    A provider's file has the columns `kind`, `reference`, `amount`, `currency`, `occurred_at` and may have `fee` and
    `narration`; a bank's has `occurred_at`, `reference`, `currency`, `amount` with its sign (or `credit` and `debit`)
    and may have `narration`. A problem names the line in the file and the column: `/lines/7/amount`.
    """
    statement = await imports.read(await request.body(), query.described())
    return send(await imports.take_once(statement, actor=admin, once=key.by(admin.id), render=_render_import))


@router.get("/imports", response_model=Page[ImportRead])
@from_replica
async def list_statements(
    query: PageParameters,
    admin: LedgerReader,  # noqa: ARG001 - the guard
    imports: StatementImportsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List the statements that were taken, newest first."""
    paging = cursors.of(query, {"list": "admin_reconciliation_imports"})
    found = await imports.list(before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, ImportRead.of, lambda row: Position(row.created_at, row.id)))


@router.post("/runs", status_code=202, response_model=RunRead)
async def request_run(admin: Reconciler, key: IdempotencyKey, runs: ReconciliationRunsDep) -> Response:
    """Have the worker compare the ledger with every statement; ask for the run to learn what it found."""
    return send(await runs.request_once(actor=admin, once=key.by(admin.id), render=_render_request))


@router.get("/runs", response_model=Page[RunRead])
@from_replica
async def list_runs(
    query: PageParameters,
    admin: LedgerReader,  # noqa: ARG001 - the guard
    runs: ReconciliationRunsDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List runs with their reports, newest first."""
    paging = cursors.of(query, {"list": "admin_reconciliation_runs"})
    found = await runs.list(before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, RunRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/runs/{run_id}", response_model=RunRead, responses=problems(RunNotFoundError))
async def get_run(run_id: str, admin: LedgerReader, runs: ReconciliationRunsDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Return one run with its report."""
    return JSONBytes.of(RunRead.of(await runs.get(read_id("run", run_id))))


@router.get("/safeguarding", response_model=SafeguardingRead)
async def get_safeguarding(admin: LedgerReader, safeguarding: SafeguardingDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Return what customers are owed against what providers and banks hold for us, now, in each currency."""
    return JSONBytes.of(SafeguardingRead(data=[CoverRead.of(one) for one in await safeguarding.totals()]))
