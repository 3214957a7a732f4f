from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from kro.core.actor import ActorKind


@dataclass(frozen=True, slots=True)
class Signal:
    """Something to tell some users, and the admins with a permission, wherever they are connected.

    ``data`` holds plain JSON values.
    """

    users: tuple[UUID, ...]
    event: str
    data: Mapping[str, Any] = field(repr=False)
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """Somebody may not stay connected: with one session, or without ``session_id`` with any.

    ``reason`` is told to the client.
    """

    kind: ActorKind
    principal_id: UUID
    session_id: UUID | None
    reason: str


News: TypeAlias = Signal | Ending


class Listener(Protocol):
    """Who hears the news: one per API process."""

    async def resumed(self) -> None:
        """Learn that listening began, or began again: news may have been missed before this moment."""
        ...

    async def deliver(self, news: News) -> None:
        """Pass one piece of news on to the clients connected here."""
        ...


class RealtimeBus(Protocol):
    """Carries news from the process that publishes to every process that has clients. It may lose some.

    Nothing depends on it: what a signal tells is in the database, and clients ask for what they missed by ``seq``; who
    may not stay connected is asked of the database again and again.
    """

    async def publish(self, news: News) -> None:
        """Send news to all listeners.

        :raises SignalTooLargeError: if it names too many users.
        """
        ...

    async def run(self, listener: Listener) -> None:
        """Listen until cancelled; interruptions are overcome and told by ``resumed``."""
        ...

    async def close(self) -> None:
        """Let go of what publishing needs."""
        ...


class InMemoryRealtimeBus:
    """A bus within one process, for tests and for a server and worker in one."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    async def publish(self, news: News) -> None:
        for listener in tuple(self._listeners):
            await listener.deliver(news)

    async def run(self, listener: Listener) -> None:
        self._listeners.append(listener)
        try:
            await listener.resumed()
            await asyncio.Event().wait()
        finally:
            self._listeners.remove(listener)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
