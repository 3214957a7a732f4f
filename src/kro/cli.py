"""The command line: every command calls one function; what it needs is imported only then."""
# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that each of them starts fast

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from kro.run.audit_commands import audit_app
from kro.run.command import backfill, one_sentence, reseal
from kro.run.months_commands import months_app
from kro.run.webhook_commands import webhooks_app

app = typer.Typer(
    name="kro", help="KRO backend: peer-to-peer escrow.", no_args_is_help=True, pretty_exceptions_enable=False
)
config_app = typer.Typer(help="The configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(audit_app, name="audit")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(months_app, name="months")

ExitWithParent = Annotated[
    int | None, typer.Option("--exit-with-parent", hidden=True, help="End when this process, the parent, does.")
]


def follow(parent: int | None) -> None:
    if parent is not None:
        from kro.run.lifetime import end_with_parent

        end_with_parent(parent=parent)


@app.command()
def lifecycle() -> None:
    """Write the page about every transition of an order."""
    from kro.order.domain import lifecycle_page

    typer.echo(lifecycle_page(), nl=False)


@app.command()
def notices() -> None:
    """Write the page about who is told of what."""
    from kro.core.notices import notices_page

    typer.echo(notices_page(), nl=False)


@app.command()
def events() -> None:
    """Write the page about live events."""
    from kro.bootstrap.live import SURFACES
    from kro.core.realtime.page import events_page

    typer.echo(events_page(SURFACES), nl=False)


@app.command()
def permissions() -> None:
    """Write the page about who may call what."""
    from kro.run.permissions import permissions_page

    typer.echo(permissions_page(), nl=False)


@app.command()
def openapi() -> None:
    """Write the description of the interface, as the API serves it at /openapi.json."""
    from kro.core.config import load_settings
    from kro.main import described

    with one_sentence():
        typer.echo(described(load_settings()), nl=False)


@app.command()
def run() -> None:
    """Start database, API, worker and sandbox for development, until Ctrl-C."""
    from rich.console import Console

    from kro.run.development import run as run_everything

    with one_sentence():
        run_everything(Console())


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: the configured one.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default: the configured one.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes sharing the port.")] = 1,
    exit_with_parent: ExitWithParent = None,
) -> None:
    """Serve the API."""
    follow(exit_with_parent)
    from kro.run.collector import hurry

    hurry()
    from kro.core.config import load_settings
    from kro.run.imports import lean_imports

    with one_sentence():
        settings = load_settings()
        with lean_imports(settings):
            from kro.run.serve import serve as serve_api
        serve_api(settings, host=host, port=port, workers=workers)


@app.command()
def worker(exit_with_parent: ExitWithParent = None) -> None:
    """Relay the outbox, process webhooks, fire timers; SIGHUP has it read its configuration anew."""
    from kro.core.renewals import hold_renewals

    hold_renewals()
    follow(exit_with_parent)
    from kro.run.collector import hurry, settle

    hurry()
    from kro.core.config import load_settings
    from kro.run.imports import lean_imports
    from kro.run.lifetime import begin_anew

    with one_sentence():
        settings = load_settings()
        with lean_imports(settings):
            from kro.worker import run as run_worker
        settle()
        if run_worker(settings):
            begin_anew()


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def sandbox(context: typer.Context) -> None:
    """Start the stand-ins for payment and message providers; takes the options of `python -m kro_sandbox`."""
    os.execv(sys.executable, [sys.executable, "-m", "kro_sandbox", *context.args])  # noqa: S606 - ourselves, as another module


@app.command()
def migrate() -> None:
    """Bring the schema to its newest revision, as the owner role."""
    from kro.core.config import load_settings
    from kro.run.database import migrate_database

    with one_sentence():
        migrate_database(load_settings())


app.command()(backfill)
app.command()(reseal)


@app.command()
def seed() -> None:
    """Add roles, fees, templates and, for development, demo accounts; what exists stays."""
    from kro.core.config import load_settings
    from kro.run.database import seed_database

    with one_sentence():
        seed_database(load_settings())


@app.command()
def demo(
    api: Annotated[str | None, typer.Option(help="Where the API is, if not where `kro run` has it.")] = None,
    sandbox: Annotated[str | None, typer.Option(help="Where the sandbox is, if not where `kro run` has it.")] = None,
) -> None:
    """Play a whole escrow against the running server, checked to the kobo."""
    from rich.console import Console

    from kro.run.demonstration import demonstrate

    with one_sentence():
        exit_code = demonstrate(Console(), api=api, sandbox=sandbox)
    raise typer.Exit(exit_code)


@app.command()
def trigger(
    event: Annotated[str | None, typer.Argument(help="Vendor and event, such as providus.settlement.")] = None,
    reference: Annotated[str, typer.Option(help="What it is about, by the name the vendor knows it by.")] = "",
    data: Annotated[str, typer.Option(help="A JSON object with further members of the event.")] = "{}",
    forged: Annotated[bool, typer.Option("--forged", help="Sign it as somebody without the key would.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Show what can be sent.")] = False,
) -> None:
    """Have the running sandbox send one webhook of a vendor."""
    import json

    from kro.core.config import load_settings
    from kro.run.trigger import EVENTS
    from kro.run.trigger import trigger as have_it_sent

    if listed:
        typer.echo("\n".join(EVENTS))
        return
    try:
        members = json.loads(data)
    except ValueError:
        members = None
    if event is None or not isinstance(members, dict):
        raise typer.BadParameter("an event and, in --data, a JSON object are needed; --list shows the events")
    with one_sentence():
        typer.echo(have_it_sent(load_settings(), event, reference=reference, data=members, forged=forged))


@app.command()
def doctor() -> None:
    """Check what a start needs, and say what is missing."""
    from rich.console import Console

    from kro.run.doctor import examine

    with one_sentence():
        healthy = examine(Console())
    raise typer.Exit(0 if healthy else 1)


@app.command()
def reconcile(
    full: Annotated[bool, typer.Option("--full", help="Also compare the ledger with every statement.")] = False,
) -> None:
    """Check everything that must hold of the books; exits with 1 on any violation."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.reconciliation import reconcile as ask_the_books

    with one_sentence():
        sound = ask_the_books(load_settings(), Console(), full=full)
    raise typer.Exit(0 if sound else 1)


@app.command("reconcile-import")
def reconcile_import(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header, in UTF-8.")],
    side: Annotated[str, typer.Option(help="provider or bank.")],
    account: Annotated[str, typer.Option(help="The provider, or the name of our account at the bank.")],
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, in Lagos.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, included.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="A kind of line a provider's file is complete for; default: all of them.")
    ] = None,
) -> None:
    """Take a statement of a provider or a bank; it is taken whole or not at all."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.payment.domain import LineKind, Side
    from kro.run.reconciliation import take_statement

    try:
        described_side, kinds = Side(side), [LineKind(one) for one in kind or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with one_sentence():
        taken = take_statement(
            load_settings(),
            Console(),
            file=file,
            side=described_side,
            account=account,
            days=(first.date(), last.date()),
            kinds=kinds,
        )
    raise typer.Exit(0 if taken else 1)


@app.command("import")
def import_data(
    place: Annotated[str, typer.Option("--from", envvar="KRO_IMPORT_FROM", help="postgresql://… or a folder of CSV.")],
    mapping: Annotated[Path | None, typer.Option(help="JSON laid over the built-in mapping.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge everything and write nothing.")] = False,
    report: Annotated[Path | None, typer.Option(help="Where to keep what did not fit, as JSON.")] = None,
    accept: Annotated[list[str] | None, typer.Option(help="TABLE:KEY[:CODE] that may stay behind.")] = None,
    into_running: Annotated[str | None, typer.Option(help="The database's name, if money has moved in it.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Rows written at once.")] = 200,
) -> None:
    """Import the predecessor's data; exits with 1 when money does not fit. Repeating it is harmless."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.importing import Wish, import_predecessor

    wish = Wish(place, mapping, dry_run, report, accept or (), into_running, batch)
    with one_sentence():
        fits = import_predecessor(load_settings(), Console(), wish)
    raise typer.Exit(0 if fits else 1)


@app.command("sanctions-import")
def sanctions_import(
    file: Annotated[Path, typer.Argument(help="The list as its publisher made it.", exists=True, dir_okay=False)],
    code: Annotated[str, typer.Option(help="Names the list: un, ofac, or one of your own.")],
    form: Annotated[str, typer.Option("--format", help="un_xml, ofac_xml, ofac_csv or csv.")],
) -> None:
    """Take a sanctions list in; everybody is compared with it by the worker."""
    import re

    from rich.console import Console

    from kro.core.config import load_settings
    from kro.core.sanctions import ListFormat
    from kro.run.sanctions import import_sanctions

    if not re.fullmatch(r"[a-z][a-z0-9_]{1,29}", code):
        raise typer.BadParameter("a code is 2 to 30 small letters, digits and underscores", param_hint="--code")
    try:
        wanted = ListFormat(form)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
    with one_sentence():
        taken = import_sanctions(load_settings(), Console(), file=file, code=code, form=wanted)
    raise typer.Exit(0 if taken else 1)


@app.command()
def advance(
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="How many hours pass.")],
    order: Annotated[str | None, typer.Option(help="For one order only: ord_…")] = None,
) -> None:
    """Let time pass for orders; only where the configuration has a test clock."""
    from kro.core.config import load_settings
    from kro.run.test_clock import advance as let_pass

    with one_sentence():
        let_pass(load_settings(), hours=hours, shown_id=order)


@config_app.command("check")
def config_check() -> None:
    """Show where every setting comes from, secrets masked, and refuse a configuration that cannot be used."""
    from kro.core.config import check_config

    report = check_config()
    typer.echo(report.render())
    raise typer.Exit(0 if report.is_usable else 1)


if __name__ == "__main__":
    app()
