"""The queue of what does not agree: look, give to somebody, say what it came from."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.decisions import Reply
from kro.core.guards import admin_with
from kro.core.http import (
    IdempotencyKey,
    Input,
    JSONBytes,
    Line,
    Page,
    PageQuery,
    Position,
    Router,
    id_text,
    problems,
    send,
)
from kro.core.ids import read_id
from kro.core.reading import from_replica
from kro.management.controller.admin.reconciliation_views import BreakRead
from kro.management.controller.dependencies import BreaksDep, CursorsDep
from kro.payment.domain import (
    AssigneeUnknownError,
    Break,
    BreakEndedError,
    BreakKind,
    BreakNotFoundError,
    BreakResolution,
    BreakStatus,
)

router = Router(prefix="/admin/reconciliation/breaks", tags=["admin"])

LedgerReader = Annotated[Actor, admin_with(Permission.LEDGER_READ)]
Reconciler = Annotated[Actor, admin_with(Permission.RECONCILIATION_MANAGE)]

AdminId = Annotated[str, id_text("adm")]


class BreakQuery(PageQuery):
    status: BreakStatus | None = None
    kind: BreakKind | None = None
    assigned_to: AdminId | None = None


class AssignBreakIn(Input):
    admin_id: AdminId | None = Field(description="Who looks into it; null for nobody.")


class ResolveBreakIn(Input):
    resolution: BreakResolution
    note: Line = Field(description="Where this can be seen: a journal, a ticket, a mail of the provider's.")


def _render(found: Break) -> Reply:
    return Reply(status=200, body=BreakRead.of(found).model_dump_json().encode())


@router.get("", response_model=Page[BreakRead])
@from_replica
async def list_breaks(
    query: Annotated[BreakQuery, Query()],
    admin: LedgerReader,  # noqa: ARG001 - the guard
    breaks: BreaksDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List breaks, those opened last first."""
    paging = cursors.of(
        query,
        {
            "list": "admin_reconciliation_breaks",
            "status": query.status,
            "kind": query.kind,
            "assigned_to": query.assigned_to,
        },
    )
    found = await breaks.list(
        status=query.status,
        kind=query.kind,
        assigned_to=read_id("adm", query.assigned_to) if query.assigned_to is not None else None,
        before=paging.before,
        limit=paging.limit,
    )
    return JSONBytes.of(paging.page(found, BreakRead.of, lambda row: Position(row.opened_at, row.id)))


@router.get("/{break_id}", response_model=BreakRead, responses=problems(BreakNotFoundError))
async def get_break(break_id: str, admin: LedgerReader, breaks: BreaksDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Return one break."""
    return JSONBytes.of(BreakRead.of(await breaks.get(read_id("brk", break_id))))


@router.post(
    "/{break_id}/assign",
    response_model=BreakRead,
    responses=problems(BreakNotFoundError, BreakEndedError, AssigneeUnknownError),
)
async def assign_break(
    break_id: str, body: AssignBreakIn, admin: Reconciler, key: IdempotencyKey, breaks: BreaksDep
) -> Response:
    """Give an open break to an admin, or to nobody."""
    assignee = read_id("adm", body.admin_id) if body.admin_id is not None else None
    return send(
        await breaks.assign(read_id("brk", break_id), assignee, actor=admin, once=key.by(admin.id), render=_render)
    )


@router.post(
    "/{break_id}/resolve",
    response_model=BreakRead,
    responses=problems(BreakNotFoundError, BreakEndedError),
)
async def resolve_break(
    break_id: str, body: ResolveBreakIn, admin: Reconciler, key: IdempotencyKey, breaks: BreaksDep
) -> Response:
    """Take a break out of the queue with its reason; it comes back when the two sides change again."""
    return send(
        await breaks.resolve(
            read_id("brk", break_id),
            body.resolution,
            note=body.note,
            actor=admin,
            once=key.by(admin.id),
            render=_render,
        )
    )
