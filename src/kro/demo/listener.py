"""The live side of an app: order events as Socket.IO brings them."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import socketio
from socketio.exceptions import ConnectionError as SocketRefusedError

from kro.demo.client import JSON, DemoError, eventually


class Listener:
    """Keeps every ``order.event`` one user is sent, in the order of arrival."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._socket = socketio.AsyncClient(reconnection=True)
        self._socket.on("order.event", self._keep)
        self._events: list[JSON] = []

    async def connect(self, token: str) -> None:
        """Open the connection as the owner of an access token.

        :raises DemoError: when the server refuses it.
        """
        try:
            # Several server processes may answer one address, and only a websocket stays with the one it reached.
            await self._socket.connect(self._base_url, auth={"token": token}, transports=["websocket"], wait_timeout=10)
        except SocketRefusedError as refusal:
            raise DemoError(f"the Socket.IO connection was refused: {refusal}") from refusal

    async def close(self) -> None:
        await self._socket.disconnect()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self.close()

    def heard(self, order_id: str) -> list[JSON]:
        """Return the events of one order, in the order of arrival."""
        return [event for event in self._events if event["order_id"] == order_id]

    async def hear(self, order_id: str, *, seq: int) -> list[JSON]:
        """Wait until the event with a sequence number has come and return all events of the order so far.

        :raises TookTooLongError: when it does not come.
        """

        async def ask() -> list[JSON]:
            return self.heard(order_id)

        return await eventually(
            f"event {seq} of {order_id} over Socket.IO",
            ask,
            until=lambda events: any(event["seq"] >= seq for event in events),
        )

    async def _keep(self, event: JSON) -> None:
        self._events.append(event)
