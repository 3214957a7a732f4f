"""Migrations run beside traffic, can be killed at any moment and started again, and two at once do no harm."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bouncer import needs_pgbouncer, pgbouncer
from kro.core.database import migrate as migrating
from kro.core.database.embedded import Role
from kro.core.database.migrate import migrate
from kro.core.database.migrating import Limits, MigrationError, standing
from kro.core.database.startup import SCHEMA_REVISION
from more_migrations import Migrations, forget

Connection = Any


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Migrations]:
    more = Migrations(tmp_path / "migrations")
    monkeypatch.setattr(migrating, "_PLACES", (more.folder,))
    forget()
    yield more
    forget()


@pytest.fixture
async def connect(owner_dsn: str) -> AsyncIterator[Callable[[], Awaitable[Connection]]]:
    opened: list[Connection] = []

    async def open_one() -> Connection:
        opened.append(await asyncpg.connect(owner_dsn))
        return opened[-1]

    yield open_one
    for connection in opened:
        await connection.close()


@pytest.fixture
async def owner(connect: Callable[[], Awaitable[Connection]]) -> Connection:
    return await connect()


async def holding(connection: Connection, statement: str) -> Any:
    """Leave a transaction open that has run a statement."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(statement)
    return transaction


async def becomes(owner: Connection, question: str) -> None:
    until = time.monotonic() + 60
    while not await owner.fetchval(question):
        assert time.monotonic() < until, question
        await asyncio.sleep(0.02)


IS_WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'kro migrate' AND wait_event_type = 'Lock'
               AND datname = current_database())"""
IS_GONE = """
SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'kro migrate' AND datname = current_database())
"""
HOW_MANY_INVALID = "SELECT count(*) FROM pg_index WHERE NOT indisvalid"


class TestALockThatIsHeld:
    async def test_is_waited_for_shortly_and_asked_for_again(
        self, more: Migrations, owner_dsn: str, owner: Connection, connect: Callable[[], Awaitable[Connection]]
    ) -> None:
        added = more.add("ALTER TABLE rate_limits ADD COLUMN extra text")
        held = await holding(owner, "SELECT FROM rate_limits LIMIT 1")
        reader = await connect()
        running = asyncio.create_task(asyncio.to_thread(more.run, owner_dsn))
        await becomes(reader, IS_WAITING)

        begun = time.monotonic()
        await reader.execute("SELECT FROM rate_limits LIMIT 1")
        blocked = time.monotonic() - begun
        await held.rollback()

        assert await running == ""
        assert (await standing(owner))[0] == added
        assert 0.5 < blocked < 3.5

    async def test_for_too_long_is_one_sentence_and_nothing_is_half_done(
        self, more: Migrations, owner_dsn: str, owner: Connection
    ) -> None:
        first = more.add("ALTER TABLE users ADD COLUMN extra text")
        second = more.add("ALTER TABLE rate_limits ADD COLUMN extra text")
        held = await holding(owner, "SELECT FROM rate_limits LIMIT 1")

        told = await asyncio.to_thread(more.run, owner_dsn, tries=1)

        assert told == (
            f"Revision {first} stands; what comes after it found what it needs locked by others 1 times and was"
            " undone. Run `kro migrate` again, when there is less traffic or a long transaction is over."
        )
        await held.rollback()
        assert (await standing(owner))[0] == first
        assert await asyncio.to_thread(more.run, owner_dsn) == ""
        assert (await standing(owner))[0] == second

    async def test_of_each_migration_the_tries_are_counted_anew(
        self, more: Migrations, owner_dsn: str, owner: Connection, connect: Callable[[], Awaitable[Connection]]
    ) -> None:
        """Two migrations, each stopped once, are no migration that was stopped twice."""
        more.add("ALTER TABLE rate_limits ADD COLUMN extra text")
        last = more.add("ALTER TABLE sessions ADD COLUMN extra text")
        first = await holding(await connect(), "SELECT FROM rate_limits LIMIT 1")
        second = await holding(await connect(), "SELECT FROM sessions LIMIT 1")
        running = asyncio.create_task(asyncio.to_thread(more.run, owner_dsn, tries=2))
        for held in (first, second):
            await becomes(owner, IS_WAITING)
            await becomes(owner, f"SELECT NOT ({IS_WAITING})")
            await held.rollback()

        assert await running == ""
        assert (await standing(owner))[0] == last


class TestAKilledMigration:
    async def test_between_two_revisions_goes_on(
        self, more: Migrations, owner_dsn: str, owner: Connection, connect: Callable[[], Awaitable[Connection]]
    ) -> None:
        first = more.add("ALTER TABLE users ADD COLUMN extra text")
        second = more.add("ALTER TABLE rate_limits ADD COLUMN extra text")
        held = await holding(await connect(), "SELECT FROM rate_limits LIMIT 1")
        process = more.start(owner_dsn)
        await becomes(owner, IS_WAITING)

        process.kill()
        process.communicate()
        await held.rollback()

        assert (await standing(owner))[0] == first
        assert await asyncio.to_thread(more.run, owner_dsn) == ""
        assert (await standing(owner))[0] == second

    async def test_within_a_concurrent_index_leaves_nothing_behind(
        self, more: Migrations, owner_dsn: str, owner: Connection, connect: Callable[[], Awaitable[Connection]]
    ) -> None:
        built = more.add("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_made ON rate_limits (subject)", concurrently=True)
        held = await holding(owner, "LOCK TABLE rate_limits IN ROW EXCLUSIVE MODE")
        watching = await connect()
        process = more.start(owner_dsn)
        await becomes(watching, IS_WAITING)
        process.kill()
        process.communicate()

        # The server notices by itself that nobody waits for the index any more, and only then is the way free.
        await becomes(watching, IS_GONE)
        assert await watching.fetchval(HOW_MANY_INVALID) == 1
        await held.rollback()

        assert await asyncio.to_thread(more.run, owner_dsn) == ""
        assert await watching.fetchval(HOW_MANY_INVALID) == 0
        assert await watching.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_made'::regclass")
        assert (await standing(watching))[0] == built


class TestTwoAtOnce:
    async def test_go_one_after_the_other_also_around_a_concurrent_index(
        self, more: Migrations, owner_dsn: str, owner: Connection, connect: Callable[[], Awaitable[Connection]]
    ) -> None:
        built = more.add("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_made ON rate_limits (subject)", concurrently=True)
        held = await holding(owner, "LOCK TABLE rate_limits IN ROW EXCLUSIVE MODE")
        watching = await connect()
        both = [more.start(owner_dsn), more.start(owner_dsn)]
        await becomes(watching, IS_WAITING)
        await becomes(
            watching,
            "SELECT count(*) = 2 FROM pg_stat_activity"
            " WHERE application_name = 'kro migrate' AND datname = current_database()",
        )
        await held.rollback()

        told = [(await asyncio.to_thread(one.communicate))[1] for one in both]
        assert [one.returncode for one in both] == [0, 0], told
        assert (await standing(watching))[0] == built
        assert await watching.fetchval(HOW_MANY_INVALID) == 0

    async def test_the_second_does_not_wait_for_ever(self, owner_dsn: str, owner: Connection) -> None:
        await owner.execute("SELECT pg_advisory_lock(hashtextextended('kro migrations', 0))")

        with pytest.raises(MigrationError, match="Somebody else has been migrating"):
            await asyncio.to_thread(migrate, owner_dsn, limits=Limits(others_seconds=0.5))


class TestAMigrationThatFails:
    async def test_is_undone_and_told_with_what_stands(
        self, more: Migrations, owner_dsn: str, owner: Connection
    ) -> None:
        first = more.add("ALTER TABLE users ADD COLUMN extra text")
        more.add("CREATE TABLE half_done (id int); SELECT 1 / 0")

        told = await asyncio.to_thread(more.run, owner_dsn)

        assert told.startswith(f"Revision {first} stands, what comes after it failed and was undone: ")
        assert (await standing(owner))[0] == first
        assert await owner.fetchval("SELECT to_regclass('half_done')") is None


class TestANewerSchema:
    async def test_that_runs_this_program_is_left_as_it_is(self, owner_dsn: str, owner: Connection) -> None:
        await owner.execute("UPDATE alembic_version SET version_num = '9999', oldest_program = $1", SCHEMA_REVISION)
        # A right only the newer release knows of; an older one's grants would take it away.
        await owner.execute("CREATE TABLE newer (id int)")
        await owner.execute("GRANT INSERT ON newer TO kro_app")

        await asyncio.to_thread(migrate, owner_dsn)

        assert await owner.fetchval("SELECT has_table_privilege('kro_app', 'newer', 'INSERT')")

    async def test_that_does_not_is_refused(self, owner_dsn: str, owner: Connection) -> None:
        await owner.execute("UPDATE alembic_version SET version_num = '9999', oldest_program = '9998'")

        with pytest.raises(MigrationError, match="programs older than 9998 cannot run on it"):
            await asyncio.to_thread(migrate, owner_dsn)

    async def test_says_the_newest_demand_of_all_its_migrations(
        self, more: Migrations, owner_dsn: str, owner: Connection
    ) -> None:
        contraction = more.add("SELECT 1", oldest="9001")
        more.add("SELECT 1", oldest=SCHEMA_REVISION)

        await asyncio.to_thread(more.run, owner_dsn)

        assert contraction == f"9{int(SCHEMA_REVISION) + 1:03}"
        assert (await standing(owner))[1] == "9001"


@needs_pgbouncer
def test_a_pooler_is_refused(fresh_database: Any) -> None:
    folder = Path(tempfile.mkdtemp(prefix="kro-pgbouncer-"))
    folder.chmod(0o755)
    dsn = fresh_database.dsn(Role.OWNER)
    try:
        with (
            pgbouncer(folder, dsn, users={Role.OWNER.value: fresh_database.cluster.passwords[Role.OWNER]}) as bouncer,
            pytest.raises(MigrationError, match="to PostgreSQL itself"),
        ):
            migrate(bouncer.as_user(dsn))
    finally:
        shutil.rmtree(folder)
