"""Whether a session is what the configuration says: with its time limits, and with nobody in between unexpectedly.

A pooler either refuses what a client wants to set at its start or drops it without a word, so behind one the limits
have to belong to the role. And one that does not keep prepared statements may run the statement of another process
that gave it the same name. A process that would work so does not start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncpg

    from kro.core.database.pool import Database, PoolOptions

_ASK: Final = """
SELECT pg_is_in_recovery() AS standby, pg_backend_pid() AS pid,
       EXISTS (SELECT FROM pg_prepared_statements WHERE name LIKE 'PGBOUNCER%') AS kept,
       ARRAY(SELECT coalesce(s.setting::bigint, 0) FROM unnest($1::text[]) WITH ORDINALITY AS n (name, place)
             LEFT JOIN pg_settings AS s USING (name) ORDER BY n.place) AS limits"""


async def session_faults(database: Database) -> list[str]:
    """Return what is wrong with the sessions a pool opens, each as a part of one sentence."""
    options = database.options
    async with database.connection() as connection:
        row = await connection.fetchrow(_ASK, list(options.limits))
        assert row is not None  # noqa: S101 - a select without a table always returns one row
        # Whoever is in between gives the client a number of its own.
        return list(_faults(row, options, is_pooled=row["pid"] != connection.get_server_pid()))


def _faults(row: asyncpg.Record, options: PoolOptions, *, is_pooled: bool) -> Iterator[str]:
    if row["standby"]:
        yield "it is a standby, which takes no writes"
    if is_pooled and options.own_limits:
        yield "a pooler is in between (say so in database.pooling)"
    elif is_pooled and options.prepares and not row["kept"]:
        yield "the pooler keeps no prepared statements (set database.pooling to transaction)"
    for (name, wanted), found in zip(options.limits.items(), row["limits"], strict=True):
        if found != wanted:
            yield f"{name} is {found} ms, not {wanted} ms (ALTER ROLE kro_app SET {name} = '{wanted}ms')"
