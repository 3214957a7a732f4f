from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import httpx2
import pytest
import websockets
from socketio.exceptions import ConnectionError as SocketRefused

from kro.core.clock import SystemClock
from kro.core.ids import show_id
from kro.core.realtime import InMemoryRealtimeBus, RealtimeOptions, RealtimeServer, Signal

Serve = Callable[[RealtimeServer], AbstractAsyncContextManager[str]]
Connected = Callable[..., AbstractAsyncContextManager[Any]]
Eventually = Callable[..., Awaitable[None]]
Facts: TypeAlias = Any  # The classes of conftest.py, which no test can import.
App: TypeAlias = Any
HANDSHAKE = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture
def bus() -> InMemoryRealtimeBus:
    return InMemoryRealtimeBus()


def raw(url: str, origin: str | None = None) -> websockets.connect:
    return websockets.connect(
        url.replace("http", "ws") + HANDSHAKE, origin=websockets.Origin(origin) if origin else None
    )


async def shake_hands(socket: websockets.ClientConnection, token: str) -> None:
    assert str(await socket.recv()).startswith("0{")
    await socket.send("40" + json.dumps({"token": token}))
    assert str(await socket.recv()).startswith("40{")


async def until_closed(socket: websockets.ClientConnection) -> None:
    async with asyncio.timeout(5):
        async for _ in socket:
            pass


class TestConnecting:
    async def test_the_api_beside_it_is_served_and_its_lifespan_runs(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve
    ) -> None:
        async with serve(facts.server(bus)) as url, httpx2.AsyncClient() as client:
            assert (await client.get(f"{url}/hello")).text == "hello"

    async def test_who_shows_a_token_hears_their_own_events_only(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        buyer: UUID,
        seller: UUID,
        eventually: Eventually,
    ) -> None:
        async with (
            serve(facts.server(bus)) as url,
            connected(url, "buyer") as first,
            connected(url, "buyer") as second,
            connected(url, "stranger") as stranger,
        ):
            await bus.publish(Signal(users=(buyer, seller), event="order.event", data={"seq": 1}))
            await bus.publish(Signal(users=(seller,), event="order.event", data={"seq": 2}))
            await bus.publish(Signal(users=tuple(facts.people.values()), event="end", data={}))
            await eventually(lambda: all(("end", {}) in app.heard for app in (first, second, stranger)))

        expected = [("order.event", {"seq": 1}), ("end", {})]
        assert (first.heard, second.heard, stranger.heard) == (expected, expected, [("end", {})])

    @pytest.mark.parametrize(
        ("token", "code"),
        [(None, "token_missing"), ("", "token_missing"), ("x" * 5000, "token_missing"), ("nobody", "token_invalid")],
    )
    async def test_without_a_good_token_it_is_refused_with_a_reason(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, app: App, token: str | None, code: str
    ) -> None:
        async with serve(facts.server(bus)) as url:
            with pytest.raises(SocketRefused):
                await app.connect(url, token)
            await app.sio.disconnect()

        assert app.refusals == [{"message": "unauthorized", "data": {"code": code}}]

    async def test_a_failure_on_our_side_says_so_and_nothing_more(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, app: App
    ) -> None:
        facts.broken = True
        async with serve(facts.server(bus)) as url:
            with pytest.raises(SocketRefused):
                await app.connect(url, "buyer")
            await app.sio.disconnect()

        assert app.refusals == [{"message": "unavailable", "data": {"code": "internal_error"}}]

    async def test_a_token_in_the_query_string_counts_for_nothing(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, app: App
    ) -> None:
        async with serve(facts.server(bus)) as url:
            with pytest.raises(SocketRefused):
                await app.connect(f"{url}?token=buyer", None)
            await app.sio.disconnect()

        assert app.refusals[0]["data"] == {"code": "token_missing"}

    async def test_one_person_has_a_bounded_number_of_connections(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, app: App
    ) -> None:
        async with serve(facts.server(bus, RealtimeOptions(connections_per_person=2))) as url:
            async with connected(url, "buyer"), connected(url, "buyer"):
                with pytest.raises(SocketRefused):
                    await app.connect(url, "buyer")
                await app.sio.disconnect()
                async with connected(url, "seller"):
                    pass
            async with connected(url, "buyer"):
                pass

        assert app.refusals == [{"message": "refused", "data": {"code": "too_many_connections"}}]

    @pytest.mark.parametrize(
        ("origin", "allowed", "welcome"),
        [
            ("https://app.example.com", ("https://app.example.com",), True),
            ("https://evil.example.com", ("https://app.example.com",), False),
            ("https://evil.example.com", (), False),
            (None, (), True),
        ],
    )
    async def test_pages_of_other_origins_are_refused(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        origin: str | None,
        allowed: tuple[str, ...],
        *,
        welcome: bool,
    ) -> None:
        facts.origins = allowed
        async with serve(facts.server(bus)) as url:
            if welcome:
                async with raw(url, origin=origin) as socket:
                    await shake_hands(socket, "buyer")
                return
            with pytest.raises(websockets.InvalidStatus):
                await raw(url, origin=origin)

    async def test_long_polling_is_not_offered(self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve) -> None:
        async with serve(facts.server(bus)) as url, httpx2.AsyncClient() as client:
            answer = await client.get(f"{url}/socket.io/?EIO=4&transport=polling")

        assert answer.status_code == 400

    async def test_a_connection_that_never_shows_a_token_is_cut(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
    ) -> None:
        async with (
            serve(facts.server(bus, RealtimeOptions(handshake_seconds=0.1))) as url,
            connected(url, "buyer") as named,
            raw(url) as silent,
        ):
            await until_closed(silent)
            assert not named.disconnected.is_set()


class TestExpiry:
    async def test_the_connection_ends_with_the_token(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
    ) -> None:
        facts.expires_at = SystemClock().now() + timedelta(seconds=0.5)
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            await asyncio.wait_for(app.disconnected.wait(), 5)

    async def test_an_expired_token_is_refused(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, app: App
    ) -> None:
        facts.expires_at = SystemClock().now()
        async with serve(facts.server(bus)) as url:
            with pytest.raises(SocketRefused):
                await app.connect(url, "buyer")
            await app.sio.disconnect()

        assert app.refusals[0]["data"] == {"code": "token_expired"}

    @pytest.mark.parametrize("packet", ['42["disconnect"]', '42["connect",{},{"token":"seller"}]', '42["connect"]'])
    async def test_events_named_like_the_handshake_change_nothing(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, seller: UUID, packet: str
    ) -> None:
        facts.expires_at = SystemClock().now() + timedelta(seconds=1)
        async with serve(facts.server(bus)) as url, raw(url) as socket:
            await shake_hands(socket, "buyer")
            await socket.send(packet)
            await bus.publish(Signal(users=(seller,), event="secret", data={}))
            heard: list[str] = []
            async with asyncio.timeout(5):
                while not heard or heard[-1] != "41":
                    heard.append(str(await socket.recv()))

        assert not any("secret" in packet for packet in heard)


class TestOrders:
    async def test_a_party_joins_and_learns_where_the_order_stands(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, order_id: UUID
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "seller") as app:
            assert await app.call("order:join", {"id": show_id("ord", order_id)}) == {"ok": True, "last_seq": 5}

    async def test_a_party_gets_what_it_missed_in_order_of_seq(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, order_id: UUID
    ) -> None:
        seen: list[int] = []
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            more = True
            while more:
                answer = await app.call(
                    "order:sync", {"id": show_id("ord", order_id), "after_seq": seen[-1] if seen else 0}
                )
                seen += [event["seq"] for event in answer["events"]]
                more = answer["has_more"]

        assert seen == [1, 2, 3, 4, 5]

    @pytest.mark.parametrize("event", ["order:join", "order:sync"])
    async def test_anybody_else_is_told_there_is_no_such_order(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, order_id: UUID, event: str
    ) -> None:
        known = {"id": show_id("ord", order_id)} | ({"after_seq": 0} if event == "order:sync" else {})
        unknown = known | {"id": show_id("ord", UUID(int=99))}
        async with serve(facts.server(bus)) as url, connected(url, "stranger") as app:
            answers = [await app.call(event, known), await app.call(event, unknown)]

        assert (
            answers[0]
            == answers[1]
            == {
                "ok": False,
                "error": {"code": "order_not_found", "detail": "There is no such order."},
            }
        )

    @pytest.mark.parametrize(
        ("event", "payload", "code"),
        [
            ("order:join", "text", "validation_failed"),
            ("order:join", {}, "validation_failed"),
            ("order:join", {"id": 7}, "validation_failed"),
            ("order:join", {"id": "x" * 65}, "validation_failed"),
            ("order:join", {"id": "ord_x", "admin": True}, "validation_failed"),
            ("order:join", {"id": "usr_00000000000000000000000000"}, "not_found"),
            ("order:sync", {"id": "ord_00000000000000000000000000"}, "validation_failed"),
            ("order:sync", {"id": "ord_00000000000000000000000000", "after_seq": "1"}, "validation_failed"),
            ("order:sync", {"id": "ord_00000000000000000000000000", "after_seq": -1}, "validation_failed"),
            ("order:sync", {"id": "ord_00000000000000000000000000", "after_seq": 2**40}, "validation_failed"),
            ("order:delete", {"id": "ord_00000000000000000000000000"}, "unknown_event"),
        ],
    )
    async def test_bad_requests_are_refused_by_acknowledgement(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        event: str,
        payload: object,
        code: str,
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            answer = await app.call(event, payload)

        assert (answer["ok"], answer["error"]["code"]) == (False, code)

    @pytest.mark.parametrize("sent", [(), ({"id": "ord_00000000000000000000000000"}, 2)])
    async def test_exactly_one_payload_is_taken(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, sent: tuple[object, ...]
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            assert (await app.call("order:join", *sent))["error"]["code"] == "validation_failed"

    async def test_a_bug_behind_it_is_not_shown(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, order_id: UUID
    ) -> None:
        facts.events.clear()
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            answer = await app.call("order:sync", {"id": show_id("ord", order_id), "after_seq": 0})

        assert answer["error"] == {"code": "internal_error", "detail": "Something went wrong on our side."}


class TestLimits:
    async def test_too_many_messages_are_refused_and_then_cut(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
    ) -> None:
        options = RealtimeOptions(burst=3, messages_per_second=0.001, denials_before_disconnect=5)
        async with serve(facts.server(bus, options)) as url, connected(url, "buyer") as app:
            codes = [(await app.call("anything", {}))["error"]["code"] for _ in range(5)]
            assert codes == ["unknown_event"] * 3 + ["rate_limited"] * 2
            for _ in range(3):
                await app.sio.emit("anything", {})
            await asyncio.wait_for(app.disconnected.wait(), 5)

    async def test_a_message_that_is_too_large_ends_the_connection(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve
    ) -> None:
        async with serve(facts.server(bus)) as url, raw(url) as socket:
            await shake_hands(socket, "buyer")
            await socket.send('42["order:join",' + " " * 20_000 + '{"id":"x"}]')
            await until_closed(socket)

    @pytest.mark.parametrize("junk", ["", "4", "42", "42{", '42[{"a":1}]', "4999999999999-[", "9", "45-"])
    async def test_junk_does_not_disturb_others(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        seller: UUID,
        eventually: Eventually,
        junk: str,
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "seller") as app, raw(url) as socket:
            await shake_hands(socket, "buyer")
            await socket.send(junk)
            await bus.publish(Signal(users=(seller,), event="end", data={}))
            await eventually(lambda: app.heard == [("end", {})])
