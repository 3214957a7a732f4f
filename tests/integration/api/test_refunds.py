"""Refunds over HTTP, through the worker, to the vendor and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyotp
import pytest

from kro.core.auth.permissions import Role
from kro_api import PASSWORD, TOTP_SECRET, Person, World
from order_steps import DUE, funded, put_money, stepped

FINANCE_SECRET = "KROLOCALONLYFINANCE2345672ABCDEF"
NGN = "NGN"


async def admin(
    world: World, email: str = "admin@kro.example", secret: str = TOTP_SECRET, *, offset: int = 0
) -> Person:
    # A code is good for one use: whoever logs in with this window's has to wait for the next, or use the one before.
    code = pyotp.TOTP(secret).at(world.application.clock.now(), counter_offset=offset)
    reply = await world.http.post("/v1/admin/auth/login", json={"email": email, "password": PASSWORD, "totp": code})
    assert reply.status_code == 200, reply.text
    return replace(world.buyer, token=reply.json()["access_token"])


@pytest.fixture
async def approver(world: World) -> Person:
    await world.application.seeding.admin(
        email="second@kro.example",
        name="Second Admin",
        password=PASSWORD,
        role=Role.SUPER,
        totp_secret=FINANCE_SECRET,
    )
    return await admin(world, "second@kro.example", FINANCE_SECRET, offset=-1)


async def topped_up(world: World, amount: int) -> str:
    """Have the buyer put money into the balance; return the payment's id."""
    reply = await world.buyer.post("/balance/top-ups", {"amount": {"amount": amount, "currency": NGN}})
    assert reply.status_code in {201, 202}, reply.text
    await world.work()
    payment: dict[str, Any] = (await world.buyer.get(f"/payments/{reply.json()['id']}")).json()
    world.paystack.pay(payment["reference"])
    await world.application.collecting.collections.apply_provider_result(reference=payment["reference"])
    return str(payment["id"])


class TestAUser:
    async def test_sends_money_back_to_its_source(self, world: World) -> None:
        payment_id = await topped_up(world, 900_000)
        [choice] = (await world.buyer.get("/refunds/refundable")).json()["data"]
        assert (choice["payment_id"], choice["refundable"]["amount"]) == (payment_id, 900_000)

        asked = await world.buyer.post(
            "/refunds", {"payment_id": payment_id, "amount": {"amount": 250_000, "currency": NGN}}
        )
        assert asked.status_code == 202, asked.text
        refund = asked.json()
        assert (refund["status"], refund["origin"], refund["destination"]) == ("approved", "balance", "source")
        assert await world.buyer.available() == 650_000
        await world.work()
        reference = world.paystack.refunds[0].reference
        world.paystack.end_refund(reference)
        await world.application.refunding.tracker.apply_provider_result(world.paystack.refunds[0].transaction.reference)

        assert (await world.buyer.get(f"/refunds/{refund['id']}")).json()["status"] == "processed"
        [listed] = (await world.buyer.get("/refunds")).json()["data"]
        assert listed["id"] == refund["id"]
        await world.work()
        assert any("sent back to where it was paid from" in message.text for message in world.sms.sent)
        assert await world.violations() == {}

    async def test_takes_it_back_before_it_is_sent(self, world: World) -> None:
        payment_id = await topped_up(world, 900_000)
        refund = (await world.buyer.post("/refunds", {"payment_id": payment_id})).json()

        taken_back = await world.buyer.post(f"/refunds/{refund['id']}/cancel")

        assert taken_back.json()["status"] == "cancelled"
        assert await world.buyer.available() == 900_000
        await world.work()
        assert world.paystack.refunds == []
        again = await world.buyer.post(f"/refunds/{refund['id']}/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "refund_illegal_transition")

    async def test_learns_nothing_of_others(self, world: World) -> None:
        payment_id = await topped_up(world, 900_000)
        refund = (await world.buyer.post("/refunds", {"payment_id": payment_id})).json()

        for reply in (
            await world.stranger.get(f"/refunds/{refund['id']}"),
            await world.stranger.post(f"/refunds/{refund['id']}/cancel"),
            await world.stranger.post("/refunds", {"payment_id": payment_id}),
        ):
            assert reply.status_code == 404
        assert (await world.stranger.get("/refunds/refundable")).json()["data"] == []

    async def test_gets_the_first_answer_again_under_the_same_key(self, world: World) -> None:
        payment_id = await topped_up(world, 900_000)
        body = {"payment_id": payment_id, "amount": {"amount": 100_000, "currency": NGN}}

        first, second = [await world.buyer.post("/refunds", body, key="one") for _ in range(2)]

        assert first.json() == second.json()
        assert await world.buyer.available() == 800_000


class TestAnAdmin:
    async def test_gives_a_part_of_an_order_back_with_another_one(self, world: World, approver: Person) -> None:
        order = await funded(world)
        asking = await admin(world)
        body = {"order_id": order["id"], "amount": {"amount": 1_000_000, "currency": NGN}, "note": "Agreed by mail"}
        asked = await asking.post("/admin/refunds", body)
        assert asked.status_code == 202, asked.text
        path = f"/admin/refunds/{asked.json()['id']}"
        seen = (await approver.get(path)).json()
        word = {
            "totp": pyotp.TOTP(FINANCE_SECRET).at(world.application.clock.now()),
            "approval_hash": seen["approval_hash"],
        }

        own = await asking.post(f"{path}/approve", {**word, "totp": "123456"})
        assert (own.status_code, own.json()["code"]) == (403, "own_refund")
        agreed = await approver.post(f"{path}/approve", word)

        assert agreed.status_code == 200, agreed.text
        assert agreed.json()["status"] == "processed"
        assert await world.buyer.available() == 1_000_000
        events = (await world.buyer.get(f"/orders/{order['id']}/events")).json()["data"]
        assert "partly_refunded" in {event["type"] for event in events}
        [listed] = (await approver.get("/admin/refunds", status="processed")).json()["data"]
        assert listed["note"] == "Agreed by mail"
        assert await world.violations() == {}

    async def test_needs_the_permission(self, world: World) -> None:
        await world.application.seeding.admin(
            email="support@kro.example",
            name="Support",
            password=PASSWORD,
            role=Role.SUPPORT,
            totp_secret=FINANCE_SECRET,
        )
        support = await admin(world, "support@kro.example", FINANCE_SECRET)

        assert (await support.get("/admin/refunds")).status_code == 403

    async def test_does_not_resolve_what_is_clear(self, world: World, approver: Person) -> None:
        payment_id = await topped_up(world, 900_000)
        refund = (await world.buyer.post("/refunds", {"payment_id": payment_id})).json()
        body = {"totp": "123456", "ending": "not_paid", "evidence": "ticket 1"}

        reply = await approver.post(f"/admin/refunds/{refund['id']}/resolve", body)

        assert (reply.status_code, reply.json()["code"]) == (409, "refund_not_unclear")


async def test_a_cancelled_order_shows_its_refund_and_the_order_may_go_back_to_its_source(world: World) -> None:
    order = await funded(world)
    await put_money(world, 1)
    await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "Sold out"}))

    [refund] = (await world.buyer.get("/refunds")).json()["data"]

    assert (refund["origin"], refund["destination"], refund["status"]) == ("escrow", "balance", "processed")
    assert refund["amount"]["amount"] == DUE
    assert refund["payment_id"] is None
