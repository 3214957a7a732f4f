"""Several hosts in one address: the one that answers and takes writes is found, whatever the others do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from kro.core.database.embedded import Role
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.hosts import connect
from kro.core.database.limits import session_faults
from kro.core.database.pool import Database, PoolOptions


@pytest.fixture
def silent(place: Path) -> Iterator[Path]:
    """A host that lets everybody in and never says a word, as one whose machine has stopped."""
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(place / ".s.PGSQL.5432"))
        listening.listen(64)
        yield place


def among(fresh_database: Any, *others: Path) -> str:
    """Name some hosts before the one that works."""
    url = urlsplit(fresh_database.dsn(Role.APP))
    hosts = ",".join([*map(str, others), fresh_database.cluster.host])
    return f"postgresql://{url.netloc}{url.path}?host={hosts}&port=5432&target_session_attrs=read-write"


async def test_a_host_that_is_silent_does_not_use_up_the_time_for_the_others(fresh_database: Any, silent: Path) -> None:
    options = PoolOptions(dsn=among(fresh_database, silent), size=4, wait_seconds=10)
    database = await Database.connect(options)

    async with asyncio.timeout(10):
        assert await asyncio.gather(*(database.value("SELECT 1") for _ in range(4))) == [1] * 4

    await database.close()


async def test_a_host_that_is_down_is_passed_over(fresh_database: Any, tmp_path: Path) -> None:
    connection = await connect(among(fresh_database, tmp_path))

    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_hosts_that_are_all_down_are_one_that_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await connect(f"postgresql://x:y@/kro?host={tmp_path},{tmp_path}")


async def test_hosts_that_take_no_writes_are_unreachable(
    fresh_database: Any, superuser: Database, tmp_path: Path
) -> None:
    await superuser.execute(f'ALTER DATABASE "{fresh_database.name}" SET default_transaction_read_only = on')
    twice = among(fresh_database, Path(fresh_database.cluster.host))

    with pytest.raises(OSError, match="none of the hosts takes writes"):
        await connect(twice)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(twice.replace(fresh_database.cluster.passwords[Role.APP], "wrong"))


async def test_a_connection_to_what_has_become_a_standby_is_left(app_dsn: str) -> None:
    database = await Database.connect(PoolOptions(dsn=app_dsn, size=1))
    write = "INSERT INTO user_roles (code, audience, title, permissions) VALUES ('x', 'user', 'X', '{}')"
    await database.execute("SET default_transaction_read_only = on")

    with pytest.raises(DatabaseBusyError):
        await database.execute(write)
    assert await database.execute(write) == 1

    await database.close()


async def test_a_server_that_lets_nobody_in_is_busy(fresh_database: Any, app_dsn: str, postgres: Any) -> None:
    database = await Database.connect(PoolOptions(dsn=app_dsn, size=2))
    admin = await connect(postgres.dsn(Role.ADMIN, "postgres"))
    for allowed in ("false", "true"):
        async with database.connection():
            await admin.execute(f'ALTER DATABASE "{fresh_database.name}" ALLOW_CONNECTIONS {allowed}')
            if allowed == "false":
                with pytest.raises(DatabaseBusyError):
                    await database.value("SELECT 1")
            else:
                assert await database.value("SELECT 1") == 1
    await admin.close()
    await database.close()


class TestLimits:
    async def test_of_a_session_that_set_its_own_nothing_is_missing(self, database: Database) -> None:
        assert await session_faults(database) == []

    async def test_behind_a_pooler_the_role_must_have_them(
        self, fresh_database: Any, app_dsn: str, superuser: Database
    ) -> None:
        options = PoolOptions(dsn=app_dsn, size=1, own_limits=False, lock_timeout_seconds=2.5)
        pooled = await Database.connect(options)
        faults = await session_faults(pooled)
        await pooled.close()
        mends = [fault.partition("(")[2].rstrip(")") for fault in faults]

        assert faults[0] == "lock_timeout is 0 ms, not 2500 ms (ALTER ROLE kro_app SET lock_timeout = '2500ms')"
        assert len(mends) == 3
        for mend in mends:
            # In this database alone, for others share the server.
            await superuser.execute(mend.replace(" SET", f' IN DATABASE "{fresh_database.name}" SET'))
        pooled = await Database.connect(options)
        assert await session_faults(pooled) == []
        await pooled.close()
