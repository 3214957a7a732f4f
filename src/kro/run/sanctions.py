"""`kro sanctions-import`: a list taken in from a terminal or a nightly job."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from kro.bootstrap import Application
from kro.core.actor import SYSTEM
from kro.core.config import Settings
from kro.core.errors import KroError
from kro.core.sanctions import ListFormat
from kro.run.with_application import with_application


def import_sanctions(settings: Settings, console: Console, *, file: Path, code: str, form: ListFormat) -> bool:
    """Import a list in the place of the one before and print what of it could not be read; tell if it was taken.

    :raises DatabaseUnreachableError: when the database does not answer or refuses us.
    """
    data = file.read_bytes()

    async def take_in(application: Application) -> str:
        try:
            taken = await application.knowing.imports.take_in(data, code=code, form=form, actor=SYSTEM)
        except KroError as error:
            return f"Not taken: {error.detail}"
        for problem in taken.problems:
            console.print(problem, markup=False)
        return f"Taken: {taken.entries} entries with {taken.names} names; {taken.unreadable} could not be read."

    said = with_application(settings, take_in)
    console.print(said, markup=False)
    return said.startswith("Taken")
