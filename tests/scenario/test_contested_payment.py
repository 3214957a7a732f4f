"""A payment that its payer contests at the bank, heard of by signed events alone."""

from __future__ import annotations

from typing import Any

import asyncpg

from kro.core.ids import read_id
from kro.demo import expectations as due
from kro.demo.client import JSON, eventually
from kro.demo.expectations import kobo
from kro.demo.journey import Cast, Journey

CARD_FEE = 200_000
"""What Paystack keeps of a local card payment of this size: its cap of NGN 2,000."""


async def chargeback_in(cast: Cast, dispute: str, status: str) -> JSON:
    """Wait until the admin's list shows the chargeback of a dispute in a status."""

    async def ask() -> JSON:
        listed = [one for one in await cast.admin.chargebacks() if one["provider_reference"] == dispute]
        return listed[0] if listed else None

    return await eventually(f"chargeback {status}", ask, until=lambda one: one is not None and one["status"] == status)


async def entries_of(dsn: str, order_id: str) -> dict[str, int]:
    """Return what an order, its payment and its chargeback put on each kind of account: credits are negative."""
    connection = await asyncpg.connect(dsn)
    try:
        rows: list[Any] = await connection.fetch(
            """
            SELECT a.code, sum(e.amount)::bigint AS amount
            FROM ledger_entries AS e JOIN kro_balance AS a ON a.id = e.account_id
            JOIN ledger_journals AS j ON j.id = e.journal_id
            WHERE j.source_id IN (SELECT $1 UNION SELECT id FROM transactions WHERE order_id = $1
                                  UNION SELECT id FROM chargebacks WHERE order_id = $1)
            GROUP BY a.code
            """,
            read_id("ord", order_id),
        )
    finally:
        await connection.close()
    return {row["code"]: row["amount"] for row in rows}


async def funded(journey: Journey, cast: Cast) -> tuple[str, str]:
    """An order whose money is in escrow; returns it with the payment's reference at the provider."""
    await journey.meet()
    order = await journey.propose()
    await journey.accept(order)
    async with journey.step("The buyer pays by card"):
        payment = await cast.buyer.pay_by_card(order["id"], cast.sandbox)
        await cast.buyer.order_in(order["id"], "in_progress")
        journey.timeline.expect("funded", by="system")
        journey.expectations.move("buyer", in_escrow=due.BUYER_PAYS)
    return order["id"], payment["reference"]


async def test_lost_takes_the_money_out_of_escrow_and_ends_the_order(
    journey: Journey, cast: Cast, owner_dsn: str
) -> None:
    before = await cast.sandbox.balance()
    order_id, reference = await funded(journey, cast)
    await cast.admin.log_in()

    async with journey.step("The buyer's bank takes the payment back"):
        dispute = await cast.sandbox.contest(reference)
        opened = await chargeback_in(cast, dispute, "opened")
        journey.timeline.expect("chargeback_opened", by="system")
        journey.expectations.move("buyer", in_escrow=-due.BUYER_PAYS)
    held = await cast.seller.order(order_id)
    async with journey.step("The bank decides for the buyer"):
        await cast.sandbox.decide(dispute, "merchant-accepted")
        lost = await chargeback_in(cast, dispute, "lost")
        journey.timeline.expect("chargeback_lost", by="system")
        journey.timeline.expect("refunded", by="system")

    assert (opened["order_id"], opened["status"]) == (order_id, "opened")
    kobo("what is contested", due.BUYER_PAYS, opened["amount"])
    kobo("what the order bore", due.BUYER_PAYS, opened["from_escrow"])
    assert (held["status"], held["on_hold"]) == ("in_progress", True)
    kobo("what the order holds", 0, held["held"])
    kobo("what came back", 0, lost["returned"])
    ended = await cast.buyer.order(order_id)
    assert (ended["status"], ended["close_reason"], ended["on_hold"]) == ("refunded", "charged_back", False)
    assert await entries_of(owner_dsn, order_id) == {
        "provider_clearing": -CARD_FEE,
        "provider_fees": CARD_FEE,
        "user_available": 0,
        "order_escrow": 0,
    }
    assert await cast.sandbox.balance() == before - CARD_FEE
    report = await cast.admin.reconciliation()
    assert [check["name"] for check in report["checks"] if check["violations"]] == []


async def test_won_gives_the_order_its_money_again(journey: Journey, cast: Cast) -> None:
    order_id, reference = await funded(journey, cast)
    await cast.admin.log_in()

    async with journey.step("The buyer's bank takes the payment back"):
        dispute = await cast.sandbox.contest(reference)
        await chargeback_in(cast, dispute, "opened")
        journey.timeline.expect("chargeback_opened", by="system")
        journey.expectations.move("buyer", in_escrow=-due.BUYER_PAYS)
    async with journey.step("The bank declines the claim, and the seller goes on"):
        await cast.sandbox.decide(dispute, "declined")
        await chargeback_in(cast, dispute, "won")
        journey.timeline.expect("chargeback_won", by="system")
        journey.expectations.move("buyer", in_escrow=due.BUYER_PAYS)

    await journey.deliver(order_id)
    await journey.close(order_id)
