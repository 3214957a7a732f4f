"""Steps of tests about contested payments, debts and unmatched money."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyotp

from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro_api import PASSWORD, TOTP_SECRET, Person, World
from order_steps import PNG, accepted, stepped

OTHER_SECRET = "KROLOCALONLYFINANCE2345672ABCDEF"
PROVIDER_START = 1_000_000_000
WHY = {"ticket": "OPS-17", "note": "Seen on the statement of today."}


async def admin(
    world: World, email: str = "admin@kro.example", secret: str = TOTP_SECRET, *, offset: int = 0
) -> Person:
    # A code is good for one use: whoever logs in with this window's has to wait for the next, or use the one before.
    reply = await world.http.post(
        "/v1/admin/auth/login",
        json={"email": email, "password": PASSWORD, "totp": code_of(world, secret, offset=offset)},
    )
    assert reply.status_code == 200, reply.text
    return replace(world.buyer, token=reply.json()["access_token"])


async def second_admin(world: World, *, role: Role = Role.SUPER) -> Person:
    await world.application.seeding.admin(
        email="second@kro.example", name="Second Admin", password=PASSWORD, role=role, totp_secret=OTHER_SECRET
    )
    return await admin(world, "second@kro.example", OTHER_SECRET, offset=-1)


def code_of(world: World, secret: str = OTHER_SECRET, *, offset: int = 0) -> str:
    return pyotp.TOTP(secret).at(world.application.clock.now(), counter_offset=offset)


async def approve(world: World, approver: Person, proposal: dict[str, Any], *, code: str | None = None) -> Any:
    return await approver.post(
        f"/admin/proposals/{proposal['id']}/approve",
        {"totp": code or code_of(world), "proposal_hash": proposal["proposal_hash"]},
    )


async def proposed(proposer: Person, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    reply = await proposer.post(f"/admin/proposals/{kind}", {**WHY, **body})
    assert reply.status_code == 201, reply.text
    proposal: dict[str, Any] = reply.json()
    return proposal


async def paid_order(world: World) -> tuple[dict[str, Any], str]:
    """An order its buyer paid by card; returns it with the payment's reference at the provider."""
    order = await accepted(world)
    reply = await world.buyer.post(f"/orders/{order['id']}/fund", {"method": "checkout"})
    assert reply.status_code == 202, reply.text
    await world.work()
    reference = await reference_of(world, reply.json()["id"])
    world.paystack.pay(reference)
    await world.application.collecting.collections.apply_provider_result(reference=reference)
    return await seen(world.buyer, order), reference


async def released_order(world: World) -> tuple[dict[str, Any], str]:
    """An order whose money the seller has."""
    order, reference = await paid_order(world)
    path = f"/orders/{order['id']}"
    uploaded = await world.seller.upload(f"{path}/evidence", PNG, content_type="image/png", file_name="waybill.png")
    document = next(c for c in order["conditions"] if c["evidence_required"])
    await stepped(
        world.seller.post(f"{path}/conditions/{document['id']}/submit", {"evidence_ids": [uploaded.json()["id"]]})
    )
    await stepped(world.seller.post(f"{path}/complete"))
    return await stepped(world.buyer.post(f"{path}/approve")), reference


async def reference_of(world: World, payment_id: str) -> str:
    return str(
        await world.database.value("SELECT reference FROM transactions WHERE id = $1", read_id("pay", payment_id))
    )


async def seen(person: Person, order: dict[str, Any]) -> dict[str, Any]:
    reply = await person.get(f"/orders/{order['id']}")
    found: dict[str, Any] = reply.json()
    return found


async def hear(world: World, dispute: str, event: str = "create", *, times: int = 1) -> None:
    """Have the provider tell of a dispute, as often as it likes, and look into what it said."""
    raw, headers = world.paystack.webhook(f"charge.dispute.{event}", dispute)
    for _ in range(times):
        reply = await world.http.post(
            "/v1/webhooks/paystack", content=raw, headers={**headers, "Content-Type": "application/json"}
        )
        assert reply.status_code == 200
        while await world.application.listening.webhooks.process_due():
            pass


async def clearing(world: World) -> int:
    """What our books say the provider holds for us, in minor units."""
    return int(
        await world.database.value(
            """SELECT coalesce(sum(e.amount), 0)::bigint FROM ledger_entries AS e
               JOIN kro_balance AS b ON b.id = e.account_id WHERE b.code = 'provider_clearing' AND e.currency = 'NGN'"""
        )
    )


async def owed(person: Person) -> int:
    balances = (await person.get("/balance")).json()["data"]
    return sum(balance["owed"]["amount"] for balance in balances if balance["currency"] == "NGN")


async def books_agree(world: World) -> None:
    """Our books and the provider's say the same, and nothing in ours contradicts itself."""
    assert await clearing(world) == world.paystack.balance["NGN"] - PROVIDER_START
    assert await world.violations() == {}
