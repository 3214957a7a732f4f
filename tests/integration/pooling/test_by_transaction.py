"""Many clients share two server connections by transaction, and nobody gets what is another's."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bouncer import Bouncer, keeps_statements, needs_pgbouncer, pgbouncer
from kro.core.database.embedded import Role
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.limits import session_faults
from kro.core.database.pool import Database, PoolOptions
from kro.core.realtime.bus import Signal
from kro.core.realtime.postgres import PostgresRealtimeBus

pytestmark = needs_pgbouncer


@pytest.fixture
def bouncer(fresh_database: Any) -> Iterator[Bouncer]:
    folder = Path(tempfile.mkdtemp(prefix="kro-pgbouncer-"))
    folder.chmod(0o755)
    own = {"max_prepared_statements": 50} if keeps_statements() else {}
    users = {Role.APP.value: fresh_database.cluster.passwords[Role.APP]}
    with pgbouncer(folder, fresh_database.dsn(Role.APP), users=users, default_pool_size=2, **own) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def options(bouncer: Bouncer, app_dsn: str) -> PoolOptions:
    return PoolOptions(
        dsn=bouncer.as_user(app_dsn), direct_dsn=app_dsn, size=10, wait_seconds=30, own_limits=False, prepares=False
    )


@pytest.fixture
async def pooled(options: PoolOptions) -> AsyncIterator[Database]:
    database = await Database.connect(options)
    yield database
    await database.close()


async def mixed(database: Database, rounds: int) -> None:
    """Ask what differs in text, in types and in what it wants, all at once."""

    async def number(n: int) -> None:
        assert await database.value("SELECT $1::bigint + 1", n) == n + 1

    async def text(n: int) -> None:
        assert await database.value("SELECT $1::text || '!'", str(n)) == f"{n}!"

    async def document(n: int) -> None:
        assert await database.value("SELECT $1::jsonb -> 'n'", {"n": n}) == n

    async def transaction(n: int) -> None:
        async with database.connection() as connection, connection.transaction():
            await connection.execute(f"SET LOCAL statement_timeout = '{1000 + n}ms'")
            assert await connection.fetchval("SELECT pg_sleep(0.001)::text || $1::text", "x") == "x"
            own = await connection.fetchval("SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'")
            assert own == 1000 + n

    await asyncio.gather(*(ask(n) for n in range(rounds) for ask in (number, text, document, transaction)))


async def test_everybody_gets_their_own_answer(pooled: Database, owner_database: Database) -> None:
    await mixed(pooled, 100)

    sharing = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'kro_app' AND datname = current_database()"
    assert await owner_database.value(sharing) == 2


async def test_with_prepared_statements_it_takes_a_pooler_that_keeps_them(bouncer: Bouncer, app_dsn: str) -> None:
    database = await Database.connect(
        PoolOptions(dsn=bouncer.as_user(app_dsn), size=10, wait_seconds=30, own_limits=False)
    )
    faults = await session_faults(database)
    try:
        if keeps_statements():
            assert len(faults) == 3
            await mixed(database, 100)
        else:
            assert faults[0] == "the pooler keeps no prepared statements (set database.pooling to transaction)"
            with pytest.raises((asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)):
                await mixed(database, 100)
    finally:
        await database.close()


async def test_limits_of_the_role_are_in_force(pooled: Database, fresh_database: Any, superuser: Database) -> None:
    assert len(await session_faults(pooled)) == 3
    for name, milliseconds in pooled.options.limits.items():
        where = f'ALTER ROLE kro_app IN DATABASE "{fresh_database.name}"'
        await superuser.execute(f"{where} SET {name} = '{milliseconds}ms'")
    # The pooler's connections are older than the role's limits.
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kro_app' AND datname = $1"
    await superuser.execute(ending, fresh_database.name)

    async with asyncio.timeout(30):
        while await faults_or_busy(pooled):  # noqa: ASYNC110 - another program's connections have no event
            await asyncio.sleep(0.1)


async def faults_or_busy(database: Database) -> bool:
    try:
        return bool(await session_faults(database))
    except (DatabaseBusyError, asyncpg.PostgresConnectionError):
        return True


async def test_a_pooler_that_nobody_spoke_of_is_seen(options: PoolOptions) -> None:
    database = await Database.connect(replace(options, own_limits=False, prepares=True))
    database.options = replace(options, own_limits=True)
    try:
        assert (await session_faults(database))[0] == "a pooler is in between (say so in database.pooling)"
    finally:
        await database.close()


async def test_what_a_session_would_set_at_its_start_is_refused_by_the_pooler(bouncer: Bouncer, app_dsn: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match="unsupported startup parameter"):
        await Database.connect(PoolOptions(dsn=bouncer.as_user(app_dsn), size=1))


async def test_a_pooler_that_is_gone_is_busy_and_then_it_works_again(bouncer: Bouncer, pooled: Database) -> None:
    running = asyncio.create_task(pooled.value("SELECT pg_sleep(60)"))
    await asyncio.sleep(0.2)
    bouncer.kill()

    with pytest.raises(DatabaseBusyError):
        await running
    with pytest.raises(DatabaseBusyError):
        await pooled.value("SELECT 1")
    bouncer.start()
    assert [await pooled.value("SELECT 1") for _ in range(3)] == [1] * 3


async def test_news_are_heard_past_the_pooler(pooled: Database, options: PoolOptions) -> None:
    class Hearing:
        def __init__(self) -> None:
            self.began, self.heard = asyncio.Event(), asyncio.Event()

        async def resumed(self) -> None:
            self.began.set()

        async def deliver(self, news: object) -> None:
            self.heard.set()

    bus, hearing = PostgresRealtimeBus(database=pooled, options=options), Hearing()
    listening = asyncio.create_task(bus.run(hearing))
    async with asyncio.timeout(30):
        await hearing.began.wait()
        await bus.publish(Signal(users=(), event="order.event", data={}))
        await hearing.heard.wait()

    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_peer_that_falls_silent_is_noticed_by_the_kernel(pooled: Database) -> None:
    async with pooled.connection() as connection:
        own = connection._con._transport.get_extra_info("socket")  # type: ignore[union-attr]
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
