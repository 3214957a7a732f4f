"""Starting and stopping a private PostgreSQL server for one folder."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final

from kro.core.database.embedded import supervisor
from kro.core.database.embedded.account import CLEAN_ENVIRONMENT, ServerAccount
from kro.core.database.embedded.binaries import Binaries, find_binaries, reachable_binaries
from kro.core.database.embedded.cluster import Cluster, load_cluster, new_cluster, save_cluster
from kro.core.database.embedded.errors import (
    EmbeddedPostgresError,
    FolderNotOursError,
    NotRunningError,
    OtherMajorVersionError,
)
from kro.core.database.embedded.initialize import initialize
from kro.core.database.embedded.lock import FolderLock, clear_stale_pid_file
from kro.core.database.embedded.places import home_of, make_folder, make_socket_folder, socket_folder

_START_SECONDS: Final = 120
STOP_SECONDS: Final = 60
"""How long an orderly stop may take before the server is killed."""
_PAUSE_SECONDS: Final = 0.01
_STATUS_LINE: Final = 7
_STATE: Final = Path("/var/lib/kro")
_CACHE: Final = Path("/var/cache/kro")

# Given on the command line, so that no file in the data folder can overrule them; above all not the durability.
_SETTINGS: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
}


class EmbeddedPostgres:
    """A PostgreSQL server that lives and dies with this process; its data stays.

    With ``disposable`` the folder and everything in it is removed at its end, also when this process is killed.
    ``settings`` go before the server's own; they are for measurements, as they may take its durability away.
    """

    def __init__(
        self,
        folder: Path,
        *,
        disposable: bool = False,
        find: Callable[[], Binaries] = find_binaries,
        state: Path = _STATE,
        cache: Path = _CACHE,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = folder.resolve()
        self._disposable = disposable
        self._find = find
        self._state = state
        self._cache = cache
        self._settings = {**_SETTINGS, **settings}
        self._lock: FolderLock | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._home: Path | None = None

    def start(self) -> Cluster:
        """Start the server, making the database first when the folder is new, and wait until it takes connections.

        :raises EmbeddedPostgresError: it cannot run; the subclass and its one sentence say why and what to do.
        """
        try:
            return self._start()
        except PermissionError as denied:
            self.stop()
            raise FolderNotOursError(self._folder) from denied
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server in order (open transactions are rolled back) and wait until it is gone."""
        if self._supervisor is not None:
            process, self._supervisor = self._supervisor, None
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the supervisor was started without its lifeline")
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(b"s")
                process.stdin.close()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
            for folder in self._disposables():
                shutil.rmtree(folder, ignore_errors=True)

    def is_running(self) -> bool:
        """Tell whether the server is still up; it may end on its own when somebody kills it."""
        return self._supervisor is not None and self._supervisor.poll() is None

    def __enter__(self) -> Cluster:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> Cluster:
        make_folder(self._folder)
        home, account = home_of(self._folder, self._state)
        make_folder(home.parent)
        make_folder(home)
        self._home = home
        data = home / "data"
        lock = FolderLock(home)
        lock.acquire()
        self._lock = lock
        binaries = reachable_binaries(self._find(), account, cache=self._cache)
        cluster = self._prepare(home, data, binaries, account)
        clear_stale_pid_file(data)
        sockets = make_socket_folder(Path(cluster.host), account)
        self._supervise(home, binaries, account, sockets)
        return cluster

    def _prepare(self, home: Path, data: Path, binaries: Binaries, account: ServerAccount) -> Cluster:
        host = socket_folder(home)
        if data.exists():
            made_by = (data / "PG_VERSION").read_text().strip()
            if made_by != str(binaries.major):
                raise OtherMajorVersionError(data, made_by=made_by, available=binaries.major)
            known = load_cluster(home)
            cluster = replace(known, host=str(host))
            if cluster != known:
                save_cluster(cluster)
            return cluster
        cluster = new_cluster(home, host=host)
        save_cluster(cluster)
        keep_open = (self._lock.descriptor,) if self._lock else ()
        initialize(data=data, cluster=cluster, binaries=binaries, account=account, keep_open=keep_open)
        return cluster

    def _supervise(self, home: Path, binaries: Binaries, account: ServerAccount, sockets: Path) -> None:
        command = [str(binaries.postgres), "-D", str(home / "data"), "-k", str(sockets)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        if self._lock is None:
            raise RuntimeError("the folder is not locked")
        task = supervisor.Task(
            command=command,
            environment=CLEAN_ENVIRONMENT,
            identity=dict(account.identity),
            log=str(home / "postgresql.log"),
            sockets=str(sockets),
            remove=[str(folder) for folder in self._disposables()],
        )
        self._supervisor = subprocess.Popen(  # noqa: S603 - our own script under our own interpreter
            [sys.executable, "-I", "-S", supervisor.__file__, json.dumps(task)],
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=(self._lock.descriptor,),
        )
        self._wait_until_ready(home)

    def _disposables(self) -> list[Path]:
        return [self._folder, self._home or self._folder] if self._disposable else []

    def _wait_until_ready(self, home: Path) -> None:
        # The server writes its own state into postmaster.pid, as pg_ctl reads it: no client and no password needed.
        if self._supervisor is None or self._supervisor.stdout is None:
            raise RuntimeError("the server was not started")
        server = self._supervisor.stdout.readline().strip().decode()
        status_file = home / "data" / "postmaster.pid"
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                lines = status_file.read_text().splitlines()
                if len(lines) > _STATUS_LINE and lines[0] == server and lines[_STATUS_LINE].strip() == "ready":
                    return
            if self._supervisor.poll() is not None:
                break
            time.sleep(_PAUSE_SECONDS)
        log = home / "postgresql.log"
        raise EmbeddedPostgresError(f"PostgreSQL did not start: {_last_complaint(log)} (its log is {log}).")


def running_cluster(folder: Path, *, state: Path = _STATE) -> Cluster:
    """Return the way into the server that another process of the same account runs for a folder.

    :raises EmbeddedPostgresError: there is none.
    """
    folder = folder.resolve()
    home, _ = home_of(folder, state) if folder.exists() else (folder, None)
    if not (home / "data" / "postmaster.pid").exists():
        raise NotRunningError(folder)
    return load_cluster(home)


def _last_complaint(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()[-50:]
    except OSError:
        return "it left no message"
    complaints = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line]
    return (complaints or lines or ["it left no message"])[-1].rstrip(".")
