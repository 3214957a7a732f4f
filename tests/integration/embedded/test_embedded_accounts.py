"""Root never runs the server, never opens what is closed, and an ordinary user gets the same."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kro.core.database.embedded import (
    EmbeddedPostgres,
    FolderNotOursError,
    NoServerAccountError,
    find_binaries,
    running_cluster,
)
from kro.core.database.embedded.account import choose_account
from kro.core.database.embedded.binaries import Binaries

Processes = Callable[[Path], list[int]]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changing the account needs root")

START_AND_STOP = """
import os, sys
from pathlib import Path
from kro.core.database.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as cluster:
    print(os.geteuid(), (cluster.home / "data").stat().st_uid, cluster.home)
"""


@needs_root
class TestRoot:
    def test_drops_to_an_existing_account(self, place: Path, processes: Processes) -> None:
        with EmbeddedPostgres(place / "postgres") as cluster:
            owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes(cluster.home / "data")}

        assert len(owners) == 1
        assert pwd.getpwuid(owners.pop()).pw_name in {"postgres", "nobody"}

    def test_prefers_postgres_then_nobody_then_refuses(self, place: Path) -> None:
        assert choose_account(place / "none", names=("no-such-account", "nobody")).uid == pwd.getpwnam("nobody").pw_uid

        with pytest.raises(NoServerAccountError):
            choose_account(place / "none", names=("no-such-account", "root"))

    def test_stays_with_the_owner_of_existing_data(self, place: Path) -> None:
        nobody = pwd.getpwnam("nobody")
        (place / "data").mkdir()
        os.chown(place / "data", nobody.pw_uid, nobody.pw_gid)

        assert choose_account(place / "data").uid == nobody.pw_uid


@needs_root
class TestClosedClone:
    @pytest.fixture
    def closed(self, place: Path) -> Path:
        """A clone as below /root: nobody but root gets through."""
        (place / "closed").mkdir(mode=0o700)
        return place / "closed"

    @pytest.fixture
    def closed_binaries(self, closed: Path) -> Binaries:
        real = find_binaries()
        (closed / "packages").symlink_to(real.folder.parents[2])
        inside = real.folder.relative_to(real.folder.parents[2])
        return Binaries(folder=closed / "packages" / inside, major=real.major)

    def test_data_and_programs_move_to_a_reachable_place_and_nothing_is_opened(
        self, place: Path, closed: Path, closed_binaries: Binaries
    ) -> None:
        server = EmbeddedPostgres(
            closed / "postgres", find=lambda: closed_binaries, state=place / "state", cache=place / "cache"
        )

        with server as first:
            pass
        with server as second:
            assert running_cluster(closed / "postgres", state=place / "state") == second

        assert first.home.parent == place / "state"
        assert second == first
        assert [path.name.split("-")[0] for path in (place / "cache").iterdir()] == ["postgresql"]
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert not (closed / "postgres" / "data").exists()

    def test_a_disposable_one_leaves_neither_place_behind(self, place: Path, closed: Path) -> None:
        with EmbeddedPostgres(closed / "postgres", disposable=True, state=place / "state"):
            pass

        assert not (closed / "postgres").exists()
        assert list((place / "state").iterdir()) == []


@needs_root
class TestOrdinaryUser:
    @pytest.fixture
    def own(self, place: Path) -> Path:
        nobody = pwd.getpwnam("nobody")
        (place / "own").mkdir()
        os.chown(place / "own", nobody.pw_uid, nobody.pw_gid)
        return place / "own"

    def run_as_nobody(self, folder: Path) -> subprocess.CompletedProcess[str]:
        source = Path(__file__).parents[3] / "src"
        packages = find_binaries().folder.parents[2]
        as_nobody = [
            "setpriv",
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
            "env",
            "-i",
            "PATH=/usr/bin:/bin",
        ]
        for python in (sys.executable, "/usr/bin/python3"):
            command = [*as_nobody, f"PYTHONPATH={source}:{packages}", python, "-c"]
            able = "import sys, kro.core.database.embedded; sys.exit(sys.version_info < (3, 11))"
            probe = subprocess.run([*command, able], cwd="/", capture_output=True, check=False)
            if probe.returncode == 0:
                return subprocess.run(
                    [*command, START_AND_STOP, str(folder)], cwd="/", capture_output=True, text=True, check=False
                )
        pytest.skip("no Python and clone here that an ordinary user can reach")

    def test_runs_the_server_as_himself(self, own: Path) -> None:
        done = self.run_as_nobody(own / "postgres")

        nobody = pwd.getpwnam("nobody").pw_uid
        assert (done.stdout.strip(), done.stderr) == (f"{nobody} {nobody} {own / 'postgres'}", "")

    def test_is_told_when_the_folder_is_not_his(self, own: Path) -> None:
        with EmbeddedPostgres(own / "postgres"):
            pass

        done = self.run_as_nobody(own / "postgres")

        assert FolderNotOursError(own / "postgres").detail in done.stderr.splitlines()[-1]
