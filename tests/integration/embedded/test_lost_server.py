"""A pool whose server dies and comes back: 503 while it is away, and no process has to be started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from kro.core.database.embedded import EmbeddedPostgres, Role
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.pool import Database, PoolOptions

_SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


async def test_a_killed_server_is_busy_and_then_it_works_again(
    place: Path, processes: Callable[[Path], list[int]]
) -> None:
    server = EmbeddedPostgres(place / "postgres")
    cluster = server.start()
    database = await Database.connect(PoolOptions(dsn=cluster.dsn(Role.APP), size=4))
    try:
        running = [asyncio.create_task(database.value("SELECT pg_sleep(60)")) for _ in range(3)]
        while await database.value(_SLEEPING) < 3:  # noqa: ASYNC110 - the event is another program's
            await asyncio.sleep(0.01)
        for pid in processes(cluster.home / "data"):
            os.kill(pid, signal.SIGKILL)

        ended = await asyncio.gather(*running, return_exceptions=True)
        assert [type(one) for one in ended] == [DatabaseBusyError] * 3
        with pytest.raises(DatabaseBusyError):
            await database.value("SELECT 1")

        server.stop()
        server.start()
        assert [await database.value("SELECT 1") for _ in range(5)] == [1] * 5
    finally:
        await database.close()
        server.stop()


async def test_a_connection_that_is_taken_away_is_busy_and_another_one_is_opened(database: Database) -> None:
    running = asyncio.create_task(database.value("SELECT pg_sleep(60)"))
    stop = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename = user"
    while not await database.value(stop):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.01)

    with pytest.raises(DatabaseBusyError):
        await running
    assert await database.value("SELECT 1") == 1


async def test_a_mistake_of_ours_is_not_taken_for_a_lost_server(database: Database) -> None:
    with pytest.raises(Exception, match="expects 1 argument"):
        await database.value("SELECT $1::integer")


async def test_a_connection_that_the_driver_took_back_by_itself_needs_no_return(database: Database) -> None:
    class Failing:
        """The driver's pool, giving up on a return as it does when the connection's end was seen first."""

        def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
            self._pool = pool

        def get_idle_size(self) -> int:
            return self._pool.get_idle_size()

        async def acquire(self, timeout: float | None = None) -> object:  # noqa: ASYNC109 - the driver's own signature
            return await self._pool.acquire(timeout=timeout)

        async def release(self, connection: PoolConnectionProxy[asyncpg.Record], timeout: float) -> None:  # noqa: ASYNC109 - the driver's own signature
            connection.terminate()
            raise asyncpg.InternalClientError("called on a free connection holder")

    pool = database._opened
    assert pool is not None
    database._opened = Failing(pool)  # type: ignore[assignment] # all that is used of it
    try:
        assert await database.value("SELECT 1") == 1
    finally:
        database._opened = pool
    assert await database.value("SELECT 1") == 1
