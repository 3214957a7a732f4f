"""However the starting process ends, no server is left, and the next start finds the data."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from kro.core.database.embedded import EmbeddedPostgres, FolderInUseError, Role, load_cluster

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="process lists are read from /proc")

StartElsewhere = Callable[..., tuple[subprocess.Popen[str], Path]]
Processes = Callable[[Path], list[int]]
Within = Callable[[float, Callable[[], bool]], bool]


class TestKilledParent:
    def test_leaves_no_server_and_no_socket(
        self, place: Path, start_elsewhere: StartElsewhere, processes: Processes, within: Within
    ) -> None:
        parent, sockets = start_elsewhere(place / "postgres")
        data = place / "postgres" / "data"
        assert processes(data)

        parent.kill()

        assert within(30, lambda: not processes(data) and not sockets.exists())

    async def test_cuts_open_transactions_and_keeps_committed_data(
        self, place: Path, start_elsewhere: StartElsewhere, processes: Processes, within: Within
    ) -> None:
        parent, _ = start_elsewhere(place / "postgres")
        cluster = EmbeddedPostgres(place / "postgres")
        data = place / "postgres" / "data"
        connection = await asyncpg.connect(load_cluster(place / "postgres").dsn(Role.OWNER))
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
        await connection.execute("BEGIN; INSERT INTO kept VALUES (2)")

        parent.kill()

        assert within(30, lambda: not processes(data))
        connection.terminate()
        with cluster as again:
            connection = await asyncpg.connect(again.dsn(Role.OWNER))
            assert await connection.fetchval("SELECT array_agg(id) FROM kept") == [1]
            await connection.close()

    def test_removes_a_disposable_folder(self, place: Path, start_elsewhere: StartElsewhere, within: Within) -> None:
        parent, _ = start_elsewhere(place / "postgres", disposable=True)
        assert (place / "postgres").exists()

        parent.kill()

        assert within(30, lambda: not (place / "postgres").exists())

    def test_the_next_start_may_follow_at_once(self, place: Path, start_elsewhere: StartElsewhere) -> None:
        parent, _ = start_elsewhere(place / "postgres")

        parent.kill()

        with EmbeddedPostgres(place / "postgres") as cluster:
            assert Path(cluster.host).exists()


class TestKilledSupervisor:
    def test_takes_the_server_with_it(
        self, place: Path, start_elsewhere: StartElsewhere, processes: Processes, within: Within
    ) -> None:
        starter, _ = start_elsewhere(place / "postgres")
        data = place / "postgres" / "data"
        postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
        supervisor = int(Path(f"/proc/{postmaster}/stat").read_text().rsplit(")", 1)[1].split()[1])

        os.kill(supervisor, signal.SIGKILL)

        assert within(30, lambda: not processes(data))
        starter.kill()
        with EmbeddedPostgres(place / "postgres") as again:
            assert Path(again.host).exists()

    def test_is_noticed_when_the_server_dies(self, place: Path, within: Within) -> None:
        server = EmbeddedPostgres(place / "postgres")
        with server as cluster:
            postmaster = int((cluster.home / "data" / "postmaster.pid").read_text().splitlines()[0])

            os.kill(postmaster, signal.SIGKILL)

            assert within(30, lambda: not server.is_running())
        assert not Path(cluster.host).exists()


class TestSecondStart:
    def test_is_told_who_holds_the_folder(self, place: Path, start_elsewhere: StartElsewhere) -> None:
        holder, _ = start_elsewhere(place / "postgres")

        with pytest.raises(FolderInUseError) as refused:
            EmbeddedPostgres(place / "postgres", disposable=True).start()

        assert f"in use by process {holder.pid} (" in refused.value.detail
        assert "python" in refused.value.command
        assert (place / "postgres" / "data").exists()

    def test_takes_over_a_number_given_to_another_process_after_a_power_cut(self, place: Path) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            pid_file = cluster.home / "data" / "postmaster.pid"
            left = pid_file.read_bytes().split(b"\n", 1)[1]
        # A process of this very account: the case in which PostgreSQL itself refuses to start.
        with subprocess.Popen(["/bin/sleep", "60"], user=(cluster.home / "data").stat().st_uid) as other:
            pid_file.write_bytes(str(other.pid).encode() + b"\n" + left)

            with EmbeddedPostgres(place / "postgres") as again:
                assert Path(again.host).exists()
            other.kill()

    def test_takes_over_a_socket_left_behind(self, place: Path, start_elsewhere: StartElsewhere) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            sockets = Path(cluster.host)
            owner = sockets.stat()
        sockets.mkdir(mode=0o700)
        os.chown(sockets, owner.st_uid, owner.st_gid)
        (sockets / ".s.PGSQL.5432").touch()
        (sockets / ".s.PGSQL.5432.lock").write_text("99999999\n")

        with EmbeddedPostgres(place / "postgres") as again:
            assert (Path(again.host) / ".s.PGSQL.5432").is_socket()
