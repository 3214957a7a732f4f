"""Orders with conditions of every kind, made and funded over HTTP."""

from __future__ import annotations

from typing import Any

from kro_api import World
from order_steps import DUE, PNG, proposal, put_money, quoted, stepped


def part(title: str, amount: int | None = None, **changes: Any) -> dict[str, Any]:
    condition: dict[str, Any] = {"kind": "confirm", "title": title, "confirmed_by": "buyer", **changes}
    if amount is not None:
        condition["amount"] = {"amount": amount, "currency": "NGN"}
    return condition


async def proposed(world: World, *conditions: dict[str, Any], **changes: Any) -> Any:
    """Return the answer to a proposal with these conditions alone."""
    body = {**proposal(await quoted(world)), "template_code": None, "conditions": list(conditions), **changes}
    return await world.buyer.post("/orders", body)


async def funded(world: World, *conditions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an order with these conditions alone, paid for from the buyer's balance."""
    reply = await proposed(world, *conditions, **changes)
    assert reply.status_code == 201, reply.text
    order = reply.json()
    path = f"/orders/{order['id']}"
    await stepped(world.seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}))
    await put_money(world, DUE)
    return await stepped(world.buyer.post(f"{path}/fund", {"method": "balance"}))


def condition_path(order: dict[str, Any], number: int) -> str:
    return f"/orders/{order['id']}/conditions/{order['conditions'][number - 1]['id']}"


async def hand_in(world: World, order: dict[str, Any], number: int) -> dict[str, Any]:
    """Have the seller hand a condition in, with a file."""
    uploaded = await world.seller.upload(
        f"/orders/{order['id']}/evidence", PNG, content_type="image/png", file_name="proof.png"
    )
    evidence = {"evidence_ids": [uploaded.json()["id"]]}
    return await stepped(world.seller.post(f"{condition_path(order, number)}/submit", evidence))


def delivery_code(amount: int | None = None) -> dict[str, Any]:
    return part("Handed over", amount, kind="delivery_code", confirmed_by="system")


async def asked_for_code(world: World, order: dict[str, Any]) -> str:
    """Have the buyer ask for the handover code and return it."""
    reply = await world.buyer.post(f"/orders/{order['id']}/handover-code")
    assert reply.status_code == 200, reply.text
    return str(reply.json()["code"])


def wrong(code: str, number: int = 1) -> str:
    """Return another code than the right one."""
    return f"{(int(code) + number) % 1_000_000:06d}"
