from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kro.core.realtime.bus import Listener, News
from kro.core.realtime.listening import ListenOptions, listen_always, pass_on
from kro.core.realtime.wire import CHANNEL, encode
from kro.core.scheduler.signals import RetryLater

_LOST: Final = (OSError, RedisError, TimeoutError)


class RedisRealtimeBus:
    """Redis or Valkey, PUBLISH and SUBSCRIBE: the same news in the same words as over the database.

    Nothing is kept there, so the server needs neither disk nor replica; while it is away the outbox waits.
    """

    def __init__(self, url: str, *, listen: ListenOptions | None = None) -> None:
        self._url = url
        self._listen = listen or ListenOptions()
        seconds = self._listen.connect_seconds
        self._publisher = Redis.from_url(url, socket_connect_timeout=seconds, socket_timeout=seconds)

    async def publish(self, news: News) -> None:
        """Send news to every listening process.

        :raises SignalTooLargeError: if it names too many users.
        :raises RetryLater: while the server is away.
        """
        try:
            await self._publisher.publish(CHANNEL, encode(news))
        except _LOST:
            raise RetryLater("redis_unavailable") from None

    async def run(self, listener: Listener) -> None:
        """Listen until cancelled, connecting again whenever the connection is lost."""
        await listen_always(lambda: self._hear(listener), lost=_LOST, options=self._listen)

    async def close(self) -> None:
        """Let go of the connections that published."""
        await self._publisher.aclose()

    async def _hear(self, listener: Listener) -> None:
        # Without a read timeout: whoever listens is idle most of the time, and the heartbeat asks whether it lives.
        client = Redis.from_url(self._url, socket_connect_timeout=self._listen.connect_seconds, socket_timeout=None)
        try:
            async with client.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                await self._follow(channel, listener)
        finally:
            with suppress(*_LOST):
                await client.aclose()

    async def _follow(self, channel: Any, listener: Listener) -> None:  # noqa: ANN401 - the library types it loosely
        asked = False
        while True:
            heard = await channel.get_message(timeout=self._listen.heartbeat_seconds)
            if heard is None:
                if asked:
                    raise TimeoutError
                asked = True
                await channel.ping()
                continue
            asked = False
            if heard["type"] == "subscribe":
                # Comes after every connect, those that the library makes by itself as well.
                await listener.resumed()
            elif heard["type"] == "message":
                await pass_on(heard["data"], listener)
