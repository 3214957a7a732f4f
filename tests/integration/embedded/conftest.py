from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Starts a server, tells where its socket is, and waits to be killed.
STARTER = """
import sys, time
from pathlib import Path
from kro.core.database.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), disposable=sys.argv[2] == "disposable")
print(server.start().host, flush=True)
time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every account can reach; pytest's own are closed to the account that root drops to."""
    folder = Path(tempfile.mkdtemp(prefix="kro-embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


StartElsewhere = Callable[..., tuple[subprocess.Popen[str], Path]]


@pytest.fixture
def start_elsewhere() -> Iterator[StartElsewhere]:
    """Start a server from another process; return that process and its socket folder."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, *, disposable: bool = False) -> tuple[subprocess.Popen[str], Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTER, str(folder), "disposable" if disposable else "kept"],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def server_processes(data: Path) -> list[int]:
    """Every process of the server on a data folder, postmaster and children: they all work inside it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == data:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture
def processes() -> Callable[[Path], list[int]]:
    return server_processes


@pytest.fixture
def within() -> Callable[[float, Callable[[], bool]], bool]:
    """Wait until something becomes true, at most so many seconds."""

    def wait(seconds: float, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.02)
        return condition()

    return wait
