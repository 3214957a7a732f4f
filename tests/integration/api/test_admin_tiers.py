"""What the tiers may do is changed over HTTP: seen first, with a reason, and every money rule follows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro_api import World
from order_steps import created, proposal, quoted

TIER_1: dict[str, Any] = {
    "tier": 1,
    "currency": "NGN",
    "order_limit": 50_000_000,
    "payout_limit": 20_000_000,
    "day_in_limit": None,
    "day_out_limit": 50_000_000,
    "balance_limit": 100_000_000,
    "requires": ["phone"],
}


@pytest.fixture
async def officer(world: World) -> Admin:
    return await at_desk(world, Role.COMPLIANCE)


async def changed(admin: Admin, **terms: Any) -> dict[str, Any]:
    wish = TIER_1 | terms
    preview = await admin.post("/admin/kyc/tiers/preview", wish)
    assert preview.status_code == 200, preview.text
    body = wish | {"preview_hash": preview.json()["preview_hash"], "reason": "Board decision 7"}
    reply = await admin.post("/admin/kyc/tiers/changes", body)
    assert reply.status_code == 201, reply.text
    step: dict[str, Any] = reply.json()
    return step


def facts(reply: Any) -> tuple[int, str, dict[str, Any]]:
    body = reply.json()
    return reply.status_code, body["code"], body["facts"]


async def test_orders_and_top_ups_follow_a_change_at_once_and_say_what_is_used(world: World, officer: Admin) -> None:
    amount = (await created(world))["amount"]["amount"]

    none: dict[str, Any] = {"order_limit": 0, "payout_limit": 0, "day_out_limit": 0, "balance_limit": 0}
    await changed(officer, tier=0, requires=[], day_in_limit=700_000, **none)
    step = await changed(officer, order_limit=amount - 1, day_in_limit=700_000)
    refused = await world.buyer.post("/orders", proposal(await quoted(world)))
    first = await world.buyer.post("/balance/top-ups", {"amount": {"amount": 500_000, "currency": "NGN"}})
    second = await world.buyer.post("/balance/top-ups", {"amount": {"amount": 200_001, "currency": "NGN"}})

    assert [rule["order_limit"] for rule in step["ended"]] == [50_000_000]
    assert facts(refused) == (
        409,
        "tier_limit_exceeded",
        {"limit": "order", "currency": "NGN", "allowed": amount - 1, "used": 0, "requested": amount},
    )
    assert first.status_code == 202
    assert facts(second)[2] == {
        "limit": "paid_in_day",
        "currency": "NGN",
        "allowed": 700_000,
        "used": 500_000,
        "requested": 200_001,
    }
    audit = await world.database.row("SELECT reason, actor_kind FROM audit_log WHERE action = 'kyc.limits_change'")
    assert (audit["reason"], audit["actor_kind"]) == ("Board decision 7", "admin")


async def test_a_planned_change_waits_for_its_date(world: World, officer: Admin) -> None:
    later = (world.application.clock.now() + timedelta(days=30)).isoformat()

    await changed(officer, order_limit=5_000_000, effective_from=later)

    assert (await world.buyer.post("/orders", proposal(await quoted(world)))).status_code == 201
    [planned] = (await officer.get("/admin/kyc/tiers", state="scheduled")).json()["data"]
    assert (planned["order_limit"], planned["reason"]) == (5_000_000, "Board decision 7")


async def test_a_buyer_who_only_accepts_is_measured_too(world: World, officer: Admin) -> None:
    wanted = {"amount": {"amount": 15_000_000, "currency": "NGN"}, "order_type": "goods", "buyer_share_bps": 5_000}
    quote = (await world.seller.post("/fees/quote", wanted)).json()
    body = proposal(quote["id"]) | {"role": "seller", "counterparty_phone": "+2348031110001"}
    order = (await world.seller.post("/orders", body)).json()
    await changed(officer, order_limit=5_000_000)

    accept = await world.buyer.post(f"/orders/{order['id']}/accept", {"terms_hash": order["terms"]["hash"]})

    assert (accept.status_code, accept.json()["code"]) == (409, "tier_limit_exceeded")


async def test_only_whoever_may_changes_limits(world: World) -> None:
    support = await at_desk(world, Role.SUPPORT, email="support@kro.example")

    for reply in (
        await support.post("/admin/kyc/tiers/preview", TIER_1),
        await support.get("/admin/kyc/tiers"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")


async def test_top_ups_at_once_never_add_up_to_more_than_the_day_allows(world: World, officer: Admin) -> None:
    none: dict[str, Any] = {"order_limit": 0, "payout_limit": 0, "day_out_limit": 0, "balance_limit": 0}
    await changed(officer, tier=0, requires=[], day_in_limit=700_000, **none)
    await changed(officer, day_in_limit=700_000)
    body = {"amount": {"amount": 200_000, "currency": "NGN"}}

    replies = await asyncio.gather(*(world.buyer.post("/balance/top-ups", body) for _ in range(50)))
    replies += [await world.buyer.post("/balance/top-ups", body) for _ in range(4)]

    assert sum(reply.status_code == 202 for reply in replies) == 3
    assert {reply.json()["code"] for reply in replies if reply.status_code != 202} <= {
        "tier_limit_exceeded",
        "concurrent_update",
        "database_busy",
    }
    paid_in = "SELECT coalesce(sum(amount), 0) FROM transactions WHERE kind = 'payment'"
    assert await world.database.value(paid_in) == 600_000
