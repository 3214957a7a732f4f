"""What a stranger with an order's code is told, and what not."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kro.core.ids import read_id
from kro.order.database.words import OrderStatus
from kro.order.domain.public_orders import PUBLIC_STATUS
from kro_api import BUYER_PHONE, Person, World
from order_steps import created, funded, proposal, quoted


async def code(person: Person, order: dict[str, Any]) -> str:
    reply = await person.get(f"/orders/{order['id']}/verification")
    assert reply.status_code == 200, reply.text
    return str(reply.json()["code"])


async def look(world: World, text: str, part: str = "") -> httpx2.Response:
    return await world.http.get(f"/v1/public/orders/{text}{part}")


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TestTheCode:
    async def test_is_the_same_for_both_parties_and_for_nobody_else(self, world: World) -> None:
        order = await created(world)

        assert await code(world.buyer, order) == await code(world.seller, order) == await code(world.buyer, order)
        stranger = await world.stranger.get(f"/orders/{order['id']}/verification")
        assert (stranger.status_code, stranger.json()["code"]) == (404, "order_not_found")

    async def test_is_not_in_the_database(self, world: World) -> None:
        printed = (await code(world.buyer, await created(world))).replace("-", "")
        digest = await world.database.value("SELECT digest FROM order_codes")
        assert printed not in digest.upper()


class TestAnybody:
    async def test_learns_what_is_safe_and_no_more(self, world: World) -> None:
        order = await funded(world)

        reply = await look(world, (await code(world.buyer, order)).lower())

        told = reply.json()["order"]
        assert {name: value for name, value in told.items() if name not in {"verified_at", "created_on"}} == {
            "order_code": order["id"][-6:].upper(),
            "title": "Laptop",
            "amount": 15_000_000,
            "currency": "NGN",
            "status": "paid_into_escrow",
            "buyer": "Test B.",
            "seller": "Test S.",
        }
        assert reply.headers["Cache-Control"] == "no-store"
        for secret in (order["id"], order["buyer"]["id"], BUYER_PHONE, "Buyer", "refurbished"):
            assert secret not in reply.text

    async def test_can_check_the_signature_without_asking_again(self, world: World) -> None:
        reply = (await look(world, await code(world.buyer, await created(world)))).json()
        keys = (await world.http.get("/v1/public/keys")).json()["data"]

        key = Ed25519PublicKey.from_public_bytes(raw(keys[0]["public_key"]))
        key.verify(raw(reply["signature"]["value"]), reply["signed"].encode())

        assert keys[0]["key_id"] == reply["signature"]["key_id"]
        assert json.loads(reply["signed"]) == reply["order"]
        with pytest.raises(InvalidSignature):
            key.verify(raw(reply["signature"]["value"]), reply["signed"].replace("15000000", "25000000").encode())

    async def test_is_told_nothing_for_a_code_that_was_made_up(self, world: World) -> None:
        order = await created(world)
        printed = await code(world.buyer, order)

        mistyped = printed[:-1] + ("0" if printed[-1] != "0" else "1")
        for text in (mistyped, "0" * 13, order["id"], "x", "%00"):
            for part in ("", "/page", "/qr.svg"):
                reply = await look(world, text, part)
                assert (reply.status_code, reply.json()["code"]) == (404, "order_not_genuine"), text

    async def test_cannot_try_code_after_code(self, world: World) -> None:
        replies = [await look(world, "0" * 13) for _ in range(31)]
        assert {reply.status_code for reply in replies[:30]} == {404}
        assert (replies[30].status_code, replies[30].json()["code"]) == (429, "rate_limited")

    async def test_sees_a_page_without_scripts_and_a_drawing(self, world: World) -> None:
        body = {**proposal(await quoted(world)), "title": "<b>Shoes</b> ring 08031234567"}
        order = (await world.buyer.post("/orders", body)).json()
        printed = await code(world.buyer, order)

        page, drawing = [await look(world, printed, part) for part in ("/page", "/qr.svg")]

        assert "&lt;b&gt;Shoes&lt;/b&gt; ring [phone number hidden]" in page.text
        assert "NGN 150000.00" in page.text
        assert "<script" not in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "<svg" in drawing.text
        assert drawing.headers["Content-Type"] == "image/svg+xml"

    async def test_is_told_of_what_happens_to_the_order(self, world: World) -> None:
        order = await created(world)
        printed = await code(world.buyer, order)
        await world.database.execute("UPDATE orders SET status = 'disputed' WHERE id = $1", read_id("ord", order["id"]))
        assert (await look(world, printed)).json()["order"]["status"] == "contested"


def test_every_status_has_a_public_word() -> None:
    assert set(PUBLIC_STATUS) == set(OrderStatus)
