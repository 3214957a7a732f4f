"""`kro run`: a database, the API, a worker and the sandbox, together until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

from rich.console import Console

from kro.core.config import Settings, load_settings
from kro.core.database.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_cluster
from kro.run.addresses import LOOPBACK, api_host, api_url, variables
from kro.run.children import Child, Health, stop_all, wait_until_ready
from kro.run.errors import NotForStrangersError
from kro.run.lifetime import end_with_parent
from kro.run.ports import require_free_port
from kro.run.prepared import Preparation
from kro.run.welcome import welcome

_PAUSE_SECONDS: Final = 0.1


class StopRequest:
    """Remembers that somebody asked us to stop, so that nothing is torn down in the middle of a step."""

    def __init__(self) -> None:
        self._asked = False

    def is_asked(self) -> bool:
        return self._asked

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals of Ctrl-C, of ``kill`` and of a closed terminal for the time of the block."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._remember) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True


def run(console: Console) -> None:
    """Start everything, say where it is, and stop everything when asked or when one part fails.

    :raises KroError: something cannot start or ended by itself; one sentence says what.
    :raises ConfigError: the settings cannot be used.
    """
    started = time.monotonic()
    settings = load_settings()
    if settings.app.env.is_guarded:
        raise NotForStrangersError(settings.app.env)
    if "MAKELEVEL" in os.environ:
        # A killed make cannot tell its child; with this the kernel does.
        end_with_parent(number=signal.SIGTERM)
    stop = StopRequest()
    children = _children(settings)
    with stop.listening(), _database(settings, console) as postgres:
        try:
            _start(settings, children, stop)
            if not stop.is_asked():
                welcome(console, settings, seconds=time.monotonic() - started, logs=children[0].log.parent)
            _watch(children, postgres, stop)
        finally:
            console.print("Stopping …")
            stop_all(children)


@contextlib.contextmanager
def _database(settings: Settings, console: Console) -> Iterator[EmbeddedPostgres | None]:
    if not settings.database.embedded:
        yield None
        return
    folder = settings.database.folder
    postgres = EmbeddedPostgres(folder)
    with postgres as cluster:
        if cluster.home != folder.resolve():
            console.print(f"The database is kept in {cluster.home}: its account cannot reach {folder}.")
        yield postgres


def _children(settings: Settings) -> list[Child]:
    logs = settings.database.folder.parent / "logs"
    health = Health(api_host(settings), settings.app.api.port, "/health/ready")
    environment = variables(settings)
    sandbox = Child(
        name="sandbox",
        arguments=(
            "kro_sandbox",
            "--port",
            str(settings.sandbox.port),
            "--webhook-target",
            api_url(settings),
            "--termii-webhooks",
        ),
        log=logs / "sandbox.log",
        health=Health(LOOPBACK, settings.sandbox.port, "/_sim/health"),
    )
    return [
        *([sandbox] if settings.sandbox.enabled else []),
        Child(name="API", arguments=("kro.cli", "serve"), log=logs / "api.log", health=health, variables=environment),
        Child(name="worker", arguments=("kro.cli", "worker"), log=logs / "worker.log", variables=environment),
    ]


def _start(settings: Settings, children: list[Child], stop: StopRequest) -> None:
    api = settings.app.api
    require_free_port(api.host, api.port, variable="KRO_API_PORT")
    if settings.sandbox.enabled:
        require_free_port(LOOPBACK, settings.sandbox.port, variable="KRO_SANDBOX_PORT")
    _prepare(settings)
    for child in children:
        if not stop.is_asked():
            child.start()
    wait_until_ready(children, is_stopping=stop.is_asked)


def _prepare(settings: Settings) -> None:
    note = None
    if settings.database.embedded:
        note = Preparation(running_cluster(settings.database.folder), settings)
        if note.is_done():
            return
    # Only a first start, or one after a change, pays for importing what migrates and seeds.
    from kro.run.database import migrate_database, seed_database  # noqa: PLC0415

    migrate_database(settings)
    seed_database(settings)
    if note is not None:
        note.remember()


def _watch(children: list[Child], postgres: EmbeddedPostgres | None, stop: StopRequest) -> None:
    while not stop.is_asked():
        for child in children:
            child.require_running()
        if postgres is not None and not postgres.is_running():
            raise EmbeddedPostgresError("PostgreSQL ended by itself, so everything was stopped.")
        time.sleep(_PAUSE_SECONDS)
