"""Brings the schema to its newest revision, as the owner role."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

_PACKAGE: Final = Path(__file__).resolve().parents[2]
_PLACES: Final = (_PACKAGE / "migrations", _PACKAGE.parents[1] / "migrations")
"""Inside the package when a wheel carries it, at the root of a checkout."""


def alembic_config(owner_dsn: str) -> Config:
    """Return Alembic's settings for a database; the DSN is passed beside the file, never written into it."""
    config = Config()
    config.set_main_option("script_location", str(_scripts()))
    config.attributes["dsn"] = owner_dsn
    return config


def _scripts() -> Path:
    return next(place for place in _PLACES if (place / "env.py").is_file())


def head_revision() -> str:
    """Return the revision the code was written for."""
    head = ScriptDirectory(str(_scripts())).get_current_head()
    if head is None:
        raise RuntimeError("there are no migrations")
    return head


def migrate(owner_dsn: str, *, revision: str = "head") -> None:
    """Upgrade (or, to an older revision, downgrade) the schema and grant the application role its rights.

    Runs its own event loop: call it from a thread when one is already running.
    """
    config = alembic_config(owner_dsn)
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
