"""Another version of the program, beside this one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kro.core.database.migrate import scripts

ROOT: Final = Path(__file__).parents[1]


class NoHistoryError(RuntimeError):
    """There is no earlier version to be had, as in a checkout without its history."""


@contextmanager
def before_migration(folder: Path, revision: str = "head") -> Iterator[tuple[Path, str]]:
    """Check out the program as it was before a migration; yields where, and the revision it was written for.

    :raises NoHistoryError: when git has no such version.
    """
    migration = scripts().get_revision(revision)
    assert migration is not None  # noqa: S101 - alembic raises for what it does not know
    added = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(Path(migration.path).resolve()))
    if not added:
        raise NoHistoryError(migration.revision)
    place = folder / "before"
    _git("worktree", "add", "--detach", str(place), f"{added}^")
    try:
        # What was added in one piece, came in one piece.
        yield place, max(_revision(script) for script in (place / "migrations" / "versions").glob("*.py"))
    finally:
        _git("worktree", "remove", "--force", str(place))


def _revision(script: Path) -> str:
    return script.name.split("_")[1]


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", "-C", str(ROOT), *arguments],  # noqa: S607 - whichever git there is
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoHistoryError(arguments[0]) from error
    return done.stdout.strip()
