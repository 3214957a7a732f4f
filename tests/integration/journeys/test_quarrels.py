"""Journeys on which somebody is silent, contests, or has others decide."""

from __future__ import annotations

from typing import Any

from tests.integration.api.exception_steps import hear, paid_order
from tests.integration.journeys.story import Story

from admin_desk import Admin
from dispute_steps import GROUNDS, REPORT, WHY, approve, ngn, officer
from kro.core.auth.permissions import Role
from order_steps import completed, funded

PRICE = 15_000_000


async def test_non_delivery(story: Story) -> None:
    order = await story.step("An order is paid for", funded(story.world))
    await story.wait("The delivery time passes", order, hours=73)
    await story.wait("A week passes", order, days=7)
    await story.wait("Another week passes", order, days=7)


async def test_automatic_release_with_receipts(story: Story) -> None:
    await story.world.database.execute("UPDATE users SET email = 'b@kro.example' WHERE phone = '+2348031110001'")
    order = await story.step("An order is completed", completed(story.world))
    await story.wait("Two days pass", order, hours=49)
    await story.wait("The inspection ends", order, hours=24)


async def test_no_automatic_release_without_receipts(story: Story) -> None:
    order = await story.step("An order is completed", completed(story.world))
    for number, hours in ((1, 71), (2, 23), (3, 23), (4, 23)):
        await story.wait(f"An hour is left for the {number}. time", order, hours=hours)
        await story.wait(f"The inspection ends for the {number}. time", order, hours=2)


async def test_issue_settled_by_offer(story: Story) -> None:
    order = await _reported(story)
    path = f"/orders/{order['id']}/offers"
    made = await story.step("The seller offers", story.world.seller.post(path, {"seller_amount": ngn(9_000_000)}))
    await story.step("The buyer accepts", story.world.buyer.post(f"{path}/{made['offers'][0]['id']}/accept"))


async def test_issue_conceded(story: Story) -> None:
    order = await _reported(story)
    await story.step("The seller gives in", story.world.seller.post(_on(order, "concede")))


async def test_issue_withdrawn(story: Story) -> None:
    order = await _reported(story)
    await story.step("The buyer withdraws it", story.world.buyer.post(_on(order, "withdraw")))
    await story.step("The buyer approves", story.world.buyer.post(f"/orders/{order['id']}/approve"))


async def test_decided_release(story: Story) -> None:
    await _decided(story, PRICE)


async def test_decided_refund(story: Story) -> None:
    await _decided(story, 0)


async def test_decided_split(story: Story) -> None:
    await _decided(story, 6_000_000)


async def test_appealed(story: Story) -> None:
    order, _ = await _ruled(story, PRICE)
    await story.step("The buyer appeals", story.world.buyer.post(_on(order, "appeal"), {"text": "Look again."}))
    other = await officer(story.world, "other")
    path = f"/admin/disputes/{order['issue']['id']}"
    await story.step("Another officer takes it", other.post(f"{path}/assign"))
    await story.step("The other decides", other.post(f"{path}/decisions", {"awarded": ngn(0), "grounds": GROUNDS}))
    await story.wait("It takes effect", order, hours=1)


async def test_silent_arbiter(story: Story) -> None:
    order = await _escalated(story)
    for days in (8, 7, 7, 9):
        order = await story.wait(f"{days} days pass", order, days=days)


async def test_hold_by_chargeback(story: Story) -> None:
    order, reference = await paid_order(story.world)
    await story.step("An order is paid for by card")
    dispute = story.world.paystack.contest(reference)
    await story.step("The payer's bank asks for the money back", hear(story.world, dispute))
    await story.wait("A month passes", order, days=30)
    story.world.paystack.end_dispute(dispute, "declined")
    await story.step("The bank gives up", hear(story.world, dispute, "resolve"))


async def test_hold_by_compliance(story: Story) -> None:
    order = await story.step("An order is completed", completed(story.world))
    first, second = [await officer(story.world, name, role=Role.COMPLIANCE) for name in ("first", "second")]
    hold = await story.step(
        "Compliance stops it",
        first.post(f"/admin/orders/{order['id']}/holds", {"reason": "fraud", "note": "Three accounts, one device."}),
    )
    await story.wait("A month passes", order, days=30)
    body = {**WHY, "reason": "cleared"}
    proposal = await story.step("One proposes to go on", first.post(f"/admin/holds/{hold['id']}/lift-proposals", body))
    await story.step("Another approves", approve(second, proposal))
    await story.step("The buyer approves the order", story.world.buyer.post(f"/orders/{order['id']}/approve"))


def _on(order: dict[str, Any], step: str) -> str:
    return f"/orders/{order['id']}/issues/{order['issue']['id']}/{step}"


async def _reported(story: Story) -> dict[str, Any]:
    order = await story.step("An order is completed", completed(story.world))
    reported: dict[str, Any] = await story.step(
        "The buyer reports an issue", story.world.buyer.post(f"/orders/{order['id']}/issues", REPORT)
    )
    return reported


async def _escalated(story: Story) -> dict[str, Any]:
    order = await _reported(story)
    escalated: dict[str, Any] = await story.step(
        "The buyer asks the platform", story.world.buyer.post(_on(order, "escalate"))
    )
    return escalated


async def _ruled(story: Story, awarded: int) -> tuple[dict[str, Any], Admin]:
    order = await _escalated(story)
    said = {"text": "It was whole when I sent it.", "evidence_ids": []}
    await story.step("The seller states", story.world.seller.post(_on(order, "statements"), said))
    order = await story.wait("The time for evidence passes", order, hours=73)
    admin = await officer(story.world)
    path = f"/admin/disputes/{order['issue']['id']}"
    await story.step("An officer takes the dispute", admin.post(f"{path}/assign"))
    ruling = {"awarded": ngn(awarded), "grounds": GROUNDS}
    await story.step("The officer decides", admin.post(f"{path}/decisions", ruling))
    return order, admin


async def _decided(story: Story, awarded: int) -> None:
    order, _ = await _ruled(story, awarded)
    await story.wait("The time to appeal passes", order, hours=49)
