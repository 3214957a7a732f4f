"""An app on the sockets that takes nothing the documentation does not promise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import socketio
import uvicorn

from kro.bootstrap import Application
from kro.bootstrap.live import ADMINS, USERS, build_realtime
from kro.core.realtime import Partial, Surface
from kro.core.realtime.contract import Refused
from kro.main import beside_sockets

SURFACES: Final[Mapping[str, Surface]] = {surface.path: surface for surface in (USERS, ADMINS)}


def check_event(surface: Surface, name: str, data: Any) -> None:
    """Insist that an event is one of the surface's, and its data what the documentation says.

    :raises AssertionError: or a ``ValidationError`` when it is not.
    """
    event = next((event for event in surface.every_event if event.name == name), None)
    assert event is not None, f"{name} is not documented for {surface.path}"
    if event.may_be_partial and data.get("partial") is True:
        Partial.model_validate(data)
        return
    event.data.model_validate(data)
    assert set(data) <= set(event.data.model_fields), f"{name} tells more than is documented: {sorted(data)}"


def check_answer(surface: Surface, name: str, answer: Any) -> None:
    """Insist that an acknowledgement is what the documentation says."""
    if not answer["ok"]:
        Refused.model_validate(answer)
        return
    request = next(request for request in surface.every_request if request.name == name)
    request.answers.model_validate(answer)
    assert set(answer) == set(request.answers.model_fields)


def check_told(payload: Mapping[str, Any]) -> None:
    """Insist that what an outbox row of topic ``realtime`` tells is documented for whom it tells it."""
    if "end" not in payload:
        check_event(USERS if payload.get("users") else ADMINS, payload["event"], payload["data"])


class LiveClient:
    """Keeps what it hears, in order, and what was wrong with it."""

    def __init__(self, path: str = USERS.path) -> None:
        self.surface = SURFACES[path]
        self.heard: list[tuple[str, Any]] = []
        self.wrong: list[Exception] = []
        self.refusals: list[Any] = []
        self.disconnected = asyncio.Event()
        self.sio = socketio.AsyncClient(reconnection=False)
        handlers = (("*", self._hear), ("connect_error", self._refused), ("disconnect", self._gone))
        for event, handler in handlers:
            self.sio.on(event, handler)

    async def connect(self, url: str, token: str, *, transports: Sequence[str] = ("websocket",)) -> None:
        await self.sio.connect(
            url, auth={"token": token}, socketio_path=self.surface.path, transports=list(transports), wait_timeout=10
        )

    async def call(self, name: str, data: Any) -> Any:
        answer = await self.sio.call(name, data, timeout=10)
        check_answer(self.surface, name, answer)
        return answer

    def events(self, order_id: str) -> list[Any]:
        return [data for name, data in self.heard if name == "order.event" and data["order_id"] == order_id]

    async def _hear(self, event: str, data: Any) -> None:
        self.heard.append((event, data))
        try:
            check_event(self.surface, event, data)
        except Exception as error:  # noqa: BLE001 - in a handler of the library it would only be logged
            self.wrong.append(error)

    async def _refused(self, data: object) -> None:
        self.refusals.append(data)

    async def _gone(self, _: object) -> None:
        self.disconnected.set()


@asynccontextmanager
async def live(url: str, token: str, *, path: str = USERS.path) -> AsyncIterator[LiveClient]:
    """Yield a connected client, and insist in the end that it heard only what is documented."""
    client = LiveClient(path)
    await client.connect(url, token)
    try:
        yield client
    finally:
        await client.sio.disconnect()
    assert client.wrong == []


@asynccontextmanager
async def served(application: Application, app: Any, *, port: int = 0) -> AsyncIterator[str]:
    """Serve an opened application with its sockets on a port of loopback, a free one unless given.

    Each time the sockets are new ones, as after a restart.
    """
    base, identity, orders, bus = application.base, application.identity, application.orders, application.bus
    realtime = build_realtime(base, identity, orders, bus)
    everything = beside_sockets(replace(application, realtime=realtime), app)
    config = uvicorn.Config(
        everything, host="127.0.0.1", port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    await realtime.start()
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(30):
        while not server.started:  # noqa: ASYNC110 - the server offers no event for it
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        await realtime.stop()
