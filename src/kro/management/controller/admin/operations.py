"""What operators look after: the books, webhooks that came in, messages that did not go out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Query, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.guards import admin_with
from kro.core.http import Input, JSONBytes, Output, Page, PageQuery, Position, Router, problems
from kro.core.ids import read_id, show_id
from kro.core.outbox import OutboxRow, OutboxRowNotFoundError, OutboxState
from kro.core.reading import from_replica
from kro.management.controller.dependencies import (
    AuditTrailDep,
    CursorsDep,
    DeadLettersDep,
    ReconciliationDep,
    WebhookAdminDep,
)
from kro.payment.domain import WebhookNotFoundError, WebhookState, WebhookView

router = Router(prefix="/admin", tags=["admin"])

LedgerReader = Annotated[Actor, admin_with(Permission.LEDGER_READ)]
WebhookReader = Annotated[Actor, admin_with(Permission.WEBHOOKS_READ)]
WebhookReplayer = Annotated[Actor, admin_with(Permission.WEBHOOKS_REPLAY)]
OutboxReader = Annotated[Actor, admin_with(Permission.OUTBOX_READ)]
OutboxDiscarder = Annotated[Actor, admin_with(Permission.OUTBOX_DISCARD)]
OutboxReplayer = Annotated[Actor, admin_with(Permission.OUTBOX_REPLAY)]


class CheckRead(Output):
    name: str = Field(examples=["every_journal_balances"])
    violations: int


class ReconciliationRead(Output):
    ok: bool
    checks: list[CheckRead]


class WebhookQuery(PageQuery):
    state: WebhookState | None = None


class WebhookRead(Output):
    """An event of a provider, without its body."""

    id: str = Field(examples=["whk_01kajz7k3nf9b8r2m4q6s8t0vw"])
    provider: str
    event_type: str
    subject: str
    reference: str | None
    state: str
    attempts: int
    last_error: str | None
    received_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, webhook: WebhookView) -> Self:
        return cls(
            id=show_id("whk", webhook.id),
            provider=webhook.provider,
            event_type=webhook.event_type,
            subject=webhook.subject,
            reference=webhook.reference,
            state=webhook.state,
            attempts=webhook.attempts,
            last_error=webhook.last_error,
            received_at=webhook.received_at,
            processed_at=webhook.processed_at,
        )


class OutboxQuery(PageQuery):
    state: OutboxState = OutboxState.DEAD


class OutboxRead(Output):
    """A message on its way out, without its payload."""

    id: str = Field(examples=["msg_01kajz7k3nf9b8r2m4q6s8t0vw"])
    topic: str
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    next_attempt_at: datetime
    delivered_at: datetime | None

    @classmethod
    def of(cls, row: OutboxRow) -> Self:
        return cls(
            id=show_id("msg", row.id),
            topic=row.topic,
            state=row.state,
            attempts=row.attempts,
            last_error=row.last_error,
            created_at=row.created_at,
            next_attempt_at=row.next_attempt_at,
            delivered_at=row.delivered_at,
        )


class OutboxContentRead(OutboxRead):
    """A message with its content: its shape, ids and numbers; texts that may name somebody are masked."""

    payload: dict[str, Any]


class DiscardIn(Input):
    reason: str = Field(min_length=5, max_length=500, examples=["The order was cancelled since"])


@router.get("/reconciliation", response_model=ReconciliationRead)
async def reconcile(admin: LedgerReader, reconciliation: ReconciliationDep) -> JSONBytes:  # noqa: ARG001 - the guard
    """Ask the database whether everything that must hold of the books holds now."""
    checks = await reconciliation.check()
    return JSONBytes.of(
        ReconciliationRead(
            ok=all(check.holds for check in checks),
            checks=[CheckRead(name=check.name, violations=check.violations) for check in checks],
        )
    )


@router.get("/webhooks", response_model=Page[WebhookRead])
@from_replica
async def list_webhooks(
    query: Annotated[WebhookQuery, Query()],
    admin: WebhookReader,  # noqa: ARG001 - the guard
    webhooks: WebhookAdminDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List the providers' events, newest first."""
    paging = cursors.of(query, {"list": "admin_webhooks", "state": query.state})
    found = await webhooks.list(state=query.state, before=paging.before, limit=paging.limit)
    return JSONBytes.of(paging.page(found, WebhookRead.of, lambda row: Position(row.received_at, row.id)))


@router.post("/webhooks/{webhook_id}/replay", status_code=204, responses=problems(WebhookNotFoundError))
async def replay_webhook(webhook_id: str, admin: WebhookReplayer, webhooks: WebhookAdminDep) -> Response:
    """Have an event looked into again; harmless for what it has brought about already."""
    await webhooks.replay(read_id("whk", webhook_id), actor=admin)
    return Response(status_code=204)


@router.get("/outbox", response_model=Page[OutboxRead])
@from_replica
async def list_outbox(
    query: Annotated[OutboxQuery, Query()],
    admin: OutboxReader,  # noqa: ARG001 - the guard
    letters: DeadLettersDep,
    cursors: CursorsDep,
) -> JSONBytes:
    """List outgoing messages in one state, newest first."""
    paging = cursors.of(query, {"list": "admin_outbox", "state": query.state})
    before = paging.before
    found = await letters.list(state=query.state, before=before.id if before else None, limit=paging.limit)
    return JSONBytes.of(paging.page(found, OutboxRead.of, lambda row: Position(row.created_at, row.id)))


@router.get("/outbox/{message_id}", response_model=OutboxContentRead, responses=problems(OutboxRowNotFoundError))
async def get_message(message_id: str, admin: OutboxReader, letters: DeadLettersDep, trail: AuditTrailDep) -> JSONBytes:
    """Show one outgoing message with its content masked. The look is on record."""
    outbox_id = read_id("msg", message_id)
    await trail.note("outbox.read", actor=admin, target=("outbox", outbox_id))
    row, payload = await letters.read(outbox_id)
    return JSONBytes.of(OutboxContentRead(**OutboxRead.of(row).model_dump(), payload=payload))


@router.post("/outbox/{message_id}/discard", status_code=204, responses=problems(OutboxRowNotFoundError))
async def discard_message(
    message_id: str, body: DiscardIn, admin: OutboxDiscarder, letters: DeadLettersDep
) -> Response:
    """Decide that a message nobody could deliver is never sent."""
    await letters.discard(read_id("msg", message_id), actor=admin, reason=body.reason)
    return Response(status_code=204)


@router.post("/outbox/{message_id}/replay", status_code=204, responses=problems(OutboxRowNotFoundError))
async def replay_message(message_id: str, admin: OutboxReplayer, letters: DeadLettersDep) -> Response:
    """Give a message nobody could deliver all its tries again."""
    await letters.replay(read_id("msg", message_id), actor=admin)
    return Response(status_code=204)
