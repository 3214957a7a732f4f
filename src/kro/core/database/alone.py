"""Work that an operator starts by hand, and of which there is to be one at a time on a database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from kro.core.database.hosts import connect
from kro.core.database.pool import PoolOptions
from kro.core.errors import ErrorKind, KroError

_TAKE: Final = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_HOLDER: Final = """
SELECT to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since,
       coalesce(host(a.client_addr), 'this machine') AS place
FROM pg_stat_activity AS a WHERE a.application_name = $1 AND a.datname = current_database()
     AND a.pid <> pg_backend_pid() ORDER BY a.backend_start LIMIT 1"""


class AnotherRunsError(KroError):
    """The same is being done on this database already."""

    kind = ErrorKind.CONFLICT
    code = "another_runs"

    def __init__(self, work: str, *, since: str | None, place: str | None) -> None:
        holder = f" since {since} UTC, from {place}" if since else ""
        super().__init__(f"Another `{work}` runs on this database{holder}. Nothing was done; wait for its end.")


@asynccontextmanager
async def alone(options: PoolOptions, work: str) -> AsyncIterator[None]:
    """Do something while nobody else does the same on this database.

    The lock belongs to a session of its own, past any pooler, and ends with it: a killed process leaves none behind. It
    keeps operators apart, no more; that nothing is written twice is for what is done under it.

    :param work: how it is started: ``kro import``.
    :raises AnotherRunsError: somebody else does, saying since when and from where.
    """
    connection = await connect(
        options.direct_dsn or options.dsn, ssl=options.ssl, server_settings={"application_name": work}
    )
    try:
        if not await connection.fetchval(_TAKE, work):
            holder = await connection.fetchrow(_HOLDER, work)
            since, place = (holder["since"], holder["place"]) if holder else (None, None)
            raise AnotherRunsError(work, since=since, place=place)
        yield
    finally:
        await connection.close()
