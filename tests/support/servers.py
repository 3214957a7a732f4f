"""PostgreSQL servers as an installation has them: on TCP, archiving, followed by a replica, by the project's files."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from kro.core.database.embedded import Binaries, Cluster, Role, find_binaries, supervisor
from kro.core.database.embedded.account import CLEAN_ENVIRONMENT, ServerAccount, choose_account
from kro.core.database.embedded.binaries import reachable_binaries
from kro.core.database.embedded.initialize import initialize
from socket_crowd import ROOT, free_port

# The programs of an installation, for those that come with the wheel lack one that runs: pg_verifybackup.
PROGRAMS: Final = sorted(
    (found.parent for found in Path("/usr/lib/postgresql").glob("*/bin/pg_verifybackup")),
    key=lambda folder: int(folder.parent.name),
    reverse=True,
)
needs_postgresql: Final = pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is not installed beside the embedded one")
REPLICATOR: Final = "kro_replicator"
_PATIENCE: Final = 60.0
_REWINDING: Final = (
    "pg_ls_dir(text, boolean, boolean)",
    "pg_stat_file(text, boolean)",
    "pg_read_binary_file(text)",
    "pg_read_binary_file(text, bigint, bigint, boolean)",
)


@dataclass(slots=True)
class Site:
    """What all servers of one installation share: programs, passwords, the archive, the scripts."""

    folder: Path
    account: ServerAccount
    binaries: Binaries
    passwords: dict[Role, str] = field(repr=False)
    replicating: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)

    @property
    def archive(self) -> Path:
        return self.folder / "wal"

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def run(self, script: str, *arguments: object, **environment: str) -> str:
        """Run one of the project's scripts as the servers' account; return what it printed."""
        paths = f"{self.binaries.folder}:{CLEAN_ENVIRONMENT['PATH']}"
        done = subprocess.run(
            [self.folder / "scripts" / script, *map(str, arguments)],
            env=CLEAN_ENVIRONMENT | {"PATH": paths} | environment, cwd="/", stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=_PATIENCE, check=False, **self.account.identity,
        )  # fmt: skip
        assert done.returncode == 0, f"{script} failed\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def server(self, name: str) -> Server:
        return Server(self, self.folder / name)


@dataclass(slots=True)
class Server:
    """One server on a data folder, which outlives it."""

    site: Site
    home: Path
    port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.home, "127.0.0.1", self.port, self.site.passwords)

    def dsn(self, role: Role, database: str = "kro") -> str:
        return self.cluster.dsn(role, database)

    def conninfo(self, user: str, password: str) -> str:
        return f"host=127.0.0.1 port={self.port} user={user} password={password}"

    def start(self, **settings: str) -> None:
        """Start it and wait until it takes connections; ``settings`` win over its files."""
        own = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "", **settings}
        options = [part for name, value in own.items() for part in ("-c", f"{name}={value}")]
        task = supervisor.Task(
            command=[str(self.site.binaries.postgres), "-D", str(self.data), *options],
            environment=CLEAN_ENVIRONMENT,
            identity=dict(self.site.account.identity),
            log=str(self.home / "postgresql.log"),
            sockets=str(self.home / "no-sockets"),
            remove=[],
        )
        self.running = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(task)],
            cwd="/", env=CLEAN_ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self.running.stdout is not None
        pid = self.running.stdout.readline().strip().decode()
        self._wait(lambda lines: len(lines) > 7 and lines[0] == pid and lines[7].strip() == "ready")

    def _wait(self, ready: Callable[[list[str]], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self.running is not None and self.running.poll() is None:
            with contextlib.suppress(OSError):
                if ready((self.data / "postmaster.pid").read_text().splitlines()):
                    return
            time.sleep(0.02)
        self.ended()
        raise AssertionError(f"a server did not start\n{self.log()[-2000:]}")

    def log(self) -> str:
        return (self.home / "postgresql.log").read_text(errors="replace")

    def stop(self) -> None:
        """End it in order, with everything archived."""
        if self.running is not None:
            self.running.communicate(b"x", timeout=_PATIENCE)
            self.running = None

    def kill(self) -> None:
        """End every process of it at once, without a word."""
        first = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        for pid in [first, *self.processes()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.ended()

    def ended(self) -> None:
        """Wait for the end of what ends by itself."""
        assert self.running is not None
        self.running.communicate(timeout=_PATIENCE)
        self.running = None

    def processes(self, title: str = "") -> list[int]:
        """Return its processes whose title has some words in it: all of them work inside its folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == self.data and title in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
        return found

    def signal(self, number: signal.Signals, title: str = "") -> None:
        for pid in self.processes(title):
            # A backend may have ended since it was seen.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ask(self, statement: str, *, database: str = "postgres") -> str:
        """Run a statement as the superuser and return what it answers."""
        psql = [str(self.site.binaries.folder / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement]
        done = subprocess.run(
            [*psql, self.dsn(Role.ADMIN, database)], env=CLEAN_ENVIRONMENT, capture_output=True, text=True,
            timeout=_PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{statement}\n{done.stderr}"
        return done.stdout.strip()

    def wait_for(self, question: str) -> None:
        """Wait until a question is answered with yes."""
        deadline = time.monotonic() + _PATIENCE
        while self.ask(question) != "t":
            assert time.monotonic() < deadline, question
            time.sleep(0.05)

    def make_home(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.site.account.give(self.home)

    def configure(self, **settings: str) -> None:
        """Set something for all that follows, as ``ALTER SYSTEM`` does."""
        for name, value in settings.items():
            self.ask(f"ALTER SYSTEM SET {name} = {value}")
        self.ask("SELECT pg_reload_conf()")

    def follow(self, primary: Server) -> None:
        """Make this a replica of another one, or make it one again, and start it."""
        self.make_home()
        self.site.run("replica", self.data, primary.conninfo(REPLICATOR, self.site.replicating))
        self.start()

    def promote(self) -> None:
        self.ask("SELECT pg_promote()")
        # Until then pg_rewind sees no difference between this one and the one it replaces.
        self.ask("CHECKPOINT")


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Prepare a folder that the servers' account can reach for the servers of one installation."""
    account = choose_account(folder / "none")
    binaries = reachable_binaries(find_binaries(PROGRAMS), account, cache=Path("/var/cache/kro"))
    shutil.copytree(ROOT / "deploy" / "recovery", folder / "scripts")
    made = Site(folder, account, binaries, {role: secrets.token_urlsafe(16) for role in Role})
    for path in (folder, made.archive, made.backups):
        path.mkdir(exist_ok=True)
        account.give(path)
    yield made


def new_primary(site: Site, server: Server | None = None) -> Server:
    """Make a server with the project's settings for a primary and start it; nobody follows it yet."""
    server = server or site.server("one")
    server.make_home()
    initialize(data=server.data, cluster=server.cluster, binaries=site.binaries, account=site.account, keep_open=())
    settings = (site.folder / "scripts" / "primary.conf").read_text()
    for delivered, ours in (("/usr/local/lib/kro", site.folder / "scripts"), ("/var/backups/kro", site.folder)):
        assert delivered in settings
        settings = settings.replace(delivered, str(ours))
    (site.folder / "primary.conf").write_text(settings)
    with (server.data / "postgresql.conf").open("a") as file:
        file.write(f"include '{site.folder}/primary.conf'\ntimezone = UTC\nmax_connections = 200\n")
    # What waits for a replica that does not exist would wait for ever.
    with (server.data / "postgresql.auto.conf").open("a") as file:
        file.write("synchronous_standby_names = ''\n")
    server.start()
    server.ask(f"CREATE ROLE {REPLICATOR} LOGIN REPLICATION PASSWORD '{site.replicating}'")
    for function in _REWINDING:
        server.ask(f"GRANT EXECUTE ON FUNCTION pg_catalog.{function} TO {REPLICATOR}")
    return server


@contextmanager
def stopping(*servers: Server) -> Iterator[None]:
    try:
        yield
    finally:
        for server in servers:
            with contextlib.suppress(Exception):
                server.kill()


def both(one: Server, other: Server) -> str:
    """Return the address that names both, without anybody's name and password."""
    return f"postgresql://127.0.0.1:{one.port},127.0.0.1:{other.port}/kro"
