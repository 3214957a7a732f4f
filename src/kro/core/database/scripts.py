"""Runs a migration's SQL file."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only


def run_script(path: Path) -> None:
    """Execute a file of several statements inside the running migration.

    :raises RuntimeError: when the migration is only rendered as text.
    """
    op.execute("SET lock_timeout = '3s'")
    op.execute("SET statement_timeout = '60s'")
    # The driver itself runs a file of several statements; SQLAlchemy would prepare it as one.
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("this migration needs a connection")
    await_only(connection.execute(path.read_text()))
