"""Stands before the sockets and counts by network, so that a stranger cannot fill a process with open connections."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

from kro.core.draining import Draining
from kro.core.rate_limit import network_of
from kro.core.realtime.options import RealtimeOptions
from kro.core.realtime.sessions import Allowance
from kro.core.telemetry import get_logger

_LOG = get_logger()
_MOST_NETWORKS: Final = 10_000


class Gate:
    """Lets as many connections of one network in as the options say; everything else passes untouched."""

    def __init__(self, app: ASGIApp, *, paths: Iterable[str], options: RealtimeOptions, draining: Draining) -> None:
        self._app = app
        self._options = options
        self._draining = draining
        self._prefixes = tuple(f"/{path}/" for path in paths)
        self._open: Counter[str] = Counter()
        self._handshakes: dict[str, Allowance] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or not f"{scope['path']}/".startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        is_handshake = not parse_qs(scope["query_string"]).get(b"sid")
        if is_handshake and self._draining.has_begun:
            await _send_elsewhere(scope, receive, send)
            return
        client = scope.get("client")
        network = network_of(client[0] if client else None)
        # Requests with a session id belong to a handshake that was counted.
        if is_handshake and not self._may_shake_hands(network):
            await _refuse(scope, receive, send)
            return
        if scope["type"] == "http":
            try:
                await self._app(scope, receive, send)
            except KeyError:
                # The library looks for a session that has just ended once more, and does not find it.
                await _answer(send, 400, b"session_unknown")
            return
        await self._hold(network, scope, receive, send)

    async def _hold(self, network: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open[network] >= self._options.connections_per_network:
            await _refuse(scope, receive, send)
            return
        self._open[network] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[network] -= 1
            if not self._open[network]:
                del self._open[network]

    def _may_shake_hands(self, network: str) -> bool:
        now = asyncio.get_running_loop().time()
        if len(self._handshakes) >= _MOST_NETWORKS:
            self._handshakes = {key: kept for key, kept in self._handshakes.items() if not kept.is_full(now)}
        options = self._options
        allowance = self._handshakes.setdefault(
            network, Allowance(burst=options.handshakes_per_network, per_second=options.handshakes_per_second, now=now)
        )
        return allowance.take(now)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    _LOG.warning("socket_refused_by_network")
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1013, "reason": "too_many_connections"})
        return
    await _answer(send, 429, b"too_many_connections")


async def _send_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 503, also before a websocket is opened: on that a proxy tries the next process."""
    if scope["type"] == "http":
        await _answer(send, 503, b"going_away")
        return
    await receive()
    await send({"type": "websocket.http.response.start", "status": 503, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b""})


async def _answer(send: Send, status: int, code: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"retry-after", b"10")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": code})
