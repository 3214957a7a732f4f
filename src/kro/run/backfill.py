"""`kro backfill`: fills what a release added, from a terminal, beside the running program."""

from __future__ import annotations

from rich.console import Console

from kro.bootstrap import Application
from kro.core.config import Settings
from kro.core.database.alone import alone
from kro.core.database.backfill import Progress, fill
from kro.run.with_application import with_application


def backfill(settings: Settings, console: Console, name: str, *, batch: int, pause_seconds: float) -> None:
    """Run a backfill to its end and print how far it is after each batch; interrupted, it goes on the next time.

    :raises AnotherRunsError: somebody else runs it at this moment.
    :raises BackfillError: there is none of that name, or the batch is too large.
    :raises DatabaseUnreachableError: the database does not answer or refuses us.
    """

    def tell(progress: Progress) -> None:
        state = "done" if progress.done else f"behind {progress.after}"
        console.print(f"{name}: {progress.changed} rows, {state}", highlight=False)

    async def run(application: Application) -> Progress:
        database = application.base.database
        async with alone(database.options, f"kro backfill {name}"):
            return await fill(database, name, batch=batch, pause_seconds=pause_seconds, told=tell)

    with_application(settings, run)
