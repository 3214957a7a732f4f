"""The port where a process's metrics are read: never part of the API, so that no proxy can lead there."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from kro.core.config import MetricsSettings
from kro.core.telemetry.logs import get_logger

_LOG = get_logger()
_PATH: Final = "/metrics"


class MetricsPage:
    """``GET /metrics`` for whoever knows the token and asks from an allowed network; anything else is not there."""

    def __init__(self, registry: CollectorRegistry, settings: MetricsSettings) -> None:
        self._registry = registry
        token = settings.token.get_secret_value() if settings.token is not None else ""
        self._expected = f"Bearer {token}".encode() if token else None
        self._networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = settings.networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["path"] != _PATH or self._expected is None or not self._may_ask(scope):
            return PlainTextResponse("Not found", 404)
        given = Headers(scope=scope).get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, self._expected):
            return PlainTextResponse("Unauthorized", 401, {"WWW-Authenticate": "Bearer"})
        if scope["method"] != "GET":
            return PlainTextResponse("Method not allowed", 405, {"Allow": "GET"})
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _may_ask(self, scope: Scope) -> bool:
        client = scope.get("client")
        if not self._networks:
            return True
        return client is not None and any(ipaddress.ip_address(client[0]) in network for network in self._networks)


class MetricsServer:
    """Serves one page from the event loop of the process it tells of."""

    def __init__(self, page: MetricsPage, settings: MetricsSettings) -> None:
        self._page = page
        self._settings = settings
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port: int | None = None

    async def start(self) -> None:
        """Listen on the first free port. With none free the process works on, unseen, and says so."""
        listener = self._listen()
        if listener is None:
            _LOG.error("metrics_port_taken", port=self._settings.port, count=self._settings.ports)
            return
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._page, log_config=None, access_log=False, server_header=False, lifespan="off", ws="none",
            proxy_headers=False, limit_concurrency=8, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve([listener]))
        _LOG.info("metrics_served", port=self.port)

    async def stop(self) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait({self._serving}, timeout=2)

    def _listen(self) -> socket.socket | None:
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        first = self._settings.port or 0
        for port in range(first, first + (self._settings.ports if first else 1)):
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((self._settings.host, port))
                # Linux lets two sockets bind one address and refuses the second one's listening.
                listener.listen(16)
            except OSError:
                listener.close()
            else:
                return listener
        return None


class _QuietServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals to the process."""
        yield
