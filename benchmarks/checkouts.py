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
def before_newest_migration(folder: Path) -> Iterator[tuple[Path, str]]:
    """Check out the program as it was before its newest migration; yields where, and the revision it was written for.

    :raises NoHistoryError: when git has no such version.
    """
    head = scripts().get_revision("head")
    assert head is not None  # noqa: S101 - there are migrations
    added = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(Path(head.path).resolve()))
    if not added:
        raise NoHistoryError(head.revision)
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
