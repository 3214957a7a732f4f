"""Payments contested at the payer's bank, before and after the money was released, and the debts they leave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.api.exception_steps import (
    admin,
    approve,
    books_agree,
    hear,
    owed,
    paid_order,
    proposed,
    released_order,
    second_admin,
    seen,
)

from kro_api import World
from order_steps import DUE, accepted, put_money, stepped
from step_up_steps import add_bank_account

RECEIVED = 14_798_438


async def contested(world: World, reference: str, **facts: Any) -> str:
    dispute = world.paystack.contest(reference, **facts)
    await hear(world, dispute)
    return dispute


async def spend(world: World, amount: int) -> None:
    """Have the seller send an amount to a bank, so that the balance no longer covers a chargeback."""
    account = await add_bank_account(world, world.seller, "0123456789")
    await world.database.execute("UPDATE bank_accounts SET usable_from = now() - interval '1 day'")
    reply = await world.seller.post(
        "/payouts", {"bank_account_id": account["id"], "amount": {"amount": amount, "currency": "NGN"}}
    )
    assert reply.status_code in {201, 202}, reply.text


class TestWhileTheOrderHoldsTheMoney:
    async def test_the_money_leaves_the_escrow_and_the_order_waits(self, world: World) -> None:
        order, reference = await paid_order(world)

        await contested(world, reference)

        held = await seen(world.buyer, order)
        assert (held["status"], held["on_hold"], held["held"]["amount"]) == ("in_progress", True, 0)
        assert await owed(world.buyer) == 0
        refused = await world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "never mind"})
        assert (refused.status_code, refused.json()["code"]) == (409, "order_on_hold")
        [listed] = (await (await admin(world)).get("/admin/chargebacks", status="opened")).json()["data"]
        assert (listed["amount"]["amount"], listed["from_escrow"]["amount"]) == (DUE, DUE)
        assert listed["order_id"] == order["id"]
        await books_agree(world)

    async def test_hearing_of_it_again_changes_nothing(self, world: World) -> None:
        _, reference = await paid_order(world)
        dispute = await contested(world, reference)
        before = await world.database.value("SELECT count(*) FROM ledger_journals")

        await hear(world, dispute, times=3)
        await hear(world, dispute, "remind")
        await asyncio.gather(
            *(world.application.refunding.chargebacks.apply_provider_result(dispute) for _ in range(10))
        )

        assert await world.database.value("SELECT count(*) FROM ledger_journals") == before
        assert await world.database.value("SELECT count(*) FROM chargebacks") == 1

    async def test_won_lets_the_order_go_on_to_its_end(self, world: World) -> None:
        order, reference = await paid_order(world)
        dispute = await contested(world, reference)
        world.paystack.end_dispute(dispute, "declined")

        await hear(world, dispute, "resolve")

        again = await seen(world.buyer, order)
        assert (again["status"], again["on_hold"], again["held"]["amount"]) == ("in_progress", False, DUE)
        await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "sold out"}))
        assert await world.buyer.available() == DUE
        await books_agree(world)

    async def test_lost_ends_the_order(self, world: World) -> None:
        order, reference = await paid_order(world)
        dispute = await contested(world, reference)
        world.paystack.end_dispute(dispute, "merchant-accepted")

        await hear(world, dispute, "resolve")

        ended = await seen(world.buyer, order)
        assert (ended["status"], ended["close_reason"], ended["on_hold"]) == ("refunded", "charged_back", False)
        assert (await world.buyer.available(), await world.seller.available()) == (0, 0)
        await books_agree(world)

    async def test_lost_ends_a_hold_of_compliance_with_the_order(self, world: World) -> None:
        order, reference = await paid_order(world)
        compliance = await admin(world)
        hold = await compliance.post(f"/admin/orders/{order['id']}/holds", {"reason": "fraud", "note": "Stolen card."})
        assert hold.status_code == 201, hold.text
        dispute = await contested(world, reference)
        world.paystack.end_dispute(dispute, "merchant-accepted")

        await hear(world, dispute, "resolve")

        assert (await seen(world.buyer, order))["status"] == "refunded"
        row = await world.database.row("SELECT lifted_by, lift_approved_by, lifted_at FROM order_holds")
        assert (row["lifted_by"], row["lift_approved_by"]) == (None, None)
        assert row["lifted_at"] is not None
        assert (await compliance.get("/admin/holds")).status_code == 200

    async def test_first_heard_of_when_it_was_lost_is_opened_and_ended(self, world: World) -> None:
        order, reference = await paid_order(world)
        dispute = world.paystack.contest(reference)
        world.paystack.end_dispute(dispute, "merchant-accepted")

        await hear(world, dispute, "resolve")
        await hear(world, dispute, "create")

        assert (await seen(world.buyer, order))["status"] == "refunded"
        await books_agree(world)

    async def test_lost_events_cost_only_time(self, world: World) -> None:
        order, reference = await paid_order(world)
        dispute = await contested(world, reference)
        world.paystack.end_dispute(dispute, "merchant-accepted")
        await world.database.execute("UPDATE chargebacks SET next_poll_at = now() - interval '1 second'")

        assert await world.application.refunding.chargebacks.poll_due() == 1

        assert (await seen(world.buyer, order))["status"] == "refunded"
        await books_agree(world)


class TestAfterTheRelease:
    async def test_the_seller_pays_from_the_balance(self, world: World) -> None:
        _, reference = await released_order(world)
        await contested(world, reference, amount_minor=10_000_000)

        assert await world.seller.available() == RECEIVED - 10_000_000
        assert await owed(world.seller) == 0
        await books_agree(world)

    async def test_what_the_balance_does_not_cover_is_owed_and_stops_payouts(self, world: World) -> None:
        _, reference = await released_order(world)
        await spend(world, 14_000_000)
        left = await world.seller.available()

        await contested(world, reference, amount_minor=5_000_000)

        assert await world.seller.available() == 0
        assert await owed(world.seller) == 5_000_000 - left
        account = (await world.seller.get("/me/bank-accounts")).json()["data"][0]["id"]
        refused = await world.seller.post(
            "/payouts", {"bank_account_id": account, "amount": {"amount": 100, "currency": "NGN"}}
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "debt_outstanding")
        [debtor] = (await (await admin(world)).get("/admin/debts")).json()["data"]
        assert debtor["owed"]["amount"] == 5_000_000 - left
        await books_agree(world)

    async def test_a_debt_is_repaid_from_the_next_release(self, world: World) -> None:
        _, reference = await released_order(world)
        await spend(world, 14_000_000)
        await contested(world, reference, amount_minor=5_000_000)
        debt = await owed(world.seller)

        await released_order(world)

        assert await owed(world.seller) == 0
        assert await world.seller.available() == RECEIVED - debt
        await books_agree(world)

    async def test_a_debt_is_repaid_from_whatever_comes_in(self, world: World) -> None:
        order, reference = await paid_order(world)
        await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "sold out"}))
        # The buyer has the money back and spends it on another order before the bank takes it.
        other = await accepted(world)
        await stepped(world.buyer.post(f"/orders/{other['id']}/fund", {"method": "balance"}))
        await contested(world, reference)
        assert await owed(world.buyer) == DUE

        await put_money(world, 1_000_000)

        assert (await world.buyer.available(), await owed(world.buyer)) == (0, DUE - 1_000_000)
        await stepped(world.seller.post(f"/orders/{other['id']}/cancel", {"reason": "sold out"}))
        assert await world.application.refunding.debts.collect_due() == 1
        assert (await world.buyer.available(), await owed(world.buyer)) == (1_000_000, 0)
        await books_agree(world)

    async def test_won_gives_back_to_the_debt_first_and_then_to_the_balance(self, world: World) -> None:
        _, reference = await released_order(world)
        await spend(world, 14_000_000)
        left = await world.seller.available()
        dispute = await contested(world, reference, amount_minor=5_000_000)
        world.paystack.end_dispute(dispute, "declined")

        await hear(world, dispute, "resolve")

        assert (await world.seller.available(), await owed(world.seller)) == (left, 0)
        await books_agree(world)

    async def test_lost_in_part_gives_the_rest_back(self, world: World) -> None:
        _, reference = await released_order(world)
        dispute = await contested(world, reference, amount_minor=10_000_000)
        world.paystack.end_dispute(dispute, "merchant-accepted", amount_minor=4_000_000)

        await hear(world, dispute, "resolve")

        assert await world.seller.available() == RECEIVED - 4_000_000
        await books_agree(world)

    @pytest.mark.parametrize("fee", [0, 500_000])
    async def test_the_providers_fee_is_ours(self, world: World, fee: int) -> None:
        _, reference = await released_order(world)

        await contested(world, reference, amount_minor=1_000_000, fee_minor=fee)

        assert await world.seller.available() == RECEIVED - 1_000_000
        losses = await world.database.value(
            "SELECT coalesce(sum(balance), 0) FROM ledger_balances WHERE code = 'losses'"
        )
        assert (losses or 0) == fee
        await books_agree(world)

    async def test_more_than_was_paid_is_left_to_people(self, world: World) -> None:
        _, reference = await released_order(world)

        await contested(world, reference, amount_minor=DUE + 1)

        assert await world.seller.available() == RECEIVED
        assert await world.database.value("SELECT count(*) FROM chargebacks") == 0
        assert await world.database.value(
            "SELECT count(*) FROM outbox WHERE topic = 'alert' AND payload ->> 'kind' = 'chargeback_contradiction'"
        )


class TestWritingADebtOff:
    async def test_takes_two_persons_and_a_decided_chargeback(self, world: World) -> None:
        _, reference = await released_order(world)
        await spend(world, 14_000_000)
        dispute = await contested(world, reference, amount_minor=5_000_000)
        debt = await owed(world.seller)
        proposer, approver = await admin(world), await second_admin(world)
        [debtor] = (await proposer.get("/admin/debts")).json()["data"]
        body = {
            "user_id": debtor["user_id"],
            "amount": {"amount": debt, "currency": "NGN"},
            "reason": "uncollectible",
            "ticket": "OPS-1",
            "note": "The account is closed.",
        }
        early = await proposer.post("/admin/proposals/write-offs", body)
        world.paystack.end_dispute(dispute, "merchant-accepted")
        await hear(world, dispute, "resolve")
        too_much = {**body, "amount": {"amount": debt + 1, "currency": "NGN"}}
        refused = await proposer.post("/admin/proposals/write-offs", too_much)
        proposal = await proposed(proposer, "write-offs", body)

        own = await approve(world, proposer, proposal)
        done = await approve(world, approver, proposal)

        assert (early.status_code, early.json()["code"]) == (409, "debt_contested")
        assert (refused.status_code, refused.json()["code"]) == (409, "debt_too_low")
        assert (own.status_code, own.json()["code"]) == (403, "two_persons_required")
        assert (done.status_code, done.json()["status"]) == (200, "approved")
        assert (await owed(world.seller), await world.seller.available()) == (0, 0)
        await books_agree(world)
