from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from kro.core.database.hosts import connect
from kro.core.database.pool import Database, PoolOptions
from kro.core.realtime.bus import Listener, News
from kro.core.realtime.listening import ListenOptions, listen_always, pass_on
from kro.core.realtime.wire import CHANNEL, encode

_LOST: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


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
        await listen_always(lambda: self._hear(listener), lost=_LOST, options=self._listen)

    async def close(self) -> None:
        """Do nothing: what publishes is the pool, which others use as well."""

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
                await pass_on(text, listener)
        finally:
            with suppress(*_LOST):
                await connection.close(timeout=self._listen.connect_seconds)

    async def _connect(self, *, on_end: Callable[[], None]) -> asyncpg.Connection[asyncpg.Record]:
        connection = await connect(
            self._options.direct_dsn or self._options.dsn,
            ssl=self._options.ssl,
            timeout=self._listen.connect_seconds,
            server_settings={"application_name": f"{self._options.application_name} listener"},
        )
        connection.add_termination_listener(lambda _: on_end())
        return connection
