from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import asyncpg

from kro.core.database.pool import Database, PoolOptions
from kro.core.realtime.bus import Listener, News
from kro.core.realtime.wire import CHANNEL, decode, encode
from kro.core.telemetry import get_logger

_LOG = get_logger()


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Seconds. A connection silent for ``heartbeat_seconds`` is asked whether it still lives."""

    heartbeat_seconds: float = 15.0
    connect_seconds: float = 5.0
    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 10.0


class PostgresRealtimeBus:
    """LISTEN and NOTIFY: fan-out over processes and hosts with nothing but the database.

    Publishing is a statement of its own, never part of a transaction that moves money: NOTIFY serializes commits.
    Listening holds one connection per process beside the pool; behind PgBouncer it must reach PostgreSQL directly.
    """

    def __init__(self, *, database: Database, options: PoolOptions, listen: ListenOptions | None = None) -> None:
        self._database = database
        self._options = options
        self._listen = listen or ListenOptions()

    async def publish(self, news: News) -> None:
        """Send news to every listening process.

        :raises SignalTooLargeError: if it names too many users.
        """
        await self._database.execute("SELECT pg_notify($1, $2)", CHANNEL, encode(news))

    async def run(self, listener: Listener) -> None:
        """Listen until cancelled, connecting again whenever the connection is lost."""
        pause = self._listen.first_pause_seconds
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._hear(listener)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _LOG.warning("realtime_listener_lost", error_type=type(error).__name__, retry_in_seconds=pause)
            if asyncio.get_running_loop().time() - began > self._listen.longest_pause_seconds:
                pause = self._listen.first_pause_seconds
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._listen.longest_pause_seconds)

    async def _hear(self, listener: Listener) -> None:
        inbox: asyncio.Queue[str | None] = asyncio.Queue()
        connection = await self._connect(on_end=lambda: inbox.put_nowait(None))
        try:
            await connection.add_listener(CHANNEL, lambda *heard: inbox.put_nowait(str(heard[-1])))
            await listener.resumed()
            while True:
                try:
                    async with asyncio.timeout(self._listen.heartbeat_seconds):
                        text = await inbox.get()
                except TimeoutError:
                    await connection.execute("SELECT 1", timeout=self._listen.connect_seconds)
                    continue
                if text is None:
                    raise ConnectionResetError
                await _pass_on(text, listener)
        finally:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await connection.close(timeout=self._listen.connect_seconds)

    async def _connect(self, *, on_end: Callable[[], None]) -> asyncpg.Connection[asyncpg.Record]:
        connection = await asyncpg.connect(
            self._options.dsn,
            ssl=self._options.ssl,
            timeout=self._listen.connect_seconds,
            server_settings={"application_name": f"{self._options.application_name} listener"},
        )
        connection.add_termination_listener(lambda _: on_end())
        return connection


async def _pass_on(text: str, listener: Listener) -> None:
    try:
        await listener.deliver(decode(text))
    except Exception:  # noqa: BLE001 - one signal that cannot be delivered must not silence the ones after it
        _LOG.exception("realtime_signal_dropped")
