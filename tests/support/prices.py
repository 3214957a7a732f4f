"""What an escrow costs, asked over HTTP."""

from __future__ import annotations

from typing import Any

from kro_api import World


def wanted(**change: Any) -> dict[str, Any]:
    """Return what the buyer asks for: the worked example, unless changed."""
    usual = {"amount": {"amount": 15_000_000, "currency": "NGN"}, "order_type": "goods", "buyer_share_bps": 5_000}
    return usual | change


async def priced(world: World, **change: Any) -> dict[str, Any]:
    """Have the buyer quoted a price."""
    reply = await world.buyer.post("/fees/quote", wanted(**change))
    assert reply.status_code == 201, reply.text
    quote: dict[str, Any] = reply.json()
    return quote


def figures(quote: dict[str, Any]) -> dict[str, int]:
    """Return the sums of a quote in minor units."""
    return {
        "buyer_pays": quote["buyer_pays"]["amount"],
        "seller_receives": quote["seller_receives"]["amount"],
        "fee": quote["fee"]["total"]["amount"],
        "vat": quote["vat"]["total"]["amount"],
    }
