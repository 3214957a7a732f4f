"""Terms that change while the seller works, over HTTP and down to everybody's balance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.integration.api.test_order_terms import refusal

from kro.core.ids import read_id
from kro_api import World
from order_steps import DUE, FEE, SELLER_GETS, VAT, completed, funded, put_money, quoted, shared_out, shown, stepped

LOWER, HIGHER = 10_000_000, 20_000_000
# 2.5 % of the price, half each, and 7.5 % of it on top, as in the worked example.
LOWER_DUE, LOWER_FEE, LOWER_VAT = 10_134_375, 250_000, 18_750
HIGHER_DUE, HIGHER_FEE, HIGHER_VAT = 20_268_750, 500_000, 37_500
CONDITION = {"kind": "confirm", "title": "Manual included", "confirmed_by": "buyer"}


async def proposed(world: World, order: dict[str, Any], **changes: Any) -> dict[str, Any]:
    reply = await world.buyer.post(f"/orders/{order['id']}/amendments", changes)
    assert reply.status_code == 201, reply.text
    amendment: dict[str, Any] = reply.json()
    return amendment


async def accept(world: World, order: dict[str, Any], amendment: dict[str, Any]) -> dict[str, Any]:
    path = f"/orders/{order['id']}/amendments/{amendment['id']}/accept"
    return await stepped(world.seller.post(path, {"hash": amendment["hash"]}))


async def told(world: World, template: str) -> list[str]:
    """Return as whom people were told of something, in the order of the words."""
    rows = await world.database.rows(
        "SELECT payload ->> 'reader' AS reader FROM outbox "
        "WHERE topic = 'notify' AND payload ->> 'template' = $1 AND payload ? 'channels'",
        template,
    )
    return sorted(row["reader"] for row in rows)


class TestThePrice:
    async def test_lowered_gives_the_difference_back_at_once(self, world: World) -> None:
        order = await funded(world)
        amendment = await proposed(world, order, quote_id=await quoted(world, amount=LOWER))
        assert (await shared_out(world))["buyer"] == 0

        amended = await accept(world, order, amendment)

        assert (amended["held"]["amount"], amended["fees"]["buyer_pays"]["amount"]) == (LOWER_DUE, LOWER_DUE)
        assert amended["refunded"]["amount"] == 0
        agreed = {"version": 2, "hash": amendment["hash"], "accepted_hash": amendment["hash"]}
        assert amended["terms"] == {**agreed, "code_is_acceptance": False}
        shares = {"buyer": DUE - LOWER_DUE, "seller": 0, "order_escrow": LOWER_DUE, "fee_revenue": 0, "vat_payable": 0}
        assert await shared_out(world) == shares
        assert await world.violations() == {}

    async def test_raised_is_refused_until_the_buyer_has_topped_up(self, world: World) -> None:
        order = await funded(world)
        amendment = await proposed(world, order, quote_id=await quoted(world, amount=HIGHER))
        path = f"/orders/{order['id']}/amendments/{amendment['id']}/accept"
        await put_money(world, HIGHER_DUE - DUE - 1)
        short = await refusal(world.seller.post(path, {"hash": amendment["hash"]}))
        await put_money(world, 1)

        amended = await accept(world, order, amendment)

        assert short == (409, "insufficient_funds")
        assert amended["held"]["amount"] == HIGHER_DUE
        shares = {"buyer": 0, "seller": 0, "order_escrow": HIGHER_DUE, "fee_revenue": 0, "vat_payable": 0}
        assert await shared_out(world) == shares
        assert await world.violations() == {}

    async def test_is_what_is_released_and_charged_in_the_end(self, world: World) -> None:
        order = await funded(world)
        await accept(world, order, await proposed(world, order, quote_id=await quoted(world, amount=LOWER)))
        path = f"/orders/{order['id']}"
        for condition in order["conditions"]:
            await stepped(world.buyer.post(f"{path}/conditions/{condition['id']}/waive"))
        await stepped(world.seller.post(f"{path}/complete"))

        closed = await stepped(world.buyer.post(f"{path}/approve"))

        assert closed["status"] == "closed"
        assert await shared_out(world) == {
            "buyer": DUE - LOWER_DUE,
            "seller": LOWER_DUE - LOWER_FEE - LOWER_VAT,
            "order_escrow": 0,
            "fee_revenue": LOWER_FEE,
            "vat_payable": LOWER_VAT,
        }
        assert await world.violations() == {}

    async def test_goes_up_and_down_and_back_to_the_buyer_in_full(self, world: World) -> None:
        order = await funded(world)
        await put_money(world, HIGHER_DUE - DUE)
        for amount in (HIGHER, LOWER, 15_000_000):
            await accept(world, order, await proposed(world, order, quote_id=await quoted(world, amount=amount)))
        assert (await shown(world.buyer, f"/orders/{order['id']}"))["held"]["amount"] == DUE

        await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "sold out"}))

        assert await shared_out(world) == {
            "buyer": HIGHER_DUE,
            "seller": 0,
            "order_escrow": 0,
            "fee_revenue": 0,
            "vat_payable": 0,
        }
        assert await world.violations() == {}

    async def test_stays_within_the_buyers_tier(self, world: World) -> None:
        order = await funded(world)
        above = await quoted(world, amount=50_000_001)

        reply = await refusal(world.buyer.post(f"/orders/{order['id']}/amendments", {"quote_id": above}))

        assert reply == (409, "tier_limit_exceeded")

    async def test_is_shown_in_statement_and_events(self, world: World) -> None:
        order = await funded(world)
        amendment = await proposed(world, order, quote_id=await quoted(world, amount=LOWER))
        await accept(world, order, amendment)

        newest = (await world.buyer.get("/balance/entries", currency="NGN")).json()["data"][0]
        events = (await world.seller.get(f"/orders/{order['id']}/events")).json()["data"][-2:]

        assert (newest["kind"], newest["amount"]["amount"]) == ("order_amended_down", DUE - LOWER_DUE)
        assert [event["type"] for event in events] == ["amendment_proposed", "amendment_accepted"]
        assert events[1]["data"]["held"] == {"amount": LOWER_DUE, "currency": "NGN"}
        assert events[0]["data"]["buyer_pays"] == {"amount": LOWER_DUE, "currency": "NGN"}


class TestTheRest:
    async def test_of_the_terms_changes_and_the_deadline_with_it(self, world: World) -> None:
        order = await funded(world)
        gone = order["conditions"][-1]
        amendment = await proposed(
            world,
            order,
            delivery_hours=100,
            inspection_hours=48,
            add_conditions=[CONDITION],
            remove_conditions=[gone["id"]],
        )

        amended = await accept(world, order, amendment)

        before, after = (datetime.fromisoformat(one["deadlines"]["deliver_by"]) for one in (order, amended))
        assert after - before == timedelta(hours=28)
        titles = [condition["title"] for condition in amended["conditions"]]
        assert titles == [*(c["title"] for c in order["conditions"][:-1]), "Manual included"]
        assert amended["fees"] == order["fees"]
        timers = await world.database.rows(
            "SELECT due_at FROM timers WHERE order_id = $1 AND kind = 'deliver_by'", read_id("ord", order["id"])
        )
        assert [timer["due_at"] for timer in timers] == [after]
        versions = (await world.buyer.get(f"/orders/{order['id']}/terms")).json()["data"]
        assert versions[1]["changed"] == ["conditions", "delivery_hours", "inspection_hours"]
        assert versions[1]["hash"] == amendment["hash"]

    async def test_stays_what_is_settled_or_needed(self, world: World) -> None:
        order = await funded(world)
        path = f"/orders/{order['id']}"
        first, *others = [condition["id"] for condition in order["conditions"]]
        every = await refusal(world.buyer.post(f"{path}/amendments", {"remove_conditions": [first, *others]}))
        await stepped(world.buyer.post(f"{path}/conditions/{first}/waive"))

        waived = await refusal(world.buyer.post(f"{path}/amendments", {"remove_conditions": [first]}))
        unknown = await refusal(world.buyer.post(f"{path}/amendments", {"remove_conditions": [f"cnd_{'0' * 26}"]}))
        nothing = await refusal(world.buyer.post(f"{path}/amendments", {}))
        same = await refusal(world.buyer.post(f"{path}/amendments", {"delivery_hours": 72}))

        assert every == (422, "no_conditions")
        assert waived == (409, "condition_not_open")
        assert unknown == (404, "condition_not_found")
        assert nothing == same == (409, "terms_unchanged")

    async def test_cannot_make_an_order_overdue(self, world: World) -> None:
        order = await funded(world)
        await world.database.execute("UPDATE orders SET deliver_by = now() + interval '10 hours'")

        late = await refusal(world.buyer.post(f"/orders/{order['id']}/amendments", {"delivery_hours": 62}))

        assert late == (409, "delivery_time_passed")
        assert (await proposed(world, order, delivery_hours=63))["delivery_hours"] == 63


class TestAnAmendment:
    async def test_is_accepted_only_as_it_was_shown_and_by_the_other_side(self, world: World) -> None:
        order = await funded(world)
        amendment = await proposed(world, order, delivery_hours=100)
        path = f"/orders/{order['id']}/amendments/{amendment['id']}"
        right = {"hash": amendment["hash"]}

        assert await refusal(world.buyer.post(f"{path}/accept", right)) == (409, "order_wrong_party")
        assert await refusal(world.buyer.post(f"{path}/decline")) == (409, "order_wrong_party")
        assert await refusal(world.seller.post(f"{path}/withdraw")) == (409, "order_wrong_party")
        assert await refusal(world.seller.post(f"{path}/accept", {"hash": "0" * 64})) == (409, "order_stale_terms")
        assert await refusal(world.seller.post(f"/orders/{order['id']}/amendments", {"delivery_hours": 99})) == (
            409,
            "amendment_open",
        )
        await stepped(world.seller.post(f"{path}/accept", right))
        assert await refusal(world.seller.post(f"{path}/accept", right)) == (404, "amendment_not_found")

    async def test_does_nothing_once_declined_or_withdrawn(self, world: World) -> None:
        order = await funded(world)
        path = f"/orders/{order['id']}/amendments"
        quote_id = await quoted(world, amount=LOWER)
        declined, withdrawn = await proposed(world, order, quote_id=quote_id), None
        await stepped(world.seller.post(f"{path}/{declined['id']}/decline"))
        withdrawn = await proposed(world, order, quote_id=quote_id)
        await stepped(world.buyer.post(f"{path}/{withdrawn['id']}/withdraw"))

        for amendment in (declined, withdrawn):
            late = await refusal(world.seller.post(f"{path}/{amendment['id']}/accept", {"hash": amendment["hash"]}))
            assert late == (404, "amendment_not_found")
        listed = (await world.seller.get(path)).json()["data"]
        assert [(one["id"], one["status"]) for one in listed] == [
            (withdrawn["id"], "withdrawn"),
            (declined["id"], "declined"),
        ]
        assert (await shown(world.seller, f"/orders/{order['id']}"))["terms"]["version"] == 1
        assert (await shared_out(world))["order_escrow"] == DUE

    async def test_runs_out_and_makes_room_for_another(self, world: World) -> None:
        order = await funded(world)
        path = f"/orders/{order['id']}/amendments"
        old = await proposed(world, order, delivery_hours=100)
        await world.database.execute("UPDATE amendments SET expires_at = now()")

        late = await refusal(world.seller.post(f"{path}/{old['id']}/accept", {"hash": old["hash"]}))
        assert late == (409, "amendment_expired")
        assert (await world.seller.get(path)).json()["data"][0]["status"] == "lapsed"
        new = await proposed(world, order, delivery_hours=100)
        assert (await accept(world, order, new))["terms"]["version"] == 2

    async def test_that_nobody_answers_ends_by_itself_and_both_are_told(self, world: World) -> None:
        order = await funded(world)
        await proposed(world, order, delivery_hours=100)
        await world.pass_time(order["id"], hours=0)
        assert await told(world, "amendment_lapsed") == []
        await world.database.execute("UPDATE amendments SET expires_at = now()")
        await world.database.execute("UPDATE timers SET due_at = now() WHERE kind = 'amendment'")

        await world.pass_time(order["id"], hours=0)

        assert await world.database.value("SELECT status FROM amendments") == "lapsed"
        assert await told(world, "amendment_lapsed") == ["buyer", "seller"]
        assert await world.database.value("SELECT count(*) FROM timers WHERE kind = 'amendment'") == 0

    async def test_that_is_taken_back_is_told_to_the_other_side(self, world: World) -> None:
        order = await funded(world)
        amendment = await proposed(world, order, delivery_hours=100)

        await stepped(world.buyer.post(f"/orders/{order['id']}/amendments/{amendment['id']}/withdraw"))

        assert await told(world, "amendment_withdrawn") == ["seller"]
        assert await world.database.value("SELECT count(*) FROM timers WHERE kind = 'amendment'") == 0

    async def test_lapses_when_the_seller_is_done(self, world: World) -> None:
        order = await funded(world)
        path = f"/orders/{order['id']}"
        amendment = await proposed(world, order, delivery_hours=100)
        for condition in order["conditions"]:
            await stepped(world.buyer.post(f"{path}/conditions/{condition['id']}/waive"))
        await stepped(world.seller.post(f"{path}/complete"))

        late = await refusal(
            world.seller.post(f"{path}/amendments/{amendment['id']}/accept", {"hash": amendment["hash"]})
        )
        await stepped(world.buyer.post(f"{path}/request-changes", {"reason": "once more"}))
        again = await refusal(
            world.seller.post(f"{path}/amendments/{amendment['id']}/accept", {"hash": amendment["hash"]})
        )

        assert await told(world, "amendment_lapsed") == ["buyer", "seller"]
        assert late == (409, "order_illegal_transition")
        assert again == (404, "amendment_not_found")

    async def test_of_the_price_comes_too_late_after_a_release(self, world: World) -> None:
        order = await completed(world)
        path = f"/orders/{order['id']}"
        part = {"amount": {"amount": 5_000_000, "currency": "NGN"}}
        await stepped(world.buyer.post(f"{path}/partial-releases", part))
        await stepped(world.buyer.post(f"{path}/request-changes", {"reason": "once more"}))
        before = await shared_out(world)

        price = await refusal(world.buyer.post(f"{path}/amendments", {"quote_id": await quoted(world, amount=LOWER)}))
        await accept(world, order, await proposed(world, order, delivery_hours=100))

        assert price == (409, "amendment_after_release")
        assert await shared_out(world) == before
        assert await world.violations() == {}

    async def test_moves_nothing_while_the_order_is_on_hold(self, world: World) -> None:
        order = await funded(world)
        amendment = await proposed(world, order, quote_id=await quoted(world, amount=LOWER))
        await world.database.execute("UPDATE orders SET on_hold = true, held_since = now()")

        path = f"/orders/{order['id']}/amendments/{amendment['id']}/accept"
        assert await refusal(world.seller.post(path, {"hash": amendment["hash"]})) == (409, "order_on_hold")
        assert (await shared_out(world))["order_escrow"] == DUE


async def test_the_figures_are_those_of_the_fee_configuration() -> None:
    for amount, due, fee, vat in (
        (LOWER, LOWER_DUE, LOWER_FEE, LOWER_VAT),
        (15_000_000, DUE, FEE, VAT),
        (HIGHER, HIGHER_DUE, HIGHER_FEE, HIGHER_VAT),
    ):
        assert fee == amount * 25 // 1000
        assert vat == fee * 75 // 1000
        assert abs(2 * (due - amount) - fee - vat) <= 1
    assert SELLER_GETS + FEE + VAT == DUE
