"""What commands of the command line share, and those that would make it too long."""
# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that each of them starts fast

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer


@contextmanager
def one_sentence() -> Iterator[None]:
    """Tell an expected failure on the error stream and exit with 1; anything else is a bug and shows itself."""
    from kro.core.config import ConfigError
    from kro.core.errors import KroError

    try:
        yield
    except (KroError, ConfigError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None


def backfill(
    name: Annotated[str, typer.Argument(help="Which one of this release.")],
    batch: Annotated[int, typer.Option(min=1, max=1_000, help="Rows in one transaction.")] = 1_000,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two batches.")] = 0.1,
) -> None:
    """Fill what a release added, in small batches beside the running program; goes on where it was interrupted."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.backfill import backfill as fill

    with one_sentence():
        fill(load_settings(), Console(), name, batch=batch, pause_seconds=pause)


def reseal() -> None:
    """Seal stored values with the active encryption key, as the owner role, so that an older key can go."""
    from rich.console import Console

    from kro.core.config import load_settings
    from kro.run.reseal import reseal_everything

    with one_sentence():
        reseal_everything(load_settings(), Console())
