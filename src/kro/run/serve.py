"""The API process: uvicorn around the application, alone or as several workers on one port."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from kro.core.config import Settings
from kro.core.draining import Draining
from kro.run.collector import settle
from kro.run.database import require_sound_database
from kro.run.door import SETTLE_SECONDS, let_nobody_in, stop_listening
from kro.run.ports import require_free_port

_KEEP_ALIVE_SECONDS: Final = 15
"""Longer than a proxy keeps a connection it does not use, so that the proxy is the one to close it."""
_UNRESPONSIVE_SECONDS: Final = 30
_LARGEST_SOCKET_MESSAGE: Final = 65_536
_ALL_END: Final = signal.SIGUSR1
"""Tells a process among several that none of them will listen any more; else another one takes who waits."""
_APPLICATION: Final = "kro.run.application:application"


def serve(settings: Settings, *, host: str | None = None, port: int | None = None, workers: int = 1) -> None:
    """Serve the API until asked to stop; address and port come from the settings unless given.

    SIGTERM drains first, SIGINT does not. With several workers SIGHUP replaces one after the other by new ones.

    :raises StartError: the port is taken.
    :raises EmbeddedPostgresError: the embedded database is not running.
    :raises DatabaseRefusedError: the database cannot be entrusted with money.
    """
    api = settings.app.api
    # A database that does not run or cannot be trusted is told here, before any process is started.
    require_sound_database(settings)
    host, port = host or api.host, api.port if port is None else port
    require_free_port(host, port, variable="KRO_API_PORT or --port")
    config = _configure(settings, host=host, port=port, workers=workers)
    listener = config.bind_socket()
    if workers > 1:
        settle()
        _Processes(config, [listener], drain_seconds=api.drain_seconds).run()
        return
    server = uvicorn.Server(config)
    server.run([listener])
    if not server.started:
        sys.exit(1)


def _configure(settings: Settings, *, host: str, port: int, workers: int) -> uvicorn.Config:
    return uvicorn.Config(
        _APPLICATION,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        # Which proxies are believed is the application's own setting.
        proxy_headers=False,
        ws_max_size=_LARGEST_SOCKET_MESSAGE,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.app.api.stop_seconds,
        timeout_worker_healthcheck=_UNRESPONSIVE_SECONDS,
    )


class _Processes(Multiprocess):
    """Several processes on one socket, each of which is told when all end: the first to leave takes who waits."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], *, drain_seconds: float) -> None:
        super().__init__(config, sockets)
        self._drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        for process in self.processes if self._drain_seconds else ():
            if process.exitcode is None and process.pid is not None:
                os.kill(process.pid, _ALL_END)
        super().terminate_all()


def drain_before_ending(draining: Draining) -> None:
    """Put the drain before what uvicorn does about SIGTERM; a second one does not wait."""
    loop = asyncio.get_running_loop()
    uvicorns: Any = signal.getsignal(signal.SIGTERM)
    last = asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    def end() -> None:
        uvicorns(signal.SIGTERM, None)

    def begin() -> None:
        if draining.has_begun:
            end()
            return
        draining.begin()
        tasks.add(loop.create_task(_drain(draining, uvicorns.__self__, last, end)))

    loop.add_signal_handler(signal.SIGTERM, begin)
    if multiprocessing.parent_process() is None:
        last.set()
    else:
        loop.add_signal_handler(_ALL_END, last.set)


async def _drain(draining: Draining, server: uvicorn.Server, last: asyncio.Event, end: Callable[[], None]) -> None:
    await asyncio.sleep(draining.seconds)
    waiting = _close_to_newcomers(server) if last.is_set() else []
    taken = [asyncio.create_task(_take(server, one)) for one in waiting]
    await asyncio.sleep(SETTLE_SECONDS)
    # Whoever could not be taken keeps nobody from ending.
    await asyncio.gather(*taken, return_exceptions=True)
    if not last.is_set():
        # The others take newcomers on the same socket. One whom this process let in at last would be closed unheard.
        for one in server.servers:
            one.close()
        await asyncio.sleep(SETTLE_SECONDS)
    end()


async def _take(server: uvicorn.Server, accepted: socket.socket) -> None:
    """Serve a connection that was accepted past the server's own listening."""
    loop = asyncio.get_running_loop()
    protocol: Any = server.config.http_protocol_class
    await loop.connect_accepted_socket(
        lambda: protocol(config=server.config, server_state=server.server_state, app_state=server.lifespan.state),
        accepted,
    )


def _close_to_newcomers(server: uvicorn.Server) -> list[socket.socket]:
    """Let nobody in any more, and return who was let in and has to be taken now because that could not be had."""
    waiting: list[socket.socket] = []
    for watched in [one for served in server.servers for one in served.sockets]:
        # The loop's own listens on, and closes it.
        listener = socket.socket(fileno=watched.fileno())
        try:
            if not let_nobody_in(listener):
                waiting += stop_listening(listener)
        finally:
            listener.detach()
    return waiting
