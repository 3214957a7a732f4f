"""Nothing starts on a database that could lose money, or whose ledger the program itself could alter."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from rich.console import Console

from kro.bootstrap import build
from kro.core.config import Settings
from kro.core.database.embedded import Cluster, EmbeddedPostgres, Role, server
from kro.core.database.migrate import migrate
from kro.core.database.pool import Database, PoolOptions
from kro.core.database.startup import SCHEMA_REVISION, DatabaseRefusedError, require_sound
from kro.run import doctor, serve
from kro.run.errors import DatabaseUnreachableError
from kro.worker import run_worker
from kro_api import settings_for

TOLD: Any = pytest.raises(DatabaseRefusedError)


@pytest.fixture
async def admin(postgres: Cluster, fresh_database: Any) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(postgres.dsn(Role.ADMIN, fresh_database.name))
    yield connection
    await connection.close()


@pytest.fixture
def settings(postgres: Cluster, fresh_database: Any) -> Settings:
    return settings_for(postgres, fresh_database.name)


async def faults(dsn: str) -> tuple[str, ...]:
    """Return what a process that starts anew would be told."""
    database = await Database.connect(PoolOptions(dsn=dsn, size=1))
    try:
        await require_sound(database)
    except DatabaseRefusedError as refused:
        return refused.faults
    finally:
        await database.close()
    return ()


class TestFaults:
    async def test_of_the_database_as_it_is_made_there_are_none(self, app_dsn: str) -> None:
        assert await faults(app_dsn) == ()

    async def test_commits_that_do_not_wait_for_the_disk(
        self, app_dsn: str, admin: asyncpg.Connection[asyncpg.Record]
    ) -> None:
        name = await admin.fetchval("SELECT current_database()")
        await admin.execute(f"ALTER ROLE kro_app IN DATABASE {name} SET synchronous_commit = off")

        assert await faults(app_dsn) == ("synchronous_commit is off",)

    async def test_another_revision(self, app_dsn: str, owner_dsn: str) -> None:
        await asyncio.to_thread(migrate, owner_dsn, revision="base")
        await asyncio.to_thread(migrate, owner_dsn, revision="0001")

        (fault,) = await faults(app_dsn)

        assert fault == f"its schema is at revision 0001, this program needs {SCHEMA_REVISION} (run `kro migrate`)"

    async def test_no_schema_at_all(self, app_dsn: str, owner_dsn: str) -> None:
        await asyncio.to_thread(migrate, owner_dsn, revision="base")

        (fault,) = await faults(app_dsn)

        assert fault == f"it has no schema, this program needs {SCHEMA_REVISION} (run `kro migrate`)"

    @pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
    async def test_a_role_that_owns_the_ledger(self, postgres: Cluster, fresh_database: Any, role: Role) -> None:
        (fault,) = await faults(postgres.dsn(role, fresh_database.name))

        assert fault.startswith(f"the role {role} owns ")

    async def test_a_single_table_of_its_own(self, app_dsn: str, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        await admin.execute("ALTER TABLE ledger_entries OWNER TO kro_app")

        (fault,) = await faults(app_dsn)

        assert fault == "the role kro_app owns 1 tables, so it could switch their protection off"

    async def test_a_right_to_write_the_ledger(self, app_dsn: str, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        await admin.execute("GRANT UPDATE ON ledger_entries TO kro_app")

        assert await faults(app_dsn) == ("the role kro_app may write to ledger_entries past the posting function",)

    @pytest.mark.parametrize("table", ["kro_balance", "ledger_entries", "ledger_journals"])
    @pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "UPDATE (id)"])
    async def test_each_right_on_each_table_of_the_ledger(
        self, app_dsn: str, admin: asyncpg.Connection[asyncpg.Record], table: str, right: str
    ) -> None:
        await admin.execute(f"GRANT {right} ON {table} TO kro_app")

        assert await faults(app_dsn) == (f"the role kro_app may write to {table} past the posting function",)

    async def test_guards_that_were_switched_off(self, app_dsn: str, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        await admin.execute("ALTER TABLE ledger_entries DISABLE TRIGGER append_only")

        assert await faults(app_dsn) == ("triggers are switched off on ledger_entries",)

    async def test_a_session_that_no_guard_sees(self, app_dsn: str, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        name = await admin.fetchval("SELECT current_database()")
        await admin.execute(f"ALTER ROLE kro_app IN DATABASE {name} SET session_replication_role = replica")

        assert await faults(app_dsn) == ("session_replication_role is replica, which silences every trigger",)


SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class TestAServerThatRisksItsData:
    @pytest.fixture
    def careless(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
        for name in SETTINGS:
            monkeypatch.setitem(server._SETTINGS, name, "off")
        folder = Path(tempfile.mkdtemp(prefix="kro-careless-"))
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder, disposable=True)
        try:
            yield postgres.start()
        finally:
            postgres.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def test_is_told_everything_at_once(self, careless: Cluster) -> None:
        migrate(careless.dsn(Role.OWNER))

        found = asyncio.run(faults(careless.dsn(Role.APP)))

        assert found == ("fsync is off", "full_page_writes is off", "synchronous_commit is off")

    @pytest.mark.parametrize("command", ["serve", "worker"])
    def test_is_one_sentence_and_a_failure_on_the_command_line(self, careless: Cluster, command: str) -> None:
        migrate(careless.dsn(Role.OWNER))

        ended = subprocess.run(
            [sys.executable, "-m", "kro.cli", command],
            env=environment(careless),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        told = "The database cannot be entrusted with money: " + "; ".join(f"{name} is off" for name in SETTINGS)
        assert (ended.returncode, ended.stderr) == (1, f"{told}.\n")


def environment(cluster: Cluster) -> dict[str, str]:
    """Return what points a command at a cluster, and nothing of our own environment's."""
    where = urlsplit(cluster.dsn(Role.OWNER))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KRO_", "NODE_"))}
    return kept | {
        "KRO_ENV": "test",
        "KRO_DATABASE_EMBEDDED": "false",
        "KRO_DATABASE_URL": f"postgresql://{where.path}?{where.query}",
        "KRO_DATABASE_OWNER_USERNAME": Role.OWNER.value,
        "KRO_DATABASE_OWNER_PASSWORD": cluster.passwords[Role.OWNER],
        "KRO_DATABASE_APP_USERNAME": Role.APP.value,
        "KRO_DATABASE_APP_PASSWORD": cluster.passwords[Role.APP],
    }


class TestNothingStarts:
    @pytest.fixture(autouse=True)
    async def spoilt(self, admin: asyncpg.Connection[asyncpg.Record]) -> None:
        await admin.execute("GRANT DELETE ON ledger_entries TO kro_app")

    async def test_the_application(self, settings: Settings) -> None:
        application = build(settings)

        with TOLD:
            await application.open()
        with pytest.raises(RuntimeError, match="not open"):
            await application.database.value("SELECT 1")

    async def test_the_worker(self, settings: Settings) -> None:
        with TOLD:
            await run_worker(build(settings), settings.worker)

    def test_the_api(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("uvicorn.Config.bind_socket", lambda *_, **__: pytest.fail("it was started"))

        with TOLD:
            serve.serve(settings)

    def test_the_doctor_says_why(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(doctor, "load_settings", lambda: settings)
        console = Console(record=True, width=200)

        assert doctor.examine(console) is False

        told = console.export_text()
        assert "ok   Database: answers to kro_app" in told
        assert "FAIL Database role: the role kro_app may write to ledger_entries" in told
        assert f"ok   Database schema: revision {SCHEMA_REVISION}" in told


def test_a_database_that_is_gone_is_one_sentence(settings: Settings) -> None:
    gone = settings.database.model_copy(update={"url": None, "host": "127.0.0.1", "port": 1})

    with pytest.raises(DatabaseUnreachableError):
        serve.serve(settings.model_copy(update={"database": gone}))
