"""Brings the schema to its newest revision, as the owner role."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from kro.core.database.migrating import Limits

_PACKAGE: Final = Path(__file__).resolve().parents[2]
_PLACES: Final = (_PACKAGE / "migrations", _PACKAGE.parents[1] / "migrations")
"""Inside the package when a wheel carries it, at the root of a checkout."""


def alembic_config(owner_dsn: str, limits: Limits | None = None) -> Config:
    """Return Alembic's settings for a database; the DSN is passed beside the file, never written into it."""
    config = Config()
    config.set_main_option("script_location", str(_scripts()))
    config.attributes["dsn"] = owner_dsn
    config.attributes["limits"] = limits or Limits()
    return config


def _scripts() -> Path:
    return next(place for place in _PLACES if (place / "env.py").is_file())


@functools.cache
def scripts() -> ScriptDirectory:
    """Return all migrations there are."""
    return ScriptDirectory(str(_scripts()))


def head_revision() -> str:
    """Return the revision the code was written for."""
    head = scripts().get_current_head()
    if head is None:
        raise RuntimeError("there are no migrations")
    return head


@functools.cache
def oldest_program(revision: str) -> str:
    """Return the revision of the oldest program that runs on a schema at ``revision``.

    A migration says it in ``oldest_program``; one that says nothing is only for the program it came with. The newest
    demand of all migrations up to here counts.
    """
    lineage = scripts().walk_revisions("base", revision)
    return max(str(getattr(script.module, "oldest_program", script.revision)) for script in lineage)


def migrate(owner_dsn: str, *, revision: str = "head", limits: Limits | None = None) -> None:
    """Upgrade the schema and grant the application role its rights; ``base`` and ``-1`` lead back.

    Others may use the database meanwhile. Runs its own event loop: call it from a thread when one is already running.

    :param owner_dsn: of a connection to PostgreSQL itself, not to a pooler.
    :raises MigrationError: it stopped half way, between two revisions; it can be started again.
    """
    config = alembic_config(owner_dsn, limits)
    if revision == "base" or revision.startswith("-"):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def emitted_sql(revision: str) -> str:
    """Return what a migration sends to the database, as text, its transactions included."""
    config = alembic_config("")
    config.output_buffer = io.StringIO()
    before = scripts().get_revision(revision).down_revision
    command.upgrade(config, f"{before or 'base'}:{revision}", sql=True)
    return config.output_buffer.getvalue()
