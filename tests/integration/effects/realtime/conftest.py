"""A served RealtimeServer with people, orders and tokens, and the apps that connect to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kro.core.clock import SystemClock
from kro.core.errors import ErrorKind, KroError
from kro.core.ids import UnknownIdError
from kro.core.realtime import Client, Missed, RealtimeBus, RealtimeOptions, RealtimeServer


class BadTokenError(KroError):
    """The token is not good."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "token_invalid"


@dataclass
class Facts:
    """What the server's collaborators know. A token is the name of a person."""

    people: dict[str, UUID] = field(default_factory=dict)
    orders: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    events: dict[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    expires_at: datetime = field(default_factory=lambda: SystemClock().now() + timedelta(minutes=10))
    broken: bool = False

    async def authenticate(self, token: str) -> Client:
        if self.broken:
            raise RuntimeError("database password is hunter2")
        if token not in self.people:
            raise BadTokenError
        return Client(user_id=self.people[token], expires_at=self.expires_at)

    async def last_seq(self, user_id: UUID, order_id: UUID) -> int:
        if user_id not in self.orders.get(order_id, ()):
            raise UnknownIdError
        return len(self.events.get(order_id, []))

    async def events_after(self, user_id: UUID, order_id: UUID, after_seq: int) -> Missed:
        await self.last_seq(user_id, order_id)
        later = [event for event in self.events[order_id] if event["seq"] > after_seq]
        return Missed(events=later[:2], has_more=len(later) > 2)

    def server(self, bus: RealtimeBus, options: RealtimeOptions | None = None) -> RealtimeServer:
        return RealtimeServer(
            bus=bus,
            authenticate=self.authenticate,
            last_seq=self.last_seq,
            events_after=self.events_after,
            clock=SystemClock(),
            options=options,
        )


@asynccontextmanager
async def serve(realtime: RealtimeServer) -> AsyncIterator[str]:
    """Serve the sockets beside a tiny API on a free port of loopback and yield the address."""

    async def hello(_: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await realtime.start()
        yield
        await realtime.stop()

    app = realtime.mount(Starlette(routes=[Route("/hello", hello)], lifespan=lifespan))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - the server offers no event for it
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class App:
    """A client app: connects with a token and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.refusals: list[Any] = []
        self.disconnected = asyncio.Event()
        self.sio = socketio.AsyncClient(reconnection=False)
        self.sio.on("*", self._hear)
        self.sio.on("connect_error", self._refused)
        self.sio.on("disconnect", self._gone)

    async def connect(self, url: str, token: str | None) -> None:
        auth = {"token": token} if token is not None else None
        await self.sio.connect(url, auth=auth, transports=["websocket"], wait_timeout=5)

    async def call(self, event: str, *data: object) -> object:
        answer: object = await self.sio.call(event, data[0] if len(data) == 1 else data, timeout=5)
        return answer

    async def _hear(self, event: str, data: dict[str, Any]) -> None:
        self.heard.append((event, data))

    async def _refused(self, data: object) -> None:
        self.refusals.append(data)

    async def _gone(self, _: object) -> None:
        self.disconnected.set()


@asynccontextmanager
async def connected(url: str, token: str) -> AsyncIterator[App]:
    app = App()
    await app.connect(url, token)
    try:
        yield app
    finally:
        await app.sio.disconnect()


@pytest.fixture
def buyer() -> UUID:
    return UUID(int=0xB)


@pytest.fixture
def seller() -> UUID:
    return UUID(int=0x5)


@pytest.fixture
def order_id() -> UUID:
    return UUID(int=0x0)


@pytest.fixture
def facts(buyer: UUID, seller: UUID, order_id: UUID) -> Facts:
    """One order between the buyer and the seller, with five events; the stranger has no part in it."""
    return Facts(
        people={"buyer": buyer, "seller": seller, "stranger": UUID(int=0xE)},
        orders={order_id: (buyer, seller)},
        events={order_id: [{"id": f"evt_{seq}", "seq": seq} for seq in range(1, 6)]},
    )


@pytest.fixture(name="serve")
def _serve() -> Callable[[RealtimeServer], AbstractAsyncContextManager[str]]:
    return serve


@pytest.fixture(name="connected")
def _connected() -> Callable[[str, str], AbstractAsyncContextManager[App]]:
    return connected


@pytest.fixture
def app() -> App:
    return App()
