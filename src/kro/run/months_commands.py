"""`kro months`, by its commands."""
# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that each of them starts fast

from __future__ import annotations

from typing import Annotated

import typer

from kro.run.command import one_sentence

months_app = typer.Typer(no_args_is_help=True, help="Old months of the audit log.")


@months_app.command("list")
def list_months() -> None:
    """Show the months of the audit log, and which of them left it."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.months import list_months as show

    with one_sentence():
        show(load_settings(), Console())


@months_app.command("detach")
def detach_month(
    partition: Annotated[str, typer.Argument(help="The month, such as audit_log_2027_01.")],
) -> None:
    """Take a month out of the audit log, as the owner role, once its rows were read back from files."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.months import detach_month as detach

    with one_sentence():
        detach(load_settings(), Console(), partition=partition)


@months_app.command("verify")
def verify_months() -> None:
    """Compare the files of all detached months with the chain; exits with 1 when one is not what was sealed."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.months import verify_months as verify

    with one_sentence():
        verify(load_settings(), Console())
