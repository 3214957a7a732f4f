"""The real processes of one installation: started, killed without a word, and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2
from tests.crash.pair import Pair
from tests.crash.settings import ROOT, Control, Plan, environment, write_configuration

from kro.core.database.embedded import Cluster, EmbeddedPostgres, Role

API_PROCESSES: Final = 2
_PAUSE_SECONDS: Final = 0.02
_PROC: Final = Path("/proc")


class NotBackError(Exception):
    """Something that was killed did not come back in time."""


@dataclass(slots=True)
class Process:
    """One program under this interpreter; what it prints is kept over all its lives."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                [sys.executable, "-m", *self.arguments, "--exit-with-parent", str(os.getpid())],
                cwd=ROOT, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid

    def is_dead(self) -> bool:
        return self.running is None or self.running.poll() is not None

    def kill(self) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.wait()

    def stop(self, *, patience_seconds: float = 10.0) -> None:
        if self.running is None:
            return
        self.running.terminate()
        try:
            self.running.wait(timeout=patience_seconds)
        except subprocess.TimeoutExpired:
            self.kill()


class House:
    """Database, API, worker and sandbox of one run. The sandbox is the world outside and never dies."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        api, sandbox = _free_ports(2)
        self.api_url, self.sandbox_url = f"http://127.0.0.1:{api}", f"http://127.0.0.1:{sandbox}"
        self.environment = environment(write_configuration(plan), api=api, sandbox=sandbox)
        self.pair: Pair | None = None
        self.postgres: EmbeddedPostgres | Pair = EmbeddedPostgres(plan.folder / "postgres")
        if plan.replica:
            synchronous = plan.control is not Control.ASYNCHRONOUS
            self.postgres = self.pair = Pair(plan.folder / "servers", synchronous=synchronous)
            self.environment |= self.pair.environment()
        self.cluster: Cluster | None = None
        self.sandbox = self._process(
            "sandbox", "kro_sandbox", "--port", str(sandbox), "--webhook-target", self.api_url,
            "--opening-balance", "1000000000000", "--termii-wallet", "1000000000", "--termii-webhooks",
            "--retry-delays", "0.5,1,1,2,3,5,8,13,20,30",
        )  # fmt: skip
        self.api = self._process("api", "kro.cli", "serve", "--workers", str(API_PROCESSES))
        self.worker = self._process("worker", "kro.cli", "worker")

    def dsn(self, role: Role) -> str:
        assert self.cluster is not None
        return self.cluster.dsn(role)

    async def start(self) -> None:
        self.cluster = self.postgres.start()
        for command in ("migrate", "seed"):
            subprocess.run(  # noqa: ASYNC221 - nothing else runs yet
                [sys.executable, "-m", "kro.cli", command], cwd=ROOT, env=self.environment, check=True, timeout=120
            )
        for process in (self.sandbox, self.api, self.worker):
            process.start()
        await self.wait_until_healthy(f"{self.sandbox_url}/_sim/health", seconds=60)
        await self.wait_until_healthy(f"{self.api_url}/health/ready", seconds=60)

    def stop(self) -> None:
        for process in (self.worker, self.api, self.sandbox):
            process.stop()
        self.postgres.stop()

    async def wait_until_healthy(self, url: str, *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        async with httpx2.AsyncClient(trust_env=False, timeout=2) as http:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx2.TransportError):
                    if (await http.get(url)).is_success:
                        return
                await asyncio.sleep(_PAUSE_SECONDS)
        raise NotBackError(f"{url} was not healthy within {seconds:g} s")

    def worker_starts(self) -> int:
        """Count how often a worker said that it works."""
        return self.worker.log.read_bytes().count(b"worker_started") if self.worker.log.exists() else 0

    async def wait_for_worker(self, *, after: int) -> None:
        deadline = time.monotonic() + self.plan.restart_seconds
        while self.worker_starts() <= after:
            if time.monotonic() > deadline:
                raise NotBackError(f"the worker did not work within {self.plan.restart_seconds:g} s")
            await asyncio.sleep(_PAUSE_SECONDS)

    def server_processes(self) -> tuple[int, list[int]]:
        """Return the database server's first process and all the others it made."""
        assert self.cluster is not None
        first = int((self.cluster.home / "data" / "postmaster.pid").read_text().splitlines()[0])
        return first, children_of(first)

    def restart_postgres(self) -> None:
        """Start the server again on the data it left behind; it recovers by itself."""
        self.postgres.stop()
        self.cluster = self.postgres.start()

    def _process(self, name: str, *arguments: str) -> Process:
        logs = self.plan.folder / "logs"
        logs.mkdir(exist_ok=True)
        return Process(name, arguments, self.environment, logs / f"{name}.log")


def children_of(parent: int) -> list[int]:
    found = []
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            # The command may hold anything but its closing bracket is the last one (proc(5)).
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return sorted(found)


def is_alive(pid: int) -> bool:
    """Tell whether a process still runs; one that has ended and waits for its parent to notice does not."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def kill_all(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as sockets:
        probes = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]
