"""What migrations are written with: a file of SQL, and statements that no transaction may be around."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only


def run_script(path: Path) -> None:
    """Execute a file of several statements inside the running migration, or render it."""
    # The driver, asked directly below, would not begin the transaction; this does.
    op.execute("SET LOCAL lock_timeout = '3s'")
    if op.get_context().as_sql:
        op.get_context().impl.static_output(path.read_text())
        return
    # The driver itself runs a file of several statements; SQLAlchemy would prepare it as one.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None  # noqa: S101 - the statement before was sent through it
    await_only(connection.execute(path.read_text()))


@contextmanager
def outside_a_transaction() -> Iterator[None]:
    """Run the statements of a migration that build or drop an index ``CONCURRENTLY``, each on its own.

    They wait for others and nobody waits for them, so they take the time they need. Killed at any of them, the
    migration is run again from its beginning: write ``IF NOT EXISTS`` and ``IF EXISTS``. What a failed one leaves
    behind, an invalid index, is gone by then.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute("SET statement_timeout = 0")
        yield
        op.execute("RESET lock_timeout")
        op.execute("RESET statement_timeout")
