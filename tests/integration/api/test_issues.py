"""Issues, offers, escalation and deadlines over HTTP, down to everybody's balance; admins have their own file."""

from __future__ import annotations

from typing import Any

import pytest

from kro.core.ids import read_id
from kro_api import Person, World
from order_steps import DUE, FEE, SELLER_GETS, VAT, completed, created, funded, shared_out, stepped

ISSUE = {"category": "damaged", "statement": "The screen is cracked."}
HELD = {"buyer": 0, "seller": 0, "order_escrow": DUE, "fee_revenue": 0, "vat_payable": 0}
RELEASED = {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT}
REFUNDED = {**HELD, "buyer": DUE, "order_escrow": 0}


async def reported(world: World, by: Person | None = None) -> dict[str, Any]:
    order = await completed(world)
    return await stepped((by or world.buyer).post(f"/orders/{order['id']}/issues", ISSUE))


def on(order: dict[str, Any], step: str) -> str:
    return f"/orders/{order['id']}/issues/{order['issue']['id']}/{step}"


async def told(world: World, order: dict[str, Any]) -> list[str]:
    events = (await world.buyer.get(f"/orders/{order['id']}/events")).json()["data"]
    return [event["type"] for event in events]


async def timers_of(world: World, order: dict[str, Any]) -> set[str]:
    rows = await world.database.rows("SELECT kind FROM timers WHERE order_id = $1", read_id("ord", order["id"]))
    return {row["kind"] for row in rows}


async def shown(world: World, order: dict[str, Any]) -> dict[str, Any]:
    return await stepped(world.buyer.get(f"/orders/{order['id']}"))


class TestNegotiating:
    async def test_an_offer_is_made_and_taken(self, world: World) -> None:
        order = await reported(world)
        assert order["status"] == "issue_reported"
        assert {kind for kind in await timers_of(world, order) if "." not in kind} == {"respond_by", "negotiate_by"}
        assert await shared_out(world) == HELD

        offer = {"seller_amount": {"amount": 9_000_000, "currency": "NGN"}, "note": "Keep it for less."}
        order = await stepped(world.seller.post(f"/orders/{order['id']}/offers", offer))
        assert order["issue"]["respond_by"] is None
        own = await world.seller.post(f"/orders/{order['id']}/offers/{order['offers'][0]['id']}/accept")
        assert (own.status_code, own.json()["code"]) == (409, "order_wrong_party")
        order = await stepped(world.buyer.post(f"/orders/{order['id']}/offers/{order['offers'][0]['id']}/accept"))

        assert (order["status"], order["close_reason"], order["issue"]) == ("closed", "agreed", None)
        after = await shared_out(world)
        assert sum(after.values()) == DUE
        assert (after["order_escrow"], after["seller"], after["fee_revenue"]) == (0, 8_879_063, 225_000)
        assert await timers_of(world, order) == set()
        assert (await told(world, order))[-4:] == ["issue_reported", "offer_made", "offer_accepted", "split"]
        assert await world.violations() == {}

    async def test_the_seller_concedes(self, world: World) -> None:
        order = await reported(world)
        order = await stepped(world.seller.post(on(order, "concede")))
        assert (order["status"], order["close_reason"]) == ("refunded", "conceded")
        assert await shared_out(world) == REFUNDED
        assert await world.violations() == {}

    async def test_a_withdrawn_issue_lets_the_order_go_on(self, world: World) -> None:
        order = await reported(world, world.seller)
        order = await stepped(world.seller.post(on(order, "withdraw")))
        assert (order["status"], order["issue"]) == ("completed", None)
        assert "inspect_by" in await timers_of(world, order)
        order = await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))
        assert await shared_out(world) == RELEASED
        again = (await world.buyer.get(f"/orders/{order['id']}/issues")).json()["data"]
        assert [(issue["status"], issue["reported_by"]) for issue in again] == [("withdrawn", "seller")]

    async def test_the_platform_is_asked_when_nobody_answers(self, world: World) -> None:
        order = await reported(world)
        await world.pass_time(order["id"], hours=49)

        order = await shown(world, order)

        assert (order["status"], order["issue"]["status"]) == ("disputed", "evidence")
        assert {"evidence_by", "decide_by", "overdue_by"} <= await timers_of(world, order)
        said = await stepped(world.seller.post(on(order, "statements"), {"text": "It was whole.", "evidence_ids": []}))
        assert said["status"] == "disputed"
        await world.pass_time(order["id"], hours=73)
        late = await world.seller.post(on(order, "statements"), {"text": "Wait!", "evidence_ids": []})
        assert (late.status_code, late.json()["code"]) == (409, "evidence_closed")
        record = (await world.buyer.get(f"/orders/{order['id']}/issues")).json()["data"][0]
        assert [(said["author"], said["text"]) for said in record["statements"]] == [("seller", "It was whole.")]

    async def test_another_issue_than_the_one_that_is_meant_is_not_acted_on(self, world: World) -> None:
        order = await reported(world)
        await stepped(world.buyer.post(on(order, "withdraw")))
        second = await stepped(world.buyer.post(f"/orders/{order['id']}/issues", ISSUE))
        stale = await world.seller.post(on(order, "concede"))
        assert (stale.status_code, stale.json()["code"]) == (404, "issue_not_found")
        assert (await shown(world, second))["status"] == "issue_reported"

    async def test_cannot_be_repeated_without_end(self, world: World) -> None:
        order = await reported(world)
        for _ in range(9):
            await stepped(world.buyer.post(on(order, "withdraw")))
            order = await stepped(world.buyer.post(f"/orders/{order['id']}/issues", ISSUE))
        offer = {"seller_amount": {"amount": 9_000_000, "currency": "NGN"}}
        for _ in range(20):
            await stepped(world.seller.post(f"/orders/{order['id']}/offers", offer))
        one_more = await world.seller.post(f"/orders/{order['id']}/offers", offer)
        assert (one_more.status_code, one_more.json()["code"]) == (429, "rate_limited")

        await stepped(world.buyer.post(on(order, "withdraw")))
        again = await world.buyer.post(f"/orders/{order['id']}/issues", ISSUE)

        assert (again.status_code, again.json()["code"]) == (429, "rate_limited")
        assert (await shown(world, order))["status"] == "completed"

    async def test_is_nobody_elses_business(self, world: World) -> None:
        order = await reported(world)
        for reply in (
            await world.stranger.get(f"/orders/{order['id']}/issues"),
            await world.stranger.post(on(order, "concede")),
            await world.stranger.post(f"/orders/{order['id']}/issues", ISSUE),
        ):
            assert (reply.status_code, reply.json()["code"]) == (404, "order_not_found")
        assert await shared_out(world) == HELD


class TestNobodyDecides:
    @pytest.mark.parametrize(
        ("scene", "ends", "shares"), [(completed, "closed", RELEASED), (funded, "refunded", REFUNDED)]
    )
    async def test_the_proof_of_delivery_does(
        self, world: World, scene: Any, ends: str, shares: dict[str, int]
    ) -> None:
        order = await scene(world)
        order = await stepped(world.buyer.post(f"/orders/{order['id']}/issues", ISSUE))
        order = await stepped(world.buyer.post(on(order, "escalate")))

        for days in (8, 7, 7):
            await world.pass_time(order["id"], days=days)
        assert (await shown(world, order))["status"] == "disputed"
        await world.pass_time(order["id"], days=9)

        order = await shown(world, order)
        assert (order["status"], order["close_reason"]) == (ends, "not_decided_in_time")
        assert await shared_out(world) == shares
        alerts = [mail.subject for mail in world.email.sent if "dispute" in mail.subject.lower()]
        assert [subject.split("waited ")[1].split()[0] for subject in alerts] == ["7", "14", "21"]
        assert await world.violations() == {}


class TestTheEndOfAnInspection:
    async def test_releases_when_the_buyer_was_reminded_by_sms_and_mail(self, world: World) -> None:
        await world.database.execute("UPDATE users SET email = 'buyer@kro.example' WHERE phone = '+2348031110001'")
        order = await completed(world)
        await world.pass_time(order["id"], hours=49)
        rows = await world.database.rows(
            "SELECT channel FROM notice_receipts WHERE purpose = 'inspect_by' AND channel <> 'in_app'"
        )
        assert sorted(row["channel"] for row in rows) == ["mail", "mail", "sms", "sms"]
        assert await shared_out(world) == HELD

        await world.pass_time(order["id"], hours=24)

        order = await shown(world, order)
        assert (order["status"], order["close_reason"]) == ("closed", "deemed_accepted")
        assert {c["settled_by"] for c in order["conditions"]} == {"system"}
        assert await shared_out(world) == RELEASED
        assert await world.violations() == {}

    async def test_waits_three_days_and_then_for_people_when_one_channel_is_silent(self, world: World) -> None:
        order = await completed(world)
        for _ in range(4):
            assert (await shown(world, order))["status"] == "completed"
            await world.pass_time(order["id"], hours=73)

        order = await shown(world, order)

        assert (order["status"], order["issue"]["category"]) == ("issue_reported", "unconfirmed")
        assert (await told(world, order)).count("inspection_unproven") == 3
        assert await shared_out(world) == HELD


class TestNonDelivery:
    async def test_gives_everything_back_after_two_weeks(self, world: World) -> None:
        order = await funded(world)
        await world.pass_time(order["id"], hours=73)
        assert (await told(world, order))[-1] == "delivery_overdue"
        await world.pass_time(order["id"], days=7)
        await world.pass_time(order["id"], days=7)

        order = await shown(world, order)

        assert (order["status"], order["close_reason"]) == ("refunded", "not_delivered")
        assert await shared_out(world) == REFUNDED
        assert await world.violations() == {}

    async def test_waits_for_two_reminders_after_a_long_downtime(self, world: World) -> None:
        order = await funded(world)
        await world.pass_time(order["id"], days=40)
        assert (await shown(world, order))["status"] == "in_progress"
        assert (await told(world, order)).count("delivery_overdue") == 2

        await world.pass_time(order["id"], hours=25)

        assert (await shown(world, order))["status"] == "refunded"


class TestReminders:
    async def test_of_the_proposal_go_to_the_other_side_once_each(self, world: World) -> None:
        order = await created(world)
        before = len(world.sms.sent)
        for hours in (37, 12, 22):
            await world.pass_time(order["id"], hours=hours)
        reminded = [sms for sms in world.sms.sent[before:] if "answer the proposal" in sms.text]
        assert [sms.to_e164 for sms in reminded] == ["+2348031110002"] * 3
        assert (await told(world, order)).count("reminded") == 3
        await world.pass_time(order["id"], hours=2)
        assert (await shown(world, order))["status"] == "expired"
        assert await timers_of(world, order) == set()
