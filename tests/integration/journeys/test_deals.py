"""Journeys of deals that go well, and of the ways to agree and to pay."""

from __future__ import annotations

from typing import Any

from tests.integration.api.test_invites import claimed, invited, token
from tests.integration.api.test_order_terms import terms
from tests.integration.journeys.story import Story

from milestone_steps import asked_for_code, condition_path, delivery_code, hand_in, part, proposed
from order_steps import DUE, PNG, created, proposal, put_money, quoted
from step_up_steps import proof

INSPECTION = part("As described", kind="inspection")
NO = {"reason": "Changed my mind."}


async def test_happy_goods(story: Story) -> None:
    buyer, seller = story.world.buyer, story.world.seller
    order = await story.step("The buyer proposes", created(story.world))
    path = f"/orders/{order['id']}"
    await story.step("The seller accepts", seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}))
    await story.receive("The buyer pays by card", order, DUE)
    file = await story.step(
        "The seller uploads the waybill",
        seller.upload(f"{path}/evidence", PNG, content_type="image/png", file_name="waybill.png"),
    )
    document = next(c for c in order["conditions"] if c["evidence_required"])
    await story.step(
        "The seller hands it in",
        seller.post(f"{path}/conditions/{document['id']}/submit", {"evidence_ids": [file["id"]]}),
    )
    await story.step("The seller completes", seller.post(f"{path}/complete"))
    await story.step("The buyer approves", buyer.post(f"{path}/approve"))


async def test_approved_with_a_proof(story: Story) -> None:
    world = story.world
    await world.database.execute("UPDATE users SET kyc_tier = 2")
    proposing = world.buyer.post("/orders", proposal(await quoted(world, amount=60_000_000)))
    order = await story.step("The buyer proposes an order above the threshold", proposing)
    path = f"/orders/{order['id']}"
    await story.step("The seller accepts", world.seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}))
    await story.receive("The buyer pays by card", order, order["fees"]["buyer_pays"]["amount"])
    await story.step("The seller hands the waybill in", hand_in(world, order, 1))
    await story.step("The seller completes", world.seller.post(f"{path}/complete"))
    refused = await world.buyer.post(f"{path}/approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    await story.step("The buyer is asked for a proof before anything moves")
    told = await proof(world, world.buyer, refused.json()["step_up"])
    await story.step(
        "The buyer approves with the code that came by SMS", world.buyer.post(f"{path}/approve", {"step_up": told})
    )
    await story.step(
        "The same proof releases nothing else", _refused(world.buyer.post(f"{path}/approve", {"step_up": told}))
    )


async def _refused(call: Any) -> None:
    assert (await call).status_code == 409


async def test_service_with_three_milestones(story: Story) -> None:
    world = story.world
    parts = [part(f"Part {number}", 5_000_000) for number in (1, 2, 3)]
    order = await story.step("The buyer proposes", proposed(world, *parts))
    path = f"/orders/{order['id']}"
    await story.step("The seller accepts", world.seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}))
    await story.receive("The buyer pays", order, DUE)
    for number in (1, 2, 3):
        await story.step(
            f"The buyer confirms part {number}", world.buyer.post(f"{condition_path(order, number)}/confirm")
        )


async def test_counter_offer(story: Story) -> None:
    world = story.world
    order = await story.step("The buyer proposes", created(world))
    path = f"/orders/{order['id']}"
    countered = await story.step(
        "The seller proposes other terms", world.seller.post(f"{path}/counter-offers", terms(title="Laptop, 16 GB"))
    )
    await story.step(
        "The buyer accepts", world.buyer.post(f"{path}/accept", {"terms_hash": countered["terms"]["hash"]})
    )
    await story.receive("The buyer pays", order, DUE)


async def test_an_unregistered_seller_is_invited(story: Story) -> None:
    world = story.world
    order = await story.step("The buyer proposes to a number without an account", invited(world))
    newcomer = await story.step("The seller follows the link to an account", claimed(world, await token(world)))
    path = f"/orders/{order['id']}/accept"
    await story.step("The seller accepts", newcomer.post(path, {"terms_hash": order["terms"]["hash"]}))


async def test_underpaid_and_topped_up(story: Story) -> None:
    order = await _agreed(story)
    await story.receive("The buyer pays too little", order, DUE - 1)
    await story.receive("The buyer pays what is missing", order, 1)


async def test_overpaid(story: Story) -> None:
    order = await _agreed(story)
    await story.receive("The buyer pays more than is due", order, DUE + 500)


async def test_late_payment_after_expiry(story: Story) -> None:
    order = await _agreed(story)
    await story.wait("Two days pass", order, hours=49)
    await story.receive("The payment arrives", order, DUE)


async def test_cancelled_by_the_buyer_before_acceptance(story: Story) -> None:
    order = await story.step("The buyer proposes", created(story.world))
    await story.step("The buyer cancels", story.world.buyer.post(f"/orders/{order['id']}/cancel", NO))


async def test_cancelled_by_the_seller_before_payment(story: Story) -> None:
    order = await _agreed(story)
    await story.step("The seller cancels", story.world.seller.post(f"/orders/{order['id']}/cancel", NO))


async def test_cancelled_by_the_seller_after_payment(story: Story) -> None:
    order = await _funded(story)
    await story.step("The seller cancels", story.world.seller.post(f"/orders/{order['id']}/cancel", NO))


async def test_overdue_refund(story: Story) -> None:
    order = await _funded(story)
    await story.wait("The delivery is a day overdue", order, hours=97)
    await story.step("The buyer cancels", story.world.buyer.post(f"/orders/{order['id']}/cancel", NO))


async def test_amendment_down(story: Story) -> None:
    await _amended(story, 10_000_000, top_up=0)


async def test_amendment_up(story: Story) -> None:
    await _amended(story, 20_000_000, top_up=20_268_750 - DUE)


async def test_handover_code(story: Story) -> None:
    world = story.world
    order = await _with_code(story)
    code = await story.step("The buyer asks for the code", asked_for_code(world, order))
    path = f"/orders/{order['id']}"
    await story.step("The seller enters it", world.seller.post(f"{path}/handover-code/enter", {"code": code}))
    await story.step("The buyer approves", world.buyer.post(f"{path}/approve"))


async def test_handover_code_that_is_acceptance(story: Story) -> None:
    world = story.world
    order = await _with_code(story, only_code=True)
    code = await story.step("The buyer asks for the code", asked_for_code(world, order))
    path = f"/orders/{order['id']}/handover-code/enter"
    await story.step("The seller enters it", world.seller.post(path, {"code": code}))


async def _agreed(story: Story) -> dict[str, object]:
    order: dict[str, object] = await story.step("The buyer proposes", created(story.world))
    terms_hash = order["terms"]["hash"]  # type: ignore[index] # JSON
    await story.step(
        "The seller accepts", story.world.seller.post(f"/orders/{order['id']}/accept", {"terms_hash": terms_hash})
    )
    return order


async def _funded(story: Story) -> dict[str, object]:
    order = await _agreed(story)
    await story.receive("The buyer pays", order, DUE)
    return order


async def _amended(story: Story, price: int, *, top_up: int) -> None:
    world = story.world
    order = await _funded(story)
    path = f"/orders/{order['id']}/amendments"
    change = {"quote_id": await quoted(world, amount=price)}
    amendment = await story.step("The buyer proposes another price", world.buyer.post(path, change))
    if top_up:
        await story.step("The buyer tops up", put_money(world, top_up))
    await story.step(
        "The seller accepts it", world.seller.post(f"{path}/{amendment['id']}/accept", {"hash": amendment["hash"]})
    )


async def _with_code(story: Story, *, only_code: bool = False) -> dict[str, object]:
    conditions = (delivery_code(),) if only_code else (delivery_code(), INSPECTION)
    order: dict[str, object] = await story.step(
        "The buyer proposes", proposed(story.world, *conditions, code_is_acceptance=only_code)
    )
    terms_hash = order["terms"]["hash"]  # type: ignore[index] # JSON
    path = f"/orders/{order['id']}"
    await story.step("The seller accepts", story.world.seller.post(f"{path}/accept", {"terms_hash": terms_hash}))
    await story.receive("The buyer pays", order, DUE)
    return order
