"""`kro webhooks`, by its commands."""
# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that each of them starts fast

from __future__ import annotations

from typing import Annotated

import typer

from kro.run.command import one_sentence

webhooks_app = typer.Typer(no_args_is_help=True, help="What the providers told us.")


@webhooks_app.command("list")
def list_webhooks(
    state: Annotated[str | None, typer.Option(help="received, processed, ignored or parked.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Show the newest events of the providers."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.payment.domain import WebhookState
    from kro.run.webhooks import list_webhooks as show

    try:
        wanted = WebhookState(state) if state is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with one_sentence():
        show(load_settings(), Console(), state=wanted, limit=limit)


@webhooks_app.command("replay")
def replay_webhooks(
    webhook_ids: Annotated[list[str] | None, typer.Argument(help="Events to look into again: whk_…")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="All that were left to people.")] = False,
) -> None:
    """Have the worker look into events again; harmless for what they have brought about already."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.webhooks import replay_webhooks as replay

    if not webhook_ids and not parked:
        raise typer.BadParameter("name events, or give --parked")
    with one_sentence():
        replay(load_settings(), Console(), shown_ids=webhook_ids or [], parked=parked)


@webhooks_app.command("show")
def show_webhook(
    webhook_id: Annotated[str, typer.Argument(help="The event: whk_…")],
) -> None:
    """Print one event with what was sent, while that is kept; the audit log tells of it."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.webhooks import show_webhook as show

    with one_sentence():
        show(load_settings(), Console(), shown_id=webhook_id)
