from __future__ import annotations

import asyncio
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from kro.core.database.embedded import (
    BinariesNotFoundError,
    Cluster,
    EmbeddedPostgres,
    EmbeddedPostgresError,
    NotRunningError,
    OtherMajorVersionError,
    Role,
    find_binaries,
    load_cluster,
    running_cluster,
)


async def fetch(cluster: Cluster, role: Role, query: str, database: str = "kro") -> object:
    connection = await asyncpg.connect(cluster.dsn(role, database))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="kro-embedded-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder, disposable=True) as cluster:
        yield cluster


class TestServer:
    async def test_it_keeps_data_and_passwords_between_starts(self, place: Path) -> None:
        server = EmbeddedPostgres(place / "postgres")
        with server as first:
            await fetch(first, Role.OWNER, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert not server.is_running()

        with server as second:
            assert server.is_running()
            assert await fetch(second, Role.OWNER, "SELECT answer FROM kept") == 42
            assert second == first

    def test_it_leaves_no_process_and_no_socket_after_stop(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            assert list(Path(cluster.host).glob(".s.PGSQL.*"))

        assert not Path(cluster.host).exists()
        assert not (place / "postgres" / "data" / "postmaster.pid").exists()

    async def test_durability_utf8_and_utc_are_on_and_cannot_be_overruled_by_a_file(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            connection = await asyncpg.connect(cluster.dsn(Role.ADMIN))
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                await connection.execute(f"ALTER SYSTEM SET {setting} = off")
            await connection.execute("SELECT pg_reload_conf()")
            await connection.close()
        with EmbeddedPostgres(place / "postgres") as cluster:
            settings = {
                name: await fetch(cluster, Role.APP, f"SHOW {name}")
                for name in ("fsync", "full_page_writes", "synchronous_commit", "TimeZone", "server_encoding")
            }

        assert settings == {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "TimeZone": "UTC",
            "server_encoding": "UTF8",
        }

    async def test_a_disposable_one_removes_everything(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres", disposable=True) as cluster:
            assert await fetch(cluster, Role.APP, "SELECT 1") == 1

        assert not (place / "postgres").exists()

    async def test_another_process_finds_the_way_in(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            assert load_cluster(cluster.home) == cluster
            assert await fetch(running_cluster(place / "postgres"), Role.APP, "SELECT 1") == 1

    def test_a_server_that_is_not_running_is_not_found(self, place: Path) -> None:
        with pytest.raises(NotRunningError):
            running_cluster(place / "never")
        with EmbeddedPostgres(place / "postgres"):
            pass

        with pytest.raises(NotRunningError, match="start it with `make run`"):
            running_cluster(place / "postgres")

    def test_passwords_are_generated_private_and_never_shown(self, place: Path) -> None:
        with EmbeddedPostgres(place / "one") as one, EmbeddedPostgres(place / "two") as two:
            assert len({*one.passwords.values(), *two.passwords.values()}) == 6
            assert stat.S_IMODE((one.home / "cluster.json").stat().st_mode) == 0o600
            assert not any(password in repr(one) for password in one.passwords.values())

    def test_a_folder_of_another_major_version_is_refused_in_one_sentence(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            version = cluster.home / "data" / "PG_VERSION"
        version.write_text("13\n")

        with pytest.raises(OtherMajorVersionError, match="was made by PostgreSQL 13 and cannot be opened by"):
            EmbeddedPostgres(place / "postgres").start()

    def test_a_server_that_does_not_start_says_why(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            settings = cluster.home / "data" / "postgresql.conf"
        settings.write_text("no_such_setting = on\n")

        with pytest.raises(EmbeddedPostgresError, match=r"did not start: .*log is .*postgresql\.log"):
            EmbeddedPostgres(place / "postgres").start()

    def test_lost_passwords_are_named(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            pass
        (cluster.home / "cluster.json").unlink()

        with pytest.raises(EmbeddedPostgresError, match=r"cluster\.json cannot be read"):
            EmbeddedPostgres(place / "postgres").start()


class TestRoles:
    async def test_the_application_owns_nothing_and_cannot_create(self, cluster: Cluster) -> None:
        owned = await fetch(
            cluster,
            Role.ADMIN,
            "SELECT count(*) FROM pg_shdepend WHERE refobjid = 'kro_app'::regrole AND deptype = 'o'",
        )
        assert owned == 0

        for statement in ("CREATE TABLE mine (id int)", "CREATE SCHEMA mine", "CREATE TEMP TABLE mine (id int)"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await fetch(cluster, Role.APP, statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(cluster, Role.APP, "CREATE DATABASE mine")

    async def test_the_application_sees_only_what_the_owner_grants(self, cluster: Cluster) -> None:
        await fetch(cluster, Role.OWNER, "CREATE TABLE secrets AS SELECT 1 AS id")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(cluster, Role.APP, "SELECT id FROM secrets")

        await fetch(cluster, Role.OWNER, "GRANT SELECT ON secrets TO kro_app")

        assert await fetch(cluster, Role.APP, "SELECT id FROM secrets") == 1

    async def test_neither_role_is_a_superuser(self, cluster: Cluster) -> None:
        powers = (
            "SELECT bool_or(rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls) FROM pg_roles WHERE rolname = "
        )

        assert await fetch(cluster, Role.ADMIN, f"{powers}'kro_owner'") is False
        assert await fetch(cluster, Role.ADMIN, f"{powers}'kro_app'") is False
        assert await fetch(
            cluster, Role.ADMIN, "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'kro'"
        ) == ("kro_owner")

    async def test_a_wrong_password_is_refused(self, cluster: Cluster) -> None:
        stranger = Cluster(
            home=cluster.home, host=cluster.host, port=cluster.port, passwords=dict.fromkeys(Role, "guess")
        )

        with pytest.raises(asyncpg.InvalidPasswordError):
            await fetch(stranger, Role.APP, "SELECT 1")

    async def test_databases_made_later_have_the_same_schema_rights(self, cluster: Cluster) -> None:
        await fetch(cluster, Role.OWNER, "CREATE DATABASE later")

        await fetch(cluster, Role.OWNER, "CREATE TABLE fine (id int)", "later")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fetch(cluster, Role.APP, "CREATE TABLE mine (id int)", "later")


class TestBinaries:
    def test_the_first_candidate_that_runs_is_taken(self, place: Path) -> None:
        real = find_binaries()

        assert find_binaries([place / "nowhere", real.folder]) == real

    def test_older_ones_are_passed_over(self, place: Path) -> None:
        old = place / "old"
        old.mkdir()
        (old / "initdb").touch()
        (old / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 13.4'\n")
        (old / "postgres").chmod(0o755)

        with pytest.raises(BinariesNotFoundError, match="No PostgreSQL 14 or newer was found"):
            find_binaries([old])

    def test_the_system_installation_serves_as_well(self, place: Path) -> None:
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not installed:
            pytest.skip("no PostgreSQL is installed on this system")

        with EmbeddedPostgres(place / "postgres", find=lambda: find_binaries([installed[-1].parent])) as cluster:
            assert asyncio.run(fetch(cluster, Role.APP, "SELECT 1")) == 1
