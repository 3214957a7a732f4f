"""Terms that the parties write until one of them accepts, over HTTP."""

from __future__ import annotations

from typing import Any

import orjson

from kro.core.ids import read_id
from kro_api import Person, World
from order_steps import created, quoted, shown, stepped

CONDITION = {"kind": "confirm", "title": "Box included", "confirmed_by": "buyer"}


def terms(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Laptop",
        "description": "A refurbished laptop",
        "delivery_hours": 48,
        "conditions": [CONDITION],
        **changes,
    }


async def quote(person: Person, amount: int, *, order_type: str = "goods", currency: str = "NGN") -> str:
    reply = await person.post(
        "/fees/quote",
        {"amount": {"amount": amount, "currency": currency}, "order_type": order_type, "buyer_share_bps": 10_000},
    )
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def refusal(call: Any) -> tuple[int, str]:
    reply = await call
    return reply.status_code, reply.json()["code"]


class TestEditing:
    async def test_takes_the_place_of_what_was_proposed(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}"

        edited = await stepped(world.buyer.post(f"{path}/terms", terms(title="Laptop, 16 GB")))

        assert (edited["title"], edited["terms"]["version"]) == ("Laptop, 16 GB", 2)
        assert [condition["title"] for condition in edited["conditions"]] == ["Box included"]
        assert (edited["amount"], edited["fees"]) == (order["amount"], order["fees"])
        assert edited["deadlines"]["accept_by"] > order["deadlines"]["accept_by"]
        seen = await shown(world.seller, path)
        own = {name: seen[name] for name in ("role", "allowed_actions", "buyer", "seller")}
        assert seen == {**edited, **own}
        assert "edit_terms" not in seen["allowed_actions"]
        event = (await world.seller.get(f"{path}/events")).json()["data"][-1]
        assert (event["type"], event["data"]["changed"]) == (
            "terms_edited",
            ["title", "delivery_hours", "conditions"],
        )

    async def test_voids_the_terms_that_were_shown_before(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}"
        edited = await stepped(world.buyer.post(f"{path}/terms", terms()))

        stale = await refusal(world.seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}))
        agreed = await stepped(world.seller.post(f"{path}/accept", {"terms_hash": edited["terms"]["hash"]}))

        assert stale == (409, "order_stale_terms")
        assert agreed["terms"]["accepted_hash"] == edited["terms"]["hash"] != order["terms"]["hash"]
        assert await refusal(world.buyer.post(f"{path}/terms", terms())) == (409, "order_illegal_transition")

    async def test_takes_a_price_from_the_authors_own_fresh_quote_only(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}/terms"
        others, rent = await quote(world.seller, 9_000_000), await quote(world.buyer, 9_000_000, order_type="rent")

        for quote_id in (others, rent):
            assert await refusal(world.buyer.post(path, terms(quote_id=quote_id))) == (409, "fee_quote_stale")
        above = await quote(world.buyer, 50_000_001)
        assert await refusal(world.buyer.post(path, terms(quote_id=above))) == (409, "tier_limit_exceeded")

        cheaper = await stepped(world.buyer.post(path, terms(quote_id=await quote(world.buyer, 9_000_000))))
        assert cheaper["amount"]["amount"] == 9_000_000
        assert cheaper["fees"]["buyer_share_bps"] == 10_000
        assert cheaper["fees"]["fee_seller"]["amount"] == 0

    async def test_is_refused_without_a_required_condition_or_a_change(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}/terms"
        await stepped(world.buyer.post(path, terms()))

        assert await refusal(world.buyer.post(path, terms(conditions=[]))) == (422, "no_conditions")
        optional = {**CONDITION, "required": False}
        assert await refusal(world.buyer.post(path, terms(conditions=[optional]))) == (422, "no_conditions")
        assert await refusal(world.buyer.post(path, terms(template_code="none"))) == (422, "unknown_template")
        assert await refusal(world.buyer.post(path, terms())) == (409, "terms_unchanged")
        assert await refusal(world.seller.post(path, terms(title="Mine"))) == (409, "order_wrong_party")
        assert (await shown(world.buyer, f"/orders/{order['id']}"))["terms"]["version"] == 2

    async def test_ends_after_ten_versions(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}/terms"
        for version in range(2, 11):
            await stepped(world.buyer.post(path, terms(title=f"Laptop {version}")))

        assert await refusal(world.buyer.post(path, terms(title="Once more"))) == (409, "too_many_versions")
        assert len((await world.buyer.get(path)).json()["data"]) == 10


class TestCounterOffers:
    async def test_pass_the_turn_to_the_other_side(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}"

        price = await quote(world.seller, 16_000_000)
        countered = await stepped(world.seller.post(f"{path}/counter-offers", terms(quote_id=price)))
        own = {"terms_hash": countered["terms"]["hash"]}

        assert await refusal(world.seller.post(f"{path}/accept", own)) == (409, "order_wrong_party")
        assert await refusal(world.buyer.post(f"{path}/terms", terms())) == (409, "order_wrong_party")
        assert {"accept", "decline", "counter_offer"} <= set((await shown(world.buyer, path))["allowed_actions"])
        agreed = await stepped(world.buyer.post(f"{path}/accept", own))
        assert (agreed["status"], agreed["amount"]["amount"]) == ("accepted", 16_000_000)

    async def test_can_be_withdrawn_by_their_author_alone(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}"
        await stepped(world.seller.post(f"{path}/counter-offers", terms()))

        assert await refusal(world.buyer.post(f"{path}/cancel", {"reason": "no"})) == (409, "order_wrong_party")
        assert (await stepped(world.seller.post(f"{path}/cancel", {"reason": "no"})))["status"] == "cancelled"

    async def test_tell_the_other_side(self, world: World) -> None:
        order = await created(world)
        await stepped(world.seller.post(f"/orders/{order['id']}/counter-offers", terms(title="<b>Free</b> money")))
        await world.work()

        told = [message.text for message in world.sms.sent if "counter-offer" in message.text]
        assert len(told) == 1
        assert "Free" not in told[0]


class TestHistory:
    async def test_shows_every_version_and_what_it_changed(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}"
        countered = await stepped(
            world.seller.post(f"{path}/counter-offers", terms(quote_id=await quote(world.seller, 9_000_000)))
        )

        versions = (await world.buyer.get(f"{path}/terms")).json()["data"]

        assert [(v["version"], v["proposed_by"], v["hash"]) for v in versions] == [
            (1, "buyer", order["terms"]["hash"]),
            (2, "seller", countered["terms"]["hash"]),
        ]
        assert (versions[0]["changed"], versions[0]["amount"]["amount"]) == ([], 15_000_000)
        assert versions[0]["fees"] == order["fees"]
        assert {"amount", "fee_buyer", "conditions", "delivery_hours"} <= set(versions[1]["changed"])
        assert "title" not in versions[1]["changed"]
        assert [c["title"] for c in versions[1]["conditions"]] == ["Box included"]
        assert (await world.stranger.get(f"{path}/terms")).status_code == 404

    async def test_keeps_exactly_what_was_hashed(self, world: World) -> None:
        import hashlib  # noqa: PLC0415

        order = await created(world)
        await stepped(world.buyer.post(f"/orders/{order['id']}/terms", terms()))

        rows = await world.database.rows(
            "SELECT hash, terms FROM order_terms WHERE order_id = $1", read_id("ord", order["id"])
        )

        assert len(rows) == 2
        for row in rows:
            text = orjson.dumps(row["terms"], option=orjson.OPT_SORT_KEYS)
            assert hashlib.sha256(text).hexdigest() == row["hash"]


async def test_the_example_price_is_that_of_the_quote(world: World) -> None:
    order = await created(world)
    same = await quoted(world)

    edited = await stepped(world.buyer.post(f"/orders/{order['id']}/terms", terms(quote_id=same)))

    assert edited["fees"] == order["fees"]
