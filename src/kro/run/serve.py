"""The API process: uvicorn around the application, alone or as several workers on one port."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
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
_APPLICATION: Final = "kro.run.application:application"

_listeners: list[socket.socket] = []
"""What this process alone listens on; a process among several leaves it to the one that started them."""
_alone: list[uvicorn.Server] = []
"""What serves in a process that is none of several."""


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
    _listeners.append(listener)
    server = uvicorn.Server(config)
    _alone.append(server)
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
    """Several processes on one socket, which is closed to newcomers when all of them are to end."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], *, drain_seconds: float) -> None:
        super().__init__(config, sockets)
        self._drain_seconds = drain_seconds

    def terminate_all(self) -> None:
        super().terminate_all()
        if self._drain_seconds:
            time.sleep(self._drain_seconds)
            _close_to_newcomers(self.sockets)


def drain_before_ending(draining: Draining) -> None:
    """Put the drain before what uvicorn does about SIGTERM; a second one does not wait."""
    loop = asyncio.get_running_loop()
    uvicorns = signal.getsignal(signal.SIGTERM)
    tasks: set[asyncio.Task[None]] = set()

    def end() -> None:
        if callable(uvicorns):
            uvicorns(signal.SIGTERM, None)

    def begin() -> None:
        if draining.has_begun:
            end()
            return
        draining.begin()
        tasks.add(loop.create_task(_drain(draining, end, _listening_of(uvicorns))))

    loop.add_signal_handler(signal.SIGTERM, begin)


def _listening_of(handler: object) -> Sequence[asyncio.Server]:
    """Return what listens in the server whose method handles a signal."""
    server = getattr(handler, "__self__", None)
    return server.servers if isinstance(server, uvicorn.Server) else ()


async def _drain(draining: Draining, end: Callable[[], None], listening: Sequence[asyncio.Server]) -> None:
    await asyncio.sleep(draining.seconds)
    last = [asyncio.create_task(_take(one)) for one in _close_to_newcomers(_listeners)]
    await asyncio.sleep(SETTLE_SECONDS)
    # Whoever could not be taken keeps nobody from ending.
    await asyncio.gather(*last, return_exceptions=True)
    if not _alone:
        # The others take newcomers on the same socket. One whom this process let in at last would be closed unheard.
        for one in listening:
            one.close()
        await asyncio.sleep(SETTLE_SECONDS)
    end()


async def _take(accepted: socket.socket) -> None:
    """Serve a connection that was accepted past the server's own listening."""
    loop = asyncio.get_running_loop()
    [server] = _alone
    protocol: Any = server.config.http_protocol_class
    await loop.connect_accepted_socket(
        lambda: protocol(config=server.config, server_state=server.server_state, app_state=server.lifespan.state),
        accepted,
    )


def _close_to_newcomers(listeners: Sequence[socket.socket]) -> list[socket.socket]:
    """Let nobody in any more, and return who was let in and has to be taken now because that could not be had."""
    held_off = [let_nobody_in(listener) for listener in listeners]
    if not _alone:
        return []
    return [
        one
        for listener, holds in zip(listeners, held_off, strict=True)
        if not holds
        for one in stop_listening(listener)
    ]
