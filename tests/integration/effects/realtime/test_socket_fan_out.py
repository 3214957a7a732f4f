"""One database, several servers: an event published once reaches a user's clients wherever they are connected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias
from uuid import UUID

import pytest

from kro.core.database.pool import Database, PoolOptions
from kro.core.outbox import OutboxRelay, RelayOptions
from kro.core.realtime import ListenOptions, News, PostgresRealtimeBus, RealtimeServer, RealtimeTopic, Signal

Facts: TypeAlias = Any  # The classes of conftest.py, which no test can import.
Serve = Callable[[RealtimeServer], AbstractAsyncContextManager[str]]
Connected = Callable[..., AbstractAsyncContextManager[Any]]
Eventually = Callable[..., Awaitable[None]]
Post = Callable[..., Awaitable[UUID]]
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


@pytest.fixture
def make_bus(database: Database, app_dsn: str) -> Callable[[], PostgresRealtimeBus]:
    """Make the bus of one more process."""
    quick = ListenOptions(heartbeat_seconds=0.05, first_pause_seconds=0.01)
    return lambda: PostgresRealtimeBus(database=database, options=PoolOptions(dsn=app_dsn), listen=quick)


async def test_an_event_published_once_reaches_clients_of_two_servers_in_order_of_seq(
    facts: Facts,
    make_bus: Callable[[], PostgresRealtimeBus],
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
    make_bus: Callable[[], PostgresRealtimeBus],
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
    make_bus: Callable[[], PostgresRealtimeBus],
    serve: Serve,
    connected: Connected,
    buyer: UUID,
    database: Database,
    eventually: Eventually,
) -> None:
    async with serve(facts.server(make_bus())) as url, connected(url, "buyer") as app:
        assert await database.value(f"SELECT count(pg_terminate_backend(pid)) {LISTENERS}") == 1
        await eventually(lambda: ("realtime.gap", {}) in app.heard)
        await make_bus().publish(Signal(users=(buyer,), event="order.event", data={"seq": 9}))
        await eventually(lambda: ("order.event", {"seq": 9}) in app.heard)


async def test_listening_survives_silence_junk_and_a_listener_in_trouble(
    make_bus: Callable[[], PostgresRealtimeBus], database: Database, eventually: Eventually
) -> None:
    ear, bus = Ear(), make_bus()
    run = asyncio.create_task(bus.run(ear))
    await eventually(lambda: ear.resumptions == 1)
    await asyncio.sleep(0.2)
    await database.value("SELECT pg_notify('kro_realtime', 'junk')")
    await bus.publish(Signal(users=(), event="trouble", data={}))
    await bus.publish(Signal(users=(), event="fine", data={}))
    await eventually(lambda: bool(ear.heard))
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)

    assert [signal.event for signal in ear.heard] == ["fine"]
    assert ear.resumptions == 1
    await asyncio.sleep(0.1)
    assert await database.value(f"SELECT count(*) {LISTENERS}") == 0


async def test_a_server_starts_even_if_it_cannot_listen(facts: Facts, database: Database) -> None:
    nowhere = PoolOptions(dsn="postgresql://127.0.0.1:1/nowhere")
    server = facts.server(PostgresRealtimeBus(database=database, options=nowhere))

    await asyncio.wait_for(server.start(wait_seconds=0.1), 2)

    await server.stop()
