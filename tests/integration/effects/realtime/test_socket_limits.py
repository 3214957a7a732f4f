"""What strangers and slow readers may take up, and both transports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeAlias
from uuid import UUID

import httpx2
import pytest
import websockets

from kro.core.realtime import InMemoryRealtimeBus, RealtimeOptions, RealtimeServer, Signal

Serve = Callable[[RealtimeServer], AbstractAsyncContextManager[str]]
Connected = Callable[..., AbstractAsyncContextManager[Any]]
Eventually = Callable[..., Awaitable[None]]
Facts: TypeAlias = Any  # The classes of conftest.py, which no test can import.
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.fixture
def bus() -> InMemoryRealtimeBus:
    return InMemoryRealtimeBus()


def raw(url: str) -> websockets.connect:
    return websockets.connect(url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket")


class TestNetworks:
    async def test_one_network_holds_a_bounded_number_of_connections(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve
    ) -> None:
        async with serve(facts.server(bus, RealtimeOptions(connections_per_network=2))) as url:
            async with AsyncExitStack() as stack:
                for _ in range(2):
                    await stack.enter_async_context(raw(url))
                with pytest.raises(websockets.InvalidStatus):
                    await raw(url)
            async with raw(url):
                pass

    async def test_handshakes_are_counted_on_both_transports_and_nothing_else_is(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve
    ) -> None:
        options = RealtimeOptions(handshakes_per_network=2, handshakes_per_second=0.001, long_polling=True)
        async with serve(facts.server(bus, options)) as url, httpx2.AsyncClient() as client:
            first = await client.get(url + POLLING)
            async with raw(url):
                pass
            third = await client.get(url + POLLING.replace("/?", "?"))
            with pytest.raises(websockets.InvalidStatus):
                await raw(url)
            hello = await client.get(f"{url}/hello")
            sid = first.text.split('"sid":"')[1].split('"')[0]
            going_on = await client.post(f"{url}{POLLING}&sid={sid}", content='40{"token":"buyer"}')

        assert (first.status_code, third.status_code, third.text) == (200, 429, "too_many_connections")
        assert (hello.status_code, going_on.status_code) == (200, 200)


class TestSlowReaders:
    async def test_who_does_not_read_is_cut_and_the_others_hear_on(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        buyer: UUID,
        seller: UUID,
        eventually: Eventually,
    ) -> None:
        options = RealtimeOptions(queued_packets=20, long_polling=True)
        server = facts.server(bus, options)
        async with (
            serve(server) as url,
            connected(url, "seller") as seller_app,
            httpx2.AsyncClient() as client,
        ):
            # A client on long polling that never polls: nothing of what it is told leaves the server.
            opened = await client.get(url + POLLING)
            sid = opened.text.split('"sid":"')[1].split('"')[0]
            await client.post(f"{url}{POLLING}&sid={sid}", content='40{"token":"buyer"}')
            for seq in range(60):
                await bus.publish(Signal(users=(buyer, seller), event="order.event", data={"seq": seq}))
                await asyncio.sleep(0)
            await eventually(lambda: len(seller_app.heard) == 60)
            gone = await client.post(f"{url}{POLLING}&sid={sid}", content="3")

        assert [data["seq"] for _, data in seller_app.heard] == list(range(60))
        assert gone.status_code == 400


class TestTransports:
    @pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
    async def test_the_same_is_heard_on_each(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        buyer: UUID,
        eventually: Eventually,
        transports: tuple[str, ...],
    ) -> None:
        async with (
            serve(facts.server(bus, RealtimeOptions(long_polling=True))) as url,
            connected(url, "buyer", transports=transports) as app,
        ):
            assert app.sio.transport() == transports[-1]
            await bus.publish(Signal(users=(buyer,), event="order.event", data={"seq": 1}))
            await eventually(lambda: bool(app.heard))

        assert app.heard == [("order.event", {"seq": 1})]

    @pytest.mark.parametrize(
        ("origin", "status"), [("https://app.example.com", 200), ("https://evil.example.com", 400)]
    )
    async def test_polling_tells_browsers_which_origins_may_read(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, origin: str, status: int
    ) -> None:
        options = RealtimeOptions(long_polling=True)
        facts.origins = ("https://app.example.com",)
        async with serve(facts.server(bus, options)) as url, httpx2.AsyncClient() as client:
            answer = await client.get(url + POLLING, headers={"Origin": origin})

        assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") == (origin if status == 200 else None)
        assert "access-control-allow-credentials" not in answer.headers
