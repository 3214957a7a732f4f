from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Signal:
    """Something to tell some users wherever they are connected. ``data`` holds plain JSON values."""

    users: tuple[UUID, ...]
    event: str
    data: Mapping[str, Any] = field(repr=False)


class Listener(Protocol):
    """Who hears the signals: one per API process."""

    async def resumed(self) -> None:
        """Learn that listening began, or began again: signals may have been missed before this moment."""
        ...

    async def deliver(self, signal: Signal) -> None:
        """Pass one signal on to the clients connected here."""
        ...


class RealtimeBus(Protocol):
    """Carries signals from the process that publishes to every process that has clients. It may lose some.

    Nothing depends on a signal: what it tells is in the database, and clients ask for what they missed by ``seq``.
    """

    async def publish(self, signal: Signal) -> None:
        """Send a signal to all listeners."""
        ...

    async def run(self, listener: Listener) -> None:
        """Listen until cancelled; interruptions are overcome and told by ``resumed``."""
        ...


class InMemoryRealtimeBus:
    """A bus within one process, for tests and for a server and worker in one."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    async def publish(self, signal: Signal) -> None:
        for listener in tuple(self._listeners):
            await listener.deliver(signal)

    async def run(self, listener: Listener) -> None:
        self._listeners.append(listener)
        try:
            await listener.resumed()
            await asyncio.Event().wait()
        finally:
            self._listeners.remove(listener)
