"""`kro audit`, by its commands."""
# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that each of them starts fast

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kro.run.command import one_sentence

audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)


@audit_app.command("verify")
def audit_verify(
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="An export that was kept elsewhere, to compare with.")
    ] = None,
) -> None:
    """Recompute the chain of the audit log; exits with 1 and names the first row that does not hold."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.audit import verify_audit

    with one_sentence():
        sound = verify_audit(load_settings(), Console(), files=files or [])
    raise typer.Exit(0 if sound else 1)


@audit_app.command("export")
def audit_export(
    out: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    after: Annotated[int, typer.Option(min=0, help="Begin behind this position.")] = 0,
) -> None:
    """Write the sealed rows with their hashes to a file."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.audit import export_audit

    with one_sentence():
        export_audit(load_settings(), Console(), out=out, after=after)
