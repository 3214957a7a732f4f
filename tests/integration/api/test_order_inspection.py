"""What may happen while the buyer inspects, over HTTP and down to everybody's balance."""

from datetime import datetime, timedelta
from typing import Any

from kro.core.ids import read_id
from kro_api import World
from order_steps import DUE, FEE, SELLER_GETS, VAT, completed, proposal, quoted, shared_out, stepped

REASON = {"reason": "The hinge is loose."}


class TestExtending:
    async def test_gives_the_buyer_more_time_and_moves_no_money(self, world: World) -> None:
        order = await completed(world)
        path, before = f"/orders/{order['id']}", await shared_out(world)

        await stepped(world.seller.post(f"{path}/extend-inspection", {"hours": 24}))
        await stepped(world.buyer.post(f"{path}/extend-inspection", {"hours": 48}))

        ends = [datetime.fromisoformat(read["deadlines"]["inspect_by"]) for read in (order, await shown(world, path))]
        assert ends[1] - ends[0] == timedelta(hours=72)
        events = (await world.seller.get(f"{path}/events")).json()["data"][-2:]
        assert [(e["type"], e["actor"]["kind"], e["data"]["hours"]) for e in events] == [
            ("inspection_extended", "seller", 24),
            ("inspection_extended", "buyer", 48),
        ]
        assert await shared_out(world) == before
        assert await world.violations() == {}

    async def test_is_refused_beyond_its_bounds_and_changes_nothing(self, world: World) -> None:
        order = await completed(world)
        path = f"/orders/{order['id']}/extend-inspection"
        before = await shown(world, f"/orders/{order['id']}")

        for person, hours, refusal in (
            (world.buyer, 49, (409, "extension_too_long")),
            (world.seller, 649, (409, "extension_too_long")),
            (world.seller, 0, (422, "validation_failed")),
            (world.seller, 721, (422, "validation_failed")),
        ):
            reply = await person.post(path, {"hours": hours})
            assert (reply.status_code, reply.json()["code"]) == refusal
        assert await shown(world, f"/orders/{order['id']}") == before

        await stepped(world.buyer.post(path, {"hours": 48}))
        again = await world.buyer.post(path, {"hours": 1})
        assert (again.status_code, again.json()["code"]) == (409, "extension_used")

    async def test_comes_too_late_after_the_deadline(self, world: World) -> None:
        order = await completed(world)
        await world.database.value(
            "UPDATE orders SET inspect_by = now() WHERE id = $1 RETURNING id", read_id("ord", order["id"])
        )

        reply = await world.seller.post(f"/orders/{order['id']}/extend-inspection", {"hours": 24})

        assert (reply.status_code, reply.json()["code"]) == (409, "inspection_over")


class TestRequestingChanges:
    async def test_sends_the_work_back_until_the_revisions_are_used(self, world: World) -> None:
        order = await completed(world)
        path, before = f"/orders/{order['id']}", await shared_out(world)

        back = await stepped(world.buyer.post(f"{path}/request-changes", REASON))

        assert (back["status"], back["revisions"]) == ("in_progress", {"agreed": 1, "used": 1})
        assert back["deadlines"]["inspect_by"] is None
        assert datetime.fromisoformat(back["deadlines"]["deliver_by"]) > datetime.fromisoformat(
            order["deadlines"]["deliver_by"]
        )
        early = await world.seller.post(f"{path}/complete")
        assert (early.status_code, early.json()["code"]) == (409, "conditions_unmet")
        document = next(c for c in back["conditions"] if c["evidence_required"])
        assert (document["status"], document["rejection_reason"]) == ("pending", REASON["reason"])
        evidence = {"evidence_ids": document["evidence_ids"]}
        await stepped(world.seller.post(f"{path}/conditions/{document['id']}/submit", evidence))
        await stepped(world.seller.post(f"{path}/complete"))
        assert await shared_out(world) == before

        more = await world.buyer.post(f"{path}/request-changes", REASON)
        assert (more.status_code, more.json()["code"]) == (409, "no_revisions_left")
        closed = await stepped(world.buyer.post(f"{path}/approve"))
        assert closed["status"] == "closed"
        assert await world.violations() == {}

    async def test_leaves_the_seller_the_way_out_with_everything_back(self, world: World) -> None:
        order = await completed(world)
        path = f"/orders/{order['id']}"
        await stepped(world.buyer.post(f"{path}/request-changes", REASON))

        await stepped(world.seller.post(f"{path}/cancel", REASON))

        assert await shared_out(world) == {
            "buyer": DUE,
            "seller": 0,
            "order_escrow": 0,
            "fee_revenue": 0,
            "vat_payable": 0,
        }
        assert await world.violations() == {}

    async def test_is_agreed_on_with_the_terms(self, world: World) -> None:
        body = {**proposal(await quoted(world)), "revisions": 3}

        order = (await world.buyer.post("/orders", body)).json()

        assert order["revisions"] == {"agreed": 3, "used": 0}
        refused = await world.buyer.post("/orders", body | {"revisions": 11})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/revisions")


def part(amount: int, currency: str = "NGN") -> dict[str, Any]:
    return {"amount": {"amount": amount, "currency": currency}}


class TestReleasingAPart:
    async def test_shares_the_worked_example_out_in_three_parts(self, world: World) -> None:
        order = await completed(world)
        path, shares = f"/orders/{order['id']}", []

        for step in ("partial-releases", "partial-releases", "approve"):
            order = await stepped(world.buyer.post(f"{path}/{step}", part(5_000_000) if step != "approve" else None))
            shares.append(await shared_out(world))
            assert order["held"]["amount"] == shares[-1]["order_escrow"]
            assert await world.violations() == {}

        assert [sum(share.values()) for share in shares] == [DUE] * 3
        assert shares == [
            {"buyer": 0, "seller": 4_932_813, "order_escrow": 10_134_375, "fee_revenue": 125_000, "vat_payable": 9_375},
            {"buyer": 0, "seller": 9_865_625, "order_escrow": 5_067_188, "fee_revenue": 250_000, "vat_payable": 18_750},
            {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT},
        ]
        assert (order["status"], order["funding_status"]) == ("closed", "settled")
        types = [event["type"] for event in (await world.seller.get(f"{path}/events")).json()["data"]]
        assert types[-3:] == ["partly_released", "partly_released", "approved"]

    async def test_is_kept_by_the_seller_when_the_rest_is_called_off(self, world: World) -> None:
        order = await completed(world)
        path = f"/orders/{order['id']}"
        await stepped(world.buyer.post(f"{path}/partial-releases", part(5_000_000)))
        await stepped(world.buyer.post(f"{path}/request-changes", REASON))

        ended = await stepped(world.seller.post(f"{path}/cancel", REASON))

        assert (ended["status"], ended["close_reason"]) == ("closed", "seller_cancelled")
        assert await shared_out(world) == {
            "buyer": 10_134_375,
            "seller": 4_932_813,
            "order_escrow": 0,
            "fee_revenue": 125_000,
            "vat_payable": 9_375,
        }
        assert await world.violations() == {}

    async def test_is_refused_beyond_its_bounds_and_changes_nothing(self, world: World) -> None:
        order = await completed(world)
        path, before = f"/orders/{order['id']}", await shared_out(world)

        for person, body, refusal in (
            (world.buyer, part(15_000_000), (409, "release_leaves_too_little")),
            (world.buyer, part(2**53 - 1), (409, "release_leaves_too_little")),
            (world.buyer, part(1_000, "USD"), (409, "currency_mismatch")),
            (world.buyer, part(0), (422, "validation_failed")),
            (world.seller, part(1_000), (409, "order_wrong_party")),
        ):
            reply = await person.post(f"{path}/partial-releases", body)
            assert (reply.status_code, reply.json()["code"]) == refusal
        assert await shared_out(world) == before
        assert (await shown(world, path))["version"] == order["version"]

    async def test_happens_once_for_one_key(self, world: World) -> None:
        path = f"/orders/{(await completed(world))['id']}/partial-releases"

        replies = [await world.buyer.post(path, part(1_000), key="the-one") for _ in range(2)]

        assert replies[0].content == replies[1].content
        assert await world.seller.available() == 1_000 - 13 - 1


async def shown(world: World, path: str) -> dict[str, Any]:
    return await stepped(world.buyer.get(path))
