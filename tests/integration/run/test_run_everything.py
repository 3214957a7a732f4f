"""`kro run` as a person meets it: one process started, everything up, and nothing left however it ends."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import asyncpg
import pytest

from kro.core.database.embedded import Role, running_cluster
from kro.core.database.embedded.server import STOP_SECONDS as DATABASE_SECONDS
from kro.run.children import STOP_SECONDS

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="process lists are read from /proc")

ROOT = Path(__file__).parents[3]
# What the program gives itself to end. A first start has imported nearly everything, and letting go of that takes a
# second of a processor, of which a busy machine has little to give.
PATIENCE = STOP_SECONDS + DATABASE_SECONDS


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


class House:
    """One installation of its own: ports, data, and the processes that belong to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api, self.sandbox = free_ports(2)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("KRO_", "MAKE"))},
            "KRO_ENV": "local",
            "KRO_API_PORT": str(self.api),
            "KRO_SANDBOX_PORT": str(self.sandbox),
            "KRO_DATABASE_FOLDER": str(folder / "postgres"),
            "KRO_STORAGE_FOLDER": str(folder / "storage"),
            "KRO_TEST_HOUSE": str(folder),
        }

    def start(
        self, *command: str, ready: bool = True, environment: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.Popen[bytes]:
        with (self.folder / "out").open("wb") as out, (self.folder / "err").open("wb") as err:
            process = subprocess.Popen(
                command or [sys.executable, "-m", "kro.cli", "run"],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=out,
                stderr=err,
            )
        if ready:
            assert within(180, lambda: "Try first" in self.output or process.poll() is not None)
            assert process.poll() is None, self.errors
        return process

    @property
    def output(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def errors(self) -> str:
        return (self.folder / "err").read_text()

    def processes(self) -> list[str]:
        """Whatever still runs for this house: by its environment, or as its database by its arguments."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                marks = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if str(self.folder).encode() in marks and int(entry.name) != os.getpid():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def is_quiet(self) -> bool:
        return not self.processes() and not self.listens()

    def listens(self) -> bool:
        for port in (self.api, self.sandbox):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return True
        return False

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="kro-house-"))
    folder.chmod(0o755)
    house = House(folder)
    yield house
    assert within(PATIENCE, house.is_quiet), house.processes()
    shutil.rmtree(folder)


@pytest.mark.timeout(480)
class TestRun:
    async def test_ctrl_c_stops_everything_and_kill_leaves_nothing_and_the_data_stays(self, house: House) -> None:
        process = house.start()
        assert house.get("/health/ready") == 200
        assert house.get("/docs") == 200
        assert f"http://127.0.0.1:{house.sandbox}/inbox" in house.output
        connection = await asyncpg.connect(running_cluster(house.folder / "postgres").dsn(Role.OWNER))
        accounts = await connection.fetchval("SELECT count(*) FROM users")
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        await connection.close()
        assert accounts > 0

        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0
        assert house.is_quiet()
        assert house.errors == ""

        began = time.monotonic()
        process = house.start()
        print(f"later start: {time.monotonic() - began:.1f} s")  # noqa: T201 - a measurement, shown with -rP
        connection = await asyncpg.connect(running_cluster(house.folder / "postgres").dsn(Role.OWNER))
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        assert await connection.fetchval("SELECT count(*) FROM users") == accounts
        await connection.close()

        process.kill()
        process.wait()
        assert within(PATIENCE, house.is_quiet), house.processes()

    def test_the_end_of_one_part_is_the_end_of_all(self, house: House) -> None:
        process = house.start()
        sandbox = next(
            int(entry.parent.name)
            for entry in Path("/proc").glob("[0-9]*/cmdline")
            if b"kro_sandbox" in entry.read_bytes() and str(house.sandbox).encode() in entry.read_bytes()
        )

        os.kill(sandbox, signal.SIGKILL)

        assert process.wait(timeout=PATIENCE) == 1
        assert "The sandbox stopped with exit code -9, so everything was stopped" in house.errors
        assert house.is_quiet()

    def test_a_killed_make_takes_everything_with_it(self, house: House) -> None:
        make = house.start("/usr/bin/env", "make", "run")

        make.kill()
        make.wait()

        assert within(PATIENCE, house.is_quiet), house.processes()

    def test_a_second_start_says_who_holds_the_folder(self, house: House) -> None:
        first = house.start()
        api, sandbox = free_ports(2)

        second = house.start(ready=False, environment={"KRO_API_PORT": str(api), "KRO_SANDBOX_PORT": str(sandbox)})

        assert second.wait(timeout=PATIENCE) == 1
        assert f"is in use by process {first.pid} (" in house.errors
        first.terminate()
        assert first.wait(timeout=PATIENCE) == 0


class TestRefusals:
    def refused(self, house: House, **environment: str) -> str:
        process = house.start(ready=False, environment=environment)
        assert process.wait(timeout=PATIENCE) == 1
        assert "Traceback" not in house.errors
        assert house.is_quiet() or house.processes() == []
        return house.errors

    def test_a_taken_port_is_one_sentence(self, house: House) -> None:
        with socket.create_server(("127.0.0.1", house.api)):
            said = self.refused(house)

        assert said.count("\n") == 1
        assert said.startswith(f"Port {house.api} on 127.0.0.1 is already taken by process {os.getpid()}")

    def test_a_broken_setting_is_named(self, house: House) -> None:
        assert "app.api.port" in self.refused(house, KRO_API_PORT="many")

    def test_an_unreachable_database_is_one_sentence(self, house: House) -> None:
        [closed] = free_ports(1)
        said = self.refused(
            house,
            KRO_DATABASE_EMBEDDED="false",
            KRO_DATABASE_URL=f"postgresql://someone:some-secret@127.0.0.1:{closed}/kro",
            KRO_DATABASE_APP_USERNAME="kro_app",
            KRO_DATABASE_APP_PASSWORD="some-other-secret",
        )

        assert said.startswith("The database cannot be used: ")
        assert said.count("\n") == 1
        assert "secret" not in said

    def test_a_real_environment_is_refused(self, house: House, tmp_path: Path) -> None:
        said = self.refused(house, KRO_ENV="production")

        assert "production" in said
