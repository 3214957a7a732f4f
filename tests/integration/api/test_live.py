"""The sockets of the whole program: who is heard, for how long, and that every word of it is documented."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pyotp
import pytest
from socketio.exceptions import ConnectionError as SocketRefused

from kro.core.auth.permissions import Role
from kro.core.outbox import GiveUp, OutboxRelay
from kro.management.domain.queues import READERS
from kro_api import BUYER_PHONE, PASSWORD, TOTP_SECRET, World
from live_client import LiveClient, live, served
from order_steps import accepted, funded

ADMIN: Final = "v1/admin/socket.io"


@pytest.fixture
async def url(world: World) -> AsyncIterator[str]:
    async with served(world.application, world.api) as url:
        yield url


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not check():  # noqa: ASYNC110 - what is waited for comes over a socket
            await asyncio.sleep(0.01)


async def admin_token(world: World, email: str = "admin@kro.example") -> str:
    login = {"email": email, "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()}
    reply = await world.http.post("/v1/admin/auth/login", json=login)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["access_token"])


async def ended(client: LiveClient, code: str) -> None:
    await asyncio.wait_for(client.disconnected.wait(), 10)
    assert client.heard[-1] == ("session.ended", {"code": code})


async def test_an_order_is_told_to_its_parties_and_read_again_as_over_http(world: World, url: str) -> None:
    async with (
        live(url, world.buyer.token) as buyer,
        live(url, world.seller.token) as seller,
        live(url, world.stranger.token) as stranger,
    ):
        order = await funded(world)
        await world.work()
        over_http = (await world.buyer.get(f"/orders/{order['id']}/events")).json()["data"]
        await until(lambda: len(buyer.events(order["id"])) == len(seller.events(order["id"])) == len(over_http))
        joined = await buyer.call("order:join", {"id": order["id"]})
        synced = await seller.call("order:sync", {"id": order["id"], "after_seq": 1})
        refused = await stranger.call("order:sync", {"id": order["id"], "after_seq": 0})

        assert buyer.events(order["id"]) == seller.events(order["id"]) == over_http
        assert {name for name, _ in buyer.heard} == {
            "order.event",
            "payment.updated",
            "balance.updated",
            "notification.created",
        }
        assert stranger.heard == []
    assert joined == {"ok": True, "last_seq": len(over_http)}
    assert (synced["events"], synced["has_more"]) == (over_http[1:], False)
    assert refused["error"]["code"] == "order_not_found"


async def test_the_document_of_events_is_served(world: World) -> None:
    reply = await world.http.get("/asyncapi.json")

    assert reply.json()["asyncapi"] == "3.0.0"
    assert set(reply.json()["channels"]) == {"user", "admin"}


class TestEndings:
    async def test_logging_out_ends_the_sockets_of_that_session_alone(self, world: World, url: str) -> None:
        other = await world.login(BUYER_PHONE)
        async with live(url, world.buyer.token) as phone, live(url, other.token) as laptop:
            assert (await world.buyer.post("/auth/logout")).status_code == 204
            await world.work()
            await ended(phone, "session_ended")

            assert not laptop.disconnected.is_set()
        with pytest.raises(SocketRefused):
            await LiveClient().connect(url, world.buyer.token)

    @pytest.mark.parametrize("status", ["suspended", "closed"])
    async def test_a_user_who_is_not_active_any_more_is_seen_out(self, world: World, url: str, status: str) -> None:
        async with live(url, world.buyer.token) as buyer, live(url, world.seller.token) as seller:
            await world.database.execute("UPDATE users SET status = $1 WHERE phone = $2", status, BUYER_PHONE)
            await world.work()
            await ended(buyer, "standing_changed")

            assert not seller.disconnected.is_set()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE admins SET status = 'suspended'",
            "UPDATE admins SET role_code = 'support'",
            "UPDATE user_roles SET permissions = '{orders.read}' WHERE code = 'super'",
        ],
    )
    async def test_an_admin_whose_standing_changes_is_seen_out(self, world: World, url: str, statement: str) -> None:
        token = await admin_token(world)
        async with live(url, token, path=ADMIN) as admin:
            await world.database.execute(statement)
            await world.work()
            await ended(admin, "standing_changed")

    async def test_what_ends_nothing_tells_of_no_ending(self, world: World) -> None:
        await world.database.execute("UPDATE users SET first_name = first_name, status = status")
        await world.database.execute("UPDATE sessions SET last_used_at = now(), revoked_at = NULL")
        await world.application.seeding.roles()

        assert await world.database.value("SELECT count(*) FROM outbox WHERE payload ? 'end'") == 0


class TestRefresh:
    async def test_the_token_of_a_refreshed_session_keeps_the_socket(self, world: World, url: str) -> None:
        login = await world.http.post("/v1/auth/login", json={"phone": BUYER_PHONE, "password": PASSWORD})
        first = login.json()
        async with live(url, first["access_token"]) as buyer:
            pair = await world.http.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
            renewed = await buyer.call("auth:refresh", {"token": pair.json()["access_token"]})
            assert renewed["ok"]
            refused = await buyer.call("auth:refresh", {"token": world.seller.token})
            assert refused["error"]["code"] == "other_session"
            await ended(buyer, "other_session")


class TestAdmins:
    async def test_each_world_has_its_own_tokens(self, world: World, url: str) -> None:
        token = await admin_token(world)
        for path, wrong in ((ADMIN, world.buyer.token), ("socket.io", token)):
            client = LiveClient(path)
            with pytest.raises(SocketRefused):
                await client.connect(url, wrong)
            assert client.refusals == [{"message": "unauthorized", "data": {"code": "invalid_token"}}]
            await client.sio.disconnect()

    async def test_an_admin_watches_an_order_on_record_and_hears_of_queues_and_alarms(
        self, world: World, url: str
    ) -> None:
        order = await accepted(world)
        await world.work()
        looks = next(step for step in world.application.steps if step.name == "realtime.queues")
        async with live(url, await admin_token(world), path=ADMIN) as admin:
            assert (await admin.call("order:join", {"id": order["id"]}))["last_seq"] == 2
            await world.buyer.post(f"/orders/{order['id']}/cancel", {"reason": "changed my mind"})
            await world.database.execute(
                "INSERT INTO outbox (id, topic, payload) VALUES (gen_random_uuid(), 'broken', '{}'), "
                """(gen_random_uuid(), 'alert', '{"kind": "test", "subject": "Look", "detail": "Here."}')"""
            )
            await OutboxRelay(world.database, {"broken": give_up}).run_until_idle()
            await world.work()
            await looks.run()
            # One for the order, one for the alarm, and one for each queue, which had not been told before.
            await until(lambda: len(admin.heard) >= 2 + len(READERS))
            queues = await admin.call("queues:read", {})

        told = dict(admin.heard)
        assert told["order.event"]["type"] == "cancelled"
        assert told["alarm.raised"] == {"kind": "test", "subject": "Look"}
        lengths = {data["queue"]: data["waiting"] for name, data in admin.heard if name == "queue.changed"}
        assert lengths["dead_letters"] == 1
        assert {entry["queue"]: entry["waiting"] for entry in queues["queues"]} == lengths
        looked = await world.database.value("SELECT count(*) FROM audit_log WHERE action = 'order.read'")
        assert looked == 1

    async def test_a_queue_is_told_again_only_when_it_changes(self, world: World, url: str) -> None:
        looks = next(step for step in world.application.steps if step.name == "realtime.queues")
        async with live(url, await admin_token(world), path=ADMIN) as admin:
            await looks.run()
            await looks.run()
            await world.database.execute(
                "INSERT INTO outbox (id, topic, payload, state) VALUES (gen_random_uuid(), 'broken', '{}', 'dead')"
            )
            await looks.run()
            await until(lambda: len(admin.heard) > len(READERS))

        assert admin.heard[len(READERS) :] == [("queue.changed", {"queue": "dead_letters", "waiting": 1})]

    async def test_support_hears_of_no_money(self, world: World, url: str) -> None:
        await world.application.seeding.admin(
            email="support@kro.example", name="Test", password=PASSWORD, role=Role.SUPPORT, totp_secret=TOTP_SECRET
        )
        looks = next(step for step in world.application.steps if step.name == "realtime.queues")
        async with live(url, await admin_token(world, "support@kro.example"), path=ADMIN) as admin:
            await looks.run()
            answer = await admin.call("queues:read", {})
            await until(lambda: bool(admin.heard))

        assert [entry["queue"] for entry in answer["queues"]] == ["disputes"]
        assert {data["queue"] for _, data in admin.heard} == {"disputes"}


async def give_up(_: Any) -> None:
    raise GiveUp("broken")
