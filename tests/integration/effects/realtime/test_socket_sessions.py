"""How long a connection lives: renewed by newer tokens, ended by whoever may end it, and missed by no race."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from socketio.exceptions import ConnectionError as SocketRefused

from kro.core.actor import ActorKind
from kro.core.clock import SystemClock
from kro.core.realtime import Ending, InMemoryRealtimeBus, RealtimeOptions, RealtimeServer

Serve = Callable[[RealtimeServer], AbstractAsyncContextManager[str]]
Connected = Callable[..., AbstractAsyncContextManager[Any]]
Eventually = Callable[..., Awaitable[None]]
SessionOf = Callable[[str, str], UUID]
Facts: TypeAlias = Any  # The classes of conftest.py, which no test can import.


@pytest.fixture
def bus() -> InMemoryRealtimeBus:
    return InMemoryRealtimeBus()


async def ended(app: Any, code: str) -> None:
    await asyncio.wait_for(app.disconnected.wait(), 5)
    assert app.heard[-1] == ("session.ended", {"code": code})


class TestRefresh:
    async def test_a_newer_token_lets_the_connection_live_on(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
    ) -> None:
        now = SystemClock().now()
        facts.expires_at = now + timedelta(seconds=1)
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            facts.expires_at = now + timedelta(seconds=60)
            answer = await app.call("auth:refresh", {"token": "buyer"})
            await asyncio.sleep(1.5)

            assert not app.disconnected.is_set()
            assert answer["ok"]
            assert 55 < answer["expires_in_seconds"] <= 60

    @pytest.mark.parametrize(
        ("token", "code"),
        [("nobody", "token_invalid"), ("seller", "other_session"), ("buyer@2", "other_session")],
    )
    async def test_a_refused_token_is_answered_and_ends_the_connection(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, token: str, code: str
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            answer = await app.call("auth:refresh", {"token": token})
            await ended(app, code)

        assert (answer["ok"], answer["error"]["code"]) == (False, code)

    @pytest.mark.parametrize("payload", [{}, {"token": 7}, {"token": ""}, {"token": "x" * 5000}, "buyer"])
    async def test_what_is_no_token_changes_nothing(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, payload: object
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            answer = await app.call("auth:refresh", payload)
            assert answer["error"]["code"] == "validation_failed"
            assert not app.disconnected.is_set()

    async def test_trouble_of_ours_does_not_end_it(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
    ) -> None:
        async with serve(facts.server(bus)) as url, connected(url, "buyer") as app:
            facts.broken = True
            answer = await app.call("auth:refresh", {"token": "buyer"})
            assert answer["error"]["code"] == "internal_error"
            assert (await app.call("order:join", {"id": "x"}))["error"]["code"] == "not_found"


class TestEndings:
    async def test_one_session_ends_on_every_server_and_the_others_stay(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        buyer: UUID,
        session_of: SessionOf,
    ) -> None:
        async with (
            serve(facts.server(bus)) as first,
            serve(facts.server(bus)) as second,
            connected(first, "buyer@1") as phone,
            connected(second, "buyer@1") as tablet,
            connected(first, "buyer@2") as laptop,
            connected(second, "seller") as seller,
        ):
            await bus.publish(Ending(ActorKind.USER, buyer, session_of("buyer", "1"), "session_ended"))
            await ended(phone, "session_ended")
            await ended(tablet, "session_ended")

            assert not laptop.disconnected.is_set()
            assert not seller.disconnected.is_set()

    async def test_a_person_ends_everywhere_in_their_own_world_only(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, buyer: UUID
    ) -> None:
        facts.admins["chief"] = buyer  # An admin who happens to have a user's id.
        async with (
            serve(facts.server(bus)) as url,
            connected(url, "buyer@1") as phone,
            connected(url, "buyer@2") as laptop,
            connected(url, "chief", path="v1/admin/socket.io") as admin,
        ):
            await bus.publish(Ending(ActorKind.USER, buyer, None, "standing_changed"))
            await ended(phone, "standing_changed")
            await ended(laptop, "standing_changed")

            assert not admin.disconnected.is_set()

    async def test_an_ending_that_comes_while_somebody_is_let_in_is_not_missed(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        app: Any,
        buyer: UUID,
    ) -> None:
        facts.gate = asyncio.Event()
        async with serve(facts.server(bus)) as url:
            connecting = asyncio.create_task(app.connect(url, "buyer"))
            await asyncio.sleep(0.2)
            await bus.publish(Ending(ActorKind.USER, buyer, None, "standing_changed"))
            facts.gate.set()
            with pytest.raises(SocketRefused):
                await connecting
            await app.sio.disconnect()

        assert app.refusals == [{"message": "unauthorized", "data": {"code": "session_ended"}}]

    async def test_what_the_bus_lost_is_found_out_all_the_same(
        self,
        facts: Facts,
        bus: InMemoryRealtimeBus,
        serve: Serve,
        connected: Connected,
        session_of: SessionOf,
    ) -> None:
        options = RealtimeOptions(recheck_seconds=0.1)
        async with (
            serve(facts.server(bus, options)) as url,
            connected(url, "buyer@1") as phone,
            connected(url, "buyer@2") as laptop,
        ):
            facts.ended.add(session_of("buyer", "1"))
            await ended(phone, "session_ended")

            assert not laptop.disconnected.is_set()

    async def test_a_server_that_stops_lets_clients_come_back_by_themselves(
        self, facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, app: Any, eventually: Eventually
    ) -> None:
        reasons: list[str] = []

        async def gone(reason: str) -> None:
            reasons.append(reason)

        async with connected_to_one_that_stops(facts, bus, serve, app):
            app.sio.on("disconnect", gone)
        await eventually(lambda: bool(reasons))

        # "server disconnect" would mean a client that was sent away for good.
        assert reasons[0].startswith("transport")


@asynccontextmanager
async def connected_to_one_that_stops(
    facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, app: Any
) -> AsyncIterator[None]:
    async with serve(facts.server(bus)) as url:
        await app.connect(url, "buyer")
        yield
