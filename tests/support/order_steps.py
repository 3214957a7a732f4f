"""The steps of the main journey over HTTP, each leaving an order one step further."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kro.core.decisions.encoding import encode
from kro.core.ids import read_id
from kro.core.money import Money
from kro.payment.domain import start_payment
from kro_api import SELLER_PHONE, Person, World

DUE, SELLER_GETS, FEE, VAT = 15_201_563, 14_798_438, 375_000, 28_125
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


async def quoted(world: World, *, amount: int = 15_000_000, currency: str = "NGN") -> str:
    reply = await world.buyer.post(
        "/fees/quote",
        {"amount": {"amount": amount, "currency": currency}, "order_type": "goods", "buyer_share_bps": 5_000},
    )
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def proposal(quote_id: str) -> dict[str, Any]:
    return {
        "quote_id": quote_id,
        "role": "buyer",
        "counterparty_phone": SELLER_PHONE,
        "order_type": "goods",
        "title": "Laptop",
        "description": "A refurbished laptop",
        "delivery_hours": 72,
        "template_code": "goods_by_waybill",
        "conditions": [{"kind": "confirm", "title": "Charger included", "confirmed_by": "buyer"}],
    }


async def created(world: World) -> dict[str, Any]:
    reply = await world.buyer.post("/orders", proposal(await quoted(world)))
    assert reply.status_code == 201, reply.text
    order: dict[str, Any] = reply.json()
    return order


async def accepted(world: World) -> dict[str, Any]:
    order = await created(world)
    return await stepped(world.seller.post(f"/orders/{order['id']}/accept", {"terms_hash": order["terms"]["hash"]}))


async def put_money(world: World, amount: int) -> None:
    """Have the buyer pay an amount that is meant for no order, by card and to the end."""
    me = (await world.buyer.get("/me")).json()
    application = world.application
    outcome = start_payment(
        user_id=user_id_of(me),
        order_id=None,
        amount=Money(amount, "NGN"),
        provider="paystack",
        ids=application.base.ids,
        now=application.clock.now(),
    )
    await world.database.apply(encode(outcome.decision))
    await application.collecting.starter.start(payment_id=outcome.value.id)
    world.paystack.pay(outcome.value.reference)
    await application.collecting.collections.apply_provider_result(reference=outcome.value.reference)


def user_id_of(user: dict[str, Any]) -> UUID:
    return read_id("usr", user["id"])


async def funded(world: World) -> dict[str, Any]:
    order = await accepted(world)
    await put_money(world, DUE)
    return await stepped(world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}))


async def completed(world: World) -> dict[str, Any]:
    order = await funded(world)
    path = f"/orders/{order['id']}"
    uploaded = await world.seller.upload(f"{path}/evidence", PNG, content_type="image/png", file_name="waybill.png")
    assert uploaded.status_code == 201, uploaded.text
    document = next(c for c in order["conditions"] if c["evidence_required"])
    await stepped(
        world.seller.post(f"{path}/conditions/{document['id']}/submit", {"evidence_ids": [uploaded.json()["id"]]})
    )
    return await stepped(world.seller.post(f"{path}/complete"))


async def stepped(call: Any) -> dict[str, Any]:
    reply = await call
    assert reply.status_code == 200, reply.text
    order: dict[str, Any] = reply.json()
    return order


async def shown(person: Person, path: str) -> dict[str, Any]:
    reply = await person.get(path)
    assert reply.status_code == 200, reply.text
    order: dict[str, Any] = reply.json()
    return order


async def shared_out(world: World) -> dict[str, int]:
    """Return what everybody has: the parties' balances, escrow, fees earned and VAT owed."""
    rows = await world.database.rows(
        "SELECT b.code, -sum(e.amount)::bigint AS total FROM ledger_entries AS e JOIN kro_balance AS b "
        "ON b.id = e.account_id WHERE b.code IN ('order_escrow', 'fee_revenue', 'vat_payable') GROUP BY b.code"
    )
    return {
        "buyer": await world.buyer.available(),
        "seller": await world.seller.available(),
        **dict.fromkeys(("order_escrow", "fee_revenue", "vat_payable"), 0),
        **{row["code"]: row["total"] for row in rows},
    }
