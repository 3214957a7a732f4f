"""Fills columns of tables that are in use: a small batch at a time, with pauses, from where the last run ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

if TYPE_CHECKING:
    from kro.core.database.pool import Connection

MOST_ROWS: Final = 1_000
"""In one batch: what one statement locks until it commits."""

NEVER: Final = frozenset(
    {"kro_balance", "ledger_journals", "ledger_entries", "balance_lines", "order_events", "audit_log"}
    | {"payment_webhook_info"}
)
"""History. A wrong posting is corrected by another posting."""


class BackfillError(KroError):
    """A backfill that does not exist or must not be."""

    kind = ErrorKind.INVALID
    code = "backfill_refused"


@dataclass(frozen=True, slots=True)
class Backfill:
    """What to write into which rows; the SQL is written by us, with ``t`` as the table's name."""

    table: str
    change: str
    """What follows ``SET``."""
    missing: str
    """Which rows lack it. Those that have it are passed by, so a batch may be done twice."""
    key_type: str = "uuid"
    """Of ``id``, in whose order the table is gone through."""

    def __post_init__(self) -> None:
        if self.table in NEVER:
            raise BackfillError(f"{self.table} is never changed, not even by a backfill.")


BACKFILLS: Final[Mapping[str, Backfill]] = {}
"""Those of this release, by name; one leaves with the release that drops what it read from."""

_BEGIN: Final = "INSERT INTO backfills (name) VALUES ($1) ON CONFLICT DO NOTHING"
# Two runs at once take turns here, batch by batch.
_PLACE: Final = "SELECT after, changed, done_at FROM backfills WHERE name = $1 FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill came: the last ``id`` it passed, and how many rows it changed."""

    after: str | None
    changed: int
    done: bool


async def fill(
    database: Database,
    name: str,
    *,
    known: Mapping[str, Backfill] = BACKFILLS,
    batch: int = MOST_ROWS,
    pause_seconds: float = 0.1,
    told: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Go through a table to its end; killed at any moment, the next run goes on behind the last whole batch.

    Runs as the application role, so what that may not change, a backfill may not either.

    :param batch: rows looked at and changed in one transaction, at most :data:`MOST_ROWS`.
    :param told: is called after each batch.
    :raises BackfillError: there is none of that name, or the batch is too large.
    """
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise BackfillError(f"There is no backfill {name!r} in this release; there are: {there}.")
    if not 0 < batch <= MOST_ROWS:
        raise BackfillError(f"A batch has 1 to {MOST_ROWS} rows.")
    await database.execute(_BEGIN, name)
    while True:
        async with database.connection() as connection, connection.transaction():
            progress = await _step(connection, name, known[name], batch)
        told(progress)
        if progress.done:
            return progress
        await asyncio.sleep(pause_seconds)


async def _step(connection: Connection, name: str, backfill: Backfill, batch: int) -> Progress:
    """Change one batch and write down how far it reached, in one transaction."""
    row = await connection.fetchrow(_PLACE, name)
    assert row is not None  # noqa: S101 - it was made before
    if row["done_at"] is not None:
        return Progress(row["after"], row["changed"], done=True)
    moved = await connection.fetchrow(_batch(backfill, first=row["after"] is None), name, batch, row["after"])
    assert moved is not None  # noqa: S101 - as above
    return Progress(moved["after"], moved["changed"], done=moved["done"])


def _batch(backfill: Backfill, *, first: bool) -> str:
    table, kind = backfill.table, backfill.key_type
    behind = "$3::text IS NULL" if first else f"t.id > $3::text::{kind}"
    return f"""
        WITH batch AS (SELECT t.id FROM {table} AS t WHERE {behind} ORDER BY t.id LIMIT $2),
        changed AS (
            UPDATE {table} AS t SET {backfill.change} FROM batch AS b
            WHERE t.id = b.id AND ({backfill.missing}) RETURNING 1)
        UPDATE backfills AS f SET
            after = coalesce((SELECT id::text FROM batch ORDER BY id DESC LIMIT 1), f.after),
            changed = f.changed + (SELECT count(*) FROM changed),
            updated_at = now(),
            done_at = CASE WHEN (SELECT count(*) FROM batch) < $2 THEN now() END
        WHERE f.name = $1
        RETURNING f.after, f.changed, f.done_at IS NOT NULL AS done"""  # noqa: S608 - written by us
