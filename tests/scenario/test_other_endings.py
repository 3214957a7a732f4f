"""The ways an order ends without a release, and where the money is then."""

from __future__ import annotations

import asyncpg
import pytest

from kro.core.ids import read_id
from kro.demo import expectations as due
from kro.demo.client import JSON, RefusedError, eventually
from kro.demo.expectations import kobo
from kro.demo.journey import Cast, Journey
from kro.demo.sandbox import DECLINED_CARD

REASON = {"reason": "Changed my mind."}


async def agreed(journey: Journey) -> JSON:
    await journey.meet()
    order = await journey.propose()
    await journey.accept(order)
    return order


async def payment_in(cast: Cast, payment_id: str, status: str) -> JSON:
    async def ask() -> JSON:
        return await cast.buyer.api.get(f"/v1/payments/{payment_id}")

    return await eventually(f"payment {status}", ask, until=lambda payment: payment["status"] == status)


async def receipt_of(cast: Cast, order_id: str, event_type: str) -> JSON:
    async def ask() -> list[JSON]:
        return [event for event in await cast.buyer.events(order_id) if event["type"] == event_type]

    return (await eventually(event_type, ask, until=bool))[0]


class TestBeforeMoney:
    async def test_the_seller_declines(self, journey: Journey, cast: Cast) -> None:
        await journey.meet()
        order = await journey.propose()

        async with journey.step("The seller declines"):
            declined = await cast.seller.act(order["id"], "decline", REASON)
            journey.timeline.expect("declined", by="seller")

        assert (declined["status"], declined["close_reason"]) == ("declined", "declined")
        assert declined["allowed_actions"] == []
        with pytest.raises(RefusedError) as refusal:
            await cast.seller.act(order["id"], "accept", {"terms_hash": order["terms"]["hash"]})
        assert (refusal.value.status, refusal.value.code) == (409, "order_illegal_transition")

    async def test_the_buyer_withdraws_the_proposal(self, journey: Journey, cast: Cast) -> None:
        await journey.meet()
        order = await journey.propose()

        async with journey.step("The buyer withdraws"):
            cancelled = await cast.buyer.act(order["id"], "cancel", REASON)
            journey.timeline.expect("cancelled", by="buyer")

        assert (cancelled["status"], cancelled["funding_status"]) == ("cancelled", "none")

    async def test_either_cancels_an_accepted_order(self, journey: Journey, cast: Cast) -> None:
        order = await agreed(journey)

        async with journey.step("The seller cancels"):
            cancelled = await cast.seller.act(order["id"], "cancel", REASON)
            journey.timeline.expect("cancelled", by="seller")

        assert cancelled["status"] == "cancelled"

    @pytest.mark.parametrize(("is_accepted", "reason"), [(False, "not_accepted_in_time"), (True, "not_funded_in_time")])
    async def test_nobody_acts_in_time(
        self, journey: Journey, cast: Cast, owner_dsn: str, is_accepted: bool, reason: str
    ) -> None:
        await journey.meet()
        order = await journey.propose()
        if is_accepted:
            await journey.accept(order)

        async with journey.step("Days pass"):
            await let_days_pass(owner_dsn, order["id"])
            expired = await cast.buyer.order_in(order["id"], "expired")
            journey.timeline.expect("expired", by="system")

        assert expired["close_reason"] == reason


class TestMoneyOnOtherWays:
    async def test_underpaid_and_topped_up(self, journey: Journey, cast: Cast) -> None:
        order = await agreed(journey)
        first = 10_000_000

        async with journey.step("Less arrives than was asked for"):
            await cast.sandbox.misread_next(first)
            payment = await cast.buyer.pay_by_card(order["id"], cast.sandbox)
            settled = await cast.buyer.payment(payment["id"], until="settled_at")
            journey.timeline.expect("partial_receipt", by="system")
            journey.expectations.move("buyer", available=first)
        async with journey.step("The buyer adds what is short"):
            rest = await cast.buyer.start_checkout(order["id"], use_balance=True)
            await cast.sandbox.pay(rest["checkout_url"])
            await cast.buyer.order_in(order["id"], "in_progress")
            journey.timeline.expect("funded", by="system")
            journey.expectations.move("buyer", available=-first, in_escrow=due.BUYER_PAYS)

        assert settled["variance"] == "under"
        kobo("what was received", first, settled["received_amount"])
        kobo("what was short", due.BUYER_PAYS - first, rest["amount"])
        event = await receipt_of(cast, order["id"], "partial_receipt")
        kobo("the shortage told", due.BUYER_PAYS - first, event["data"]["shortage"])

    async def test_overpaid_keeps_the_excess_spendable(self, journey: Journey, cast: Cast) -> None:
        order = await agreed(journey)

        async with journey.step("More arrives than was asked for"):
            await cast.sandbox.misread_next(due.BUYER_PAYS + 1)
            await cast.buyer.pay_by_card(order["id"], cast.sandbox)
            await cast.buyer.order_in(order["id"], "in_progress")
            journey.timeline.expect("funded", by="system")
            journey.expectations.move("buyer", available=1, in_escrow=due.BUYER_PAYS)

    async def test_late_money_stays_with_the_payer(self, journey: Journey, cast: Cast) -> None:
        order = await agreed(journey)

        async with journey.step("The card is declined, and the buyer cancels"):
            payment = await cast.buyer.pay_by_card(order["id"], cast.sandbox, DECLINED_CARD)
            # A signed webhook is only a reason to ask: whatever it claims, the provider's answer counts.
            await cast.sandbox.tell("charge.success", reference=payment["reference"])
            await payment_in(cast, payment["id"], "failed")
            await cast.buyer.act(order["id"], "cancel", REASON)
            journey.timeline.expect("cancelled", by="buyer")
        async with journey.step("The checkout page is still open, and the buyer pays there after all"):
            await cast.sandbox.pay(payment["checkout_url"])
            await payment_in(cast, payment["id"], "succeeded")
            journey.timeline.expect("late_receipt", by="system")
            journey.expectations.move("buyer", available=due.BUYER_PAYS)

        order = await cast.buyer.order(order["id"])
        assert (order["status"], order["funding_status"]) == ("cancelled", "none")
        kobo("what the order holds", 0, order["held"])

    async def test_a_cancelling_seller_gives_everything_back(self, journey: Journey, cast: Cast) -> None:
        order = await agreed(journey)
        await journey.pay(order["id"])

        async with journey.step("The seller cancels"):
            refunded = await cast.seller.act(order["id"], "cancel", REASON)
            journey.timeline.expect("refunded", by="seller")
            journey.expectations.move("buyer", in_escrow=-due.BUYER_PAYS, available=due.BUYER_PAYS)

        assert (refunded["status"], refunded["close_reason"]) == ("refunded", "seller_cancelled")
        kobo("what the order holds", 0, refunded["held"])
        (refund,) = (await cast.buyer.api.get("/v1/refunds"))["data"]
        assert (refund["order_id"], refund["status"]) == (order["id"], "processed")
        kobo("the refund", due.BUYER_PAYS, refund["amount"])

    async def test_money_given_back_pays_the_next_order(self, journey: Journey, cast: Cast) -> None:
        order = await agreed(journey)
        await journey.pay(order["id"])
        await cast.seller.act(order["id"], "cancel", REASON)
        journey.expectations.move("buyer", in_escrow=-due.BUYER_PAYS, available=due.BUYER_PAYS)
        journey.timeline.expected.clear()

        again = await journey.propose()
        await journey.accept(again)
        async with journey.step("The buyer pays from the balance"):
            funded = await cast.buyer.act(again["id"], "fund", {"method": "balance"})
            journey.timeline.expect("funded", by="buyer")
            journey.expectations.move("buyer", in_escrow=due.BUYER_PAYS, available=-due.BUYER_PAYS)

        assert (funded["status"], funded["funding_status"]) == ("in_progress", "funded")


async def let_days_pass(dsn: str, order_id: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in (
            "UPDATE orders SET accept_by = accept_by - interval '4 days' WHERE id = $1",
            "UPDATE orders SET fund_by = fund_by - interval '4 days' WHERE id = $1",
            "UPDATE timers SET due_at = due_at - interval '4 days' WHERE order_id = $1",
        ):
            await connection.execute(statement, read_id("ord", order_id))
    finally:
        await connection.close()
