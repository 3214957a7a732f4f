"""The API and the worker as processes of their own, on one database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson

from benchmarks.checkouts import ROOT
from kro.core.database.embedded import Cluster, Role
from kro.core.database.embedded.cluster import DATABASE

_START_SECONDS: Final = 240.0
_STOP_SECONDS: Final = 30.0
_GLANCE_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Program:
    """The API's port, a folder for logs and files, and the database: its server and its name there."""

    cluster: Cluster
    port: int
    folder: Path
    database: str = DATABASE
    settings: Mapping[str, object] = field(default_factory=dict)
    """What differs from the test configuration."""
    source: Path = ROOT
    """The checkout whose program is run, with this environment's libraries."""

    def environment(self) -> dict[str, str]:
        """Return the test configuration, led to this database."""
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        (config / "test.json").write_bytes(orjson.dumps(self.settings))
        owner, app = (urlsplit(self.cluster.dsn(role, self.database)) for role in (Role.OWNER, Role.APP))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KRO_", "NODE_"))}
        return kept | {
            "PYTHONPATH": str(self.source / "src"),
            "KRO_ENV": "test",
            "KRO_CONFIG_DIR": str(config),
            "KRO_API_PORT": str(self.port),
            # Clients that want addresses of their own say so, as they would behind a proxy.
            "KRO_TRUSTED_PROXIES": '["127.0.0.1/32"]',
            "KRO_DATABASE_EMBEDDED": "false",
            "KRO_DATABASE_URL": f"postgresql://{owner.path}?{owner.query}",
            "KRO_DATABASE_OWNER_USERNAME": owner.username or "",
            "KRO_DATABASE_OWNER_PASSWORD": owner.password or "",
            "KRO_DATABASE_APP_USERNAME": app.username or "",
            "KRO_DATABASE_APP_PASSWORD": app.password or "",
            "KRO_STORAGE_FOLDER": str(self.folder / "storage"),
        }


@contextmanager
def serving(program: Program) -> Iterator[int]:
    """Run the API, healthy; yields its process id.

    :raises RuntimeError: when it does not become so.
    """
    with _process(program, "serve", "--port", str(program.port)) as pid:
        until = time.monotonic() + _START_SECONDS
        while not is_healthy(program.port):
            if time.monotonic() > until:
                raise RuntimeError((program.folder / "serve.log").read_text()[-2000:])
            time.sleep(0.1)
        yield pid


def cold_start(program: Program) -> float:
    """Return the seconds from starting the API to its first answer that it is ready."""
    begun = time.monotonic()
    with _process(program, "serve", "--port", str(program.port)):
        while not is_healthy(program.port):
            if time.monotonic() > begun + _START_SECONDS:
                raise RuntimeError((program.folder / "serve.log").read_text()[-2000:])
            time.sleep(_GLANCE_SECONDS)
        return time.monotonic() - begun


def memory_of(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    [line] = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000


@contextmanager
def working(program: Program) -> Iterator[None]:
    """Run a worker."""
    with _process(program, "worker"):
        yield


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _process(program: Program, *arguments: str) -> Iterator[int]:
    with (program.folder / f"{arguments[0]}.log").open("ab") as log:
        command = [sys.executable, "-m", "kro.cli", *arguments, "--exit-with-parent", str(os.getpid())]
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, env=program.environment(), cwd=program.source, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(timeout=_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_healthy(port: int) -> bool:
    """Whether the server on this port says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except (urllib.error.URLError, OSError):
        return False
