"""The admins' sockets: their own tokens, events by role and by what is watched, and nothing of it for users."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from socketio.exceptions import ConnectionError as SocketRefused

from kro.core.ids import show_id
from kro.core.realtime import InMemoryRealtimeBus, RealtimeOptions, RealtimeServer, Signal

Serve = Callable[[RealtimeServer], AbstractAsyncContextManager[str]]
Connected = Callable[..., AbstractAsyncContextManager[Any]]
Eventually = Callable[..., Awaitable[None]]
Facts: TypeAlias = Any  # The classes of conftest.py, which no test can import.
App: TypeAlias = Any
ADMIN = "v1/admin/socket.io"


@pytest.fixture
def bus() -> InMemoryRealtimeBus:
    return InMemoryRealtimeBus()


@pytest.mark.parametrize(("path", "token"), [(ADMIN, "buyer"), ("socket.io", "chief")])
async def test_a_token_opens_its_own_world_only(
    facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, make_app: Callable[[str], App], path: str, token: str
) -> None:
    app = make_app(path)
    async with serve(facts.server(bus)) as url:
        with pytest.raises(SocketRefused):
            await app.connect(url, token)
        await app.sio.disconnect()

    assert app.refusals == [{"message": "unauthorized", "data": {"code": "token_invalid"}}]


async def test_admins_hear_what_their_role_may_know_and_users_nothing_of_it(
    facts: Facts,
    bus: InMemoryRealtimeBus,
    serve: Serve,
    connected: Connected,
    buyer: UUID,
    eventually: Eventually,
) -> None:
    facts.people["chief"] = facts.admins["chief"]  # A user who happens to have an admin's id.
    async with (
        serve(facts.server(bus)) as url,
        connected(url, "chief", path=ADMIN) as admin,
        connected(url, "chief") as user,
    ):
        for permission in ("payouts.read", "exceptions.read"):
            await bus.publish(Signal(users=(), event="queue.changed", data={"for": permission}, permission=permission))
        await bus.publish(Signal(users=(facts.people["chief"],), event="end", data={}))
        await bus.publish(Signal(users=(), event="end", data={}, permission="orders.read"))
        await eventually(lambda: ("end", {}) in admin.heard and ("end", {}) in user.heard)

    assert admin.heard == [("queue.changed", {"for": "payouts.read"}), ("end", {})]
    assert user.heard == [("end", {})]


async def test_an_order_is_heard_of_from_watching_it_until_leaving_it(
    facts: Facts,
    bus: InMemoryRealtimeBus,
    serve: Serve,
    connected: Connected,
    buyer: UUID,
    order_id: UUID,
    eventually: Eventually,
) -> None:
    shown = show_id("ord", order_id)

    async def tell(seq: int, event: str = "order.event") -> None:
        await bus.publish(Signal(users=(buyer,), event=event, data={"order_id": shown, "seq": seq}))

    async with (
        serve(facts.server(bus)) as url,
        connected(url, "buyer") as user,
        connected(url, "chief", path=ADMIN) as admin,
    ):
        await tell(1)
        assert await admin.call("order:join", {"id": shown}) == {"ok": True, "last_seq": 5}
        await tell(2)
        await tell(2, event="order.message")
        assert await admin.call("order:leave", {"id": shown}) == {"ok": True}
        await tell(3)
        await eventually(lambda: len(user.heard) == 4)

    assert [(event, data["seq"]) for event, data in admin.heard] == [("order.event", 2)]


async def test_watching_needs_the_permission_and_has_a_bound(
    facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected, order_id: UUID
) -> None:
    facts.orders[UUID(int=1)], facts.events[UUID(int=1)] = (), []
    first, second = ({"id": show_id("ord", each)} for each in (order_id, UUID(int=1)))
    async with serve(facts.server(bus, RealtimeOptions(watched_orders=1))) as url:
        async with connected(url, "chief", path=ADMIN) as admin:
            assert (await admin.call("order:join", first))["ok"]
            assert (await admin.call("order:join", second))["error"]["code"] == "too_many_orders"
            unknown = await admin.call("order:join", {"id": show_id("ord", UUID(int=9))})
            assert unknown["error"]["code"] == "order_not_found"
        facts.permissions = frozenset({"payouts.read"})
        async with connected(url, "chief", path=ADMIN) as admin:
            assert (await admin.call("order:join", first))["error"]["code"] == "permission_denied"


async def test_the_queues_shown_are_those_the_role_may_read(
    facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
) -> None:
    async with serve(facts.server(bus)) as url, connected(url, "chief", path=ADMIN) as admin:
        answer = await admin.call("queues:read", {})

    assert answer == {
        "ok": True,
        "queues": [{"queue": name, "waiting": 3} for name in ("payouts", "stuck_payouts", "disputes")],
    }


async def test_what_admins_may_ask_users_may_not(
    facts: Facts, bus: InMemoryRealtimeBus, serve: Serve, connected: Connected
) -> None:
    async with serve(facts.server(bus)) as url, connected(url, "buyer") as user:
        assert (await user.call("queues:read", {}))["error"]["code"] == "unknown_event"
