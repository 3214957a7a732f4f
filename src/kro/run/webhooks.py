"""`kro webhooks`: what providers told us, listed and looked into again from a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rich.console import Console
from rich.table import Table

from kro.bootstrap import Application
from kro.core.actor import SYSTEM
from kro.core.config import Settings
from kro.core.ids import read_id, show_id
from kro.core.paging import Position
from kro.payment.domain import WebhookBody, WebhookState, WebhookView
from kro.run.with_application import with_application

_PAGE = 200


def list_webhooks(settings: Settings, console: Console, *, state: WebhookState | None, limit: int) -> None:
    """Print the newest events, without their bodies.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    """

    async def ask(application: Application) -> Sequence[WebhookView]:
        return await application.listening.webhook_admin.list(state=state, limit=limit)

    table = Table()
    table.add_column("Event", no_wrap=True)
    for name in ("Provider", "Type", "Reference", "State", "Tries", "Last error", "Received (UTC)"):
        table.add_column(name, overflow="fold")
    for one in with_application(settings, ask):
        table.add_row(
            show_id("whk", one.id),
            one.provider,
            one.event_type,
            one.reference or "",
            one.state,
            str(one.attempts),
            one.last_error or "",
            f"{one.received_at:%Y-%m-%d %H:%M:%S}",
        )
    console.print(table)


def replay_webhooks(settings: Settings, console: Console, *, shown_ids: Sequence[str], parked: bool) -> int:
    """Have events looked into again, those named and with ``parked`` all that were left to people; return how many.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises WebhookNotFoundError: if there is no such event.
    :raises UnknownIdError: if a name is none.
    """
    named = [read_id("whk", shown) for shown in shown_ids]

    async def replay(application: Application) -> int:
        admin = application.listening.webhook_admin
        wanted = [*named, *(await _parked(application) if parked else ())]
        for webhook_id in wanted:
            await admin.replay(webhook_id, actor=SYSTEM)
        return len(wanted)

    replayed = with_application(settings, replay)
    console.print(f"{replayed} event(s) will be looked into again by the worker.", highlight=False)
    return replayed


def show_webhook(settings: Settings, console: Console, *, shown_id: str) -> None:
    """Print one event and what was sent with it.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises WebhookNotFoundError: if there is no such event.
    :raises WebhookBodyGoneError: if what was sent is no longer kept.
    :raises UnknownIdError: if the name is none.
    """
    webhook_id = read_id("whk", shown_id)

    async def read(application: Application) -> tuple[WebhookBody, str]:
        return await application.listening.bodies.read(webhook_id, actor=SYSTEM)

    found, text = with_application(settings, read)
    told = {
        "Provider": found.provider,
        "Type": found.event_type,
        "Reference": found.reference or "",
        "State": found.state,
        "Received (UTC)": f"{found.received_at:%Y-%m-%d %H:%M:%S}",
        "SHA-256": found.body_sha256.hex() if found.body_sha256 is not None else "",
    }
    for name, value in told.items():
        console.print(f"{name}: {value}", highlight=False, markup=False)
    console.print(text, highlight=False, markup=False, soft_wrap=True)


async def _parked(application: Application) -> list[UUID]:
    found: list[UUID] = []
    before: Position | None = None
    while True:
        page = await application.listening.webhook_admin.list(state=WebhookState.PARKED, before=before, limit=_PAGE)
        found += [one.id for one in page]
        if len(page) < _PAGE:
            return found
        before = Position(page[-1].received_at, page[-1].id)
