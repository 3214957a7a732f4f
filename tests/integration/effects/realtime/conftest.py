"""A served RealtimeServer with people, orders and tokens, and the apps that connect to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kro.bootstrap.live import ADMINS, USERS
from kro.core.actor import Actor, ActorKind
from kro.core.clock import SystemClock
from kro.core.decisions import Event
from kro.core.errors import ErrorKind, KroError
from kro.core.realtime import Client, Door, RealtimeBus, RealtimeOptions, RealtimeServer
from kro.management.controller.sockets import QueueSockets
from kro.management.database.queues import Queue
from kro.order.controller.sockets import AdminSockets, PartySockets


class BadTokenError(KroError):
    """The token is not good."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "token_invalid"


@dataclass
class Facts:
    """What the server's collaborators know. A token is the name of a person or an admin; ``name@n`` is their session n.

    It stands in for the reads of orders and queues, behind the real handlers.
    """

    people: dict[str, UUID] = field(default_factory=dict)
    admins: dict[str, UUID] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    orders: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    events: dict[UUID, list[Event]] = field(default_factory=dict)
    expires_at: datetime = field(default_factory=lambda: SystemClock().now() + timedelta(minutes=10))
    ended: set[UUID] = field(default_factory=set)
    gate: asyncio.Event | None = None
    broken: bool = False
    origins: tuple[str, ...] = ()

    async def authenticate_user(self, token: str) -> Client:
        return await self._authenticate(ActorKind.USER, self.people, token)

    async def authenticate_admin(self, token: str) -> Client:
        client = await self._authenticate(ActorKind.ADMIN, self.admins, token)
        return replace(client, permissions=self.permissions)

    async def _authenticate(self, kind: ActorKind, known: dict[str, UUID], token: str) -> Client:
        if self.broken:
            raise RuntimeError("database password is hunter2")
        name, _, session = token.partition("@")
        if name not in known:
            raise BadTokenError
        if self.gate is not None:
            await self.gate.wait()
        return Client(kind=kind, id=known[name], session_id=session_of(name, session), expires_at=self.expires_at)

    async def ended_among(self, session_ids: Sequence[UUID]) -> set[UUID]:
        return self.ended & set(session_ids)

    async def last_seq(self, order_id: UUID, *, user_id: UUID) -> int | None:
        return len(self.events[order_id]) if user_id in self.orders.get(order_id, ()) else None

    async def missed(self, order_id: UUID, *, user_id: UUID, after: int, limit: int) -> Sequence[Event] | None:
        if await self.last_seq(order_id, user_id=user_id) is None:
            return None
        return [event for event in self.events[order_id] if event.seq > after][:limit]

    async def open(self, order_id: UUID, *, actor: Actor) -> Any:
        assert actor.kind is ActorKind.ADMIN
        if order_id not in self.orders:
            return None
        order = SimpleNamespace(id=order_id, last_seq=len(self.events[order_id]))
        return SimpleNamespace(state=SimpleNamespace(order=order))

    async def counts(self) -> dict[Queue, int]:
        return dict.fromkeys(Queue, 3)

    def server(self, bus: RealtimeBus, options: RealtimeOptions | None = None) -> RealtimeServer:
        stand_in = cast("Any", self)
        watching, queues = AdminSockets(stand_in, permission="orders.read"), QueueSockets(stand_in)
        return RealtimeServer(
            bus=bus,
            doors=(
                Door(USERS, self.authenticate_user, PartySockets(stand_in).handlers, self.origins),
                Door(ADMINS, self.authenticate_admin, {**watching.handlers, **queues.handlers}),
            ),
            ended_among=self.ended_among,
            clock=SystemClock(),
            options=options,
        )


def session_of(name: str, number: str = "") -> UUID:
    return uuid5(NAMESPACE_URL, f"{name}@{number}")


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
    async with asyncio.timeout(30):
        while not server.started:  # noqa: ASYNC110 - the server offers no event for it
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class App:
    """A client app: connects with a token and keeps what it hears."""

    def __init__(self, path: str = "socket.io") -> None:
        self.path = path
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.refusals: list[Any] = []
        self.disconnected = asyncio.Event()
        self.sio = socketio.AsyncClient(reconnection=False)
        for event, handler in (("*", self._hear), ("connect_error", self._refused), ("disconnect", self._gone)):
            self.sio.on(event, handler)

    async def connect(self, url: str, token: str | None, *, transports: Sequence[str] = ("websocket",)) -> None:
        auth = {"token": token} if token is not None else None
        await self.sio.connect(url, auth=auth, socketio_path=self.path, transports=list(transports), wait_timeout=5)

    async def call(self, event: str, *data: object) -> Any:
        sent = data[0] if len(data) == 1 else data
        return await self.sio.call(event, sent, timeout=5)

    async def _hear(self, event: str, data: dict[str, Any]) -> None:
        self.heard.append((event, data))

    async def _refused(self, data: object) -> None:
        self.refusals.append(data)

    async def _gone(self, _: object) -> None:
        self.disconnected.set()


@asynccontextmanager
async def connected(
    url: str, token: str, *, path: str = "socket.io", transports: Sequence[str] = ("websocket",)
) -> AsyncIterator[App]:
    app = App(path)
    await app.connect(url, token, transports=transports)
    try:
        yield app
    finally:
        await app.sio.disconnect()


def happened(order_id: UUID, seq: int) -> Event:
    at = datetime(2026, 1, 15, 9, seq % 60, tzinfo=UTC)
    return Event(
        id=UUID(int=seq),
        order_id=order_id,
        seq=seq,
        type="accepted",
        actor_kind="seller",
        actor_id=None,
        data={},
        at=at,
    )


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
        admins={"chief": UUID(int=0xC)},
        permissions=frozenset({"orders.read", "payouts.read"}),
        orders={order_id: (buyer, seller)},
        events={order_id: [happened(order_id, seq) for seq in range(1, 6)]},
    )


@pytest.fixture(name="serve")
def _serve() -> Callable[[RealtimeServer], AbstractAsyncContextManager[str]]:
    return serve


@pytest.fixture(name="connected")
def _connected() -> Callable[..., AbstractAsyncContextManager[App]]:
    return connected


@pytest.fixture(name="session_of")
def _session_of() -> Callable[..., UUID]:
    return session_of


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def make_app() -> Callable[[str], App]:
    return App
