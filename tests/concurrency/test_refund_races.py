"""Refunds at the same moment: never more than came in, than an order holds, or than was let go."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.integration.payment.world import at_once
from tests.integration.refund.world import RefundWorld

from kro.core.database.pool import Database
from kro.core.decisions import BusyError
from kro.order.domain import OrderStatus
from kro.refund.database.records import RefundStatus
from kro.refund.domain import REFUND_INVARIANTS
from order_scenes import DUE

PAID = 1_000_000
RIVALS = 50


def kinds(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


async def deadlocks(world: RefundWorld) -> int:
    found: int = await world.database.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return found


async def test_requests_never_take_more_of_a_payment_than_it_brought(database: Database) -> None:
    world = RefundWorld(database)
    user = await world.add_user()
    payment = await world.receive(user, PAID)
    # The balance would cover more: only the payment's own limit stands in the way.
    await world.receive(user, 10 * PAID)

    results = await at_once([lambda: world.request(user, payment, 300_000)] * RIVALS)

    counted = kinds(results)
    assert 1 <= counted["Refund"] <= 3
    assert set(counted) <= {"Refund", "NotRefundableError", "BusyError"}
    assert await world.available(user) == 11 * PAID - counted["Refund"] * 300_000
    await world.sound()
    assert await deadlocks(world) == 0


async def test_without_places_requests_would_take_more(database: Database, owner_database: Database) -> None:
    """The control: the test above is about the places, and sees what happens when they may be taken twice."""
    await owner_database.execute("ALTER TABLE refunds DROP CONSTRAINT uq_refunds_place")
    world = RefundWorld(database)
    user = await world.add_user()
    payment = await world.receive(user, PAID)
    await world.receive(user, 10 * PAID)

    for _ in range(10):
        await at_once([lambda: world.request(user, payment, 300_000)] * RIVALS)
        above = await database.value(REFUND_INVARIANTS["no_payment_is_refunded_above_what_it_brought"])
        if above:
            return
    pytest.fail("nothing was refunded above what came in, although nothing stood in the way")


async def test_requests_about_two_payments_of_one_order_see_each_other(database: Database) -> None:
    world = RefundWorld(database)
    buyer, seller = await world.add_user(), await world.add_user()
    order = await world.accepted_order(buyer, seller)
    first = await world.pay_for(order, buyer, DUE)
    second = await world.pay_for(order, buyer, PAID)
    await world.receive(buyer, 10 * PAID)

    results = await at_once(
        [lambda: world.request(buyer, first, 700_000), lambda: world.request(buyer, second, 700_000)] * (RIVALS // 2)
    )

    # An order keeps what it has used: of both payments together only what came too much may go back.
    counted = kinds(results)
    assert counted["Refund"] == 1
    assert set(counted) <= {"Refund", "NotRefundableError", "BusyError"}
    await world.sound()


async def test_approvals_and_the_sellers_cancellation_never_give_more_than_is_held(database: Database) -> None:
    world = RefundWorld(database)
    buyer, seller = await world.add_user(), await world.add_user()
    asking = await world.add_admin(role="super")
    order = await world.accepted_order(buyer, seller)
    await world.pay_for(order, buyer, DUE)
    refunds = [await world.request_of_order(asking, order.id, DUE // 10) for _ in range(10)]
    approvers = [await world.add_admin() for _ in refunds]

    results = await at_once(
        [
            lambda refund=refund, admin=admin: world.let_go(refund, admin)  # type: ignore[misc] # bound per turn
            for refund, admin in zip(refunds, approvers, strict=True)
        ]
    )

    held = (await world.order(order)).held
    gone = sum([(await world.refund(one)).status is RefundStatus.PROCESSED for one in refunds])
    assert gone == sum(result is None for result in results)
    assert held == DUE - gone * (DUE // 10)
    assert await world.available(buyer) == gone * (DUE // 10)
    assert (await world.order(order)).status is OrderStatus.IN_PROGRESS
    await world.sound()
    assert await deadlocks(world) == 0


async def test_one_refund_let_go_by_fifty_admins_goes_once(database: Database) -> None:
    world = RefundWorld(database)
    user = await world.add_user()
    refund = await world.request(user, await world.receive(user, 20_000_000), 6_000_000)
    admins = [await world.add_admin() for _ in range(RIVALS)]

    results = await at_once(
        [lambda admin=admin: world.let_go(refund, admin) for admin in admins]  # type: ignore[misc] # bound per turn
    )

    assert kinds(results)["NoneType"] == 1
    assert await world.count("refund_approvals") == 1
    await at_once([lambda: world.refund_submitter.submit(refund_id=refund.id)] * RIVALS)
    assert len(world.provider.refunds) == 1
    await world.sound()


async def test_sending_polling_and_cancelling_end_in_one_way(database: Database) -> None:
    world = RefundWorld(database)
    for _ in range(5):
        user = await world.add_user()
        refund = await world.request(user, await world.receive(user, PAID), PAID)

        await at_once(
            [
                lambda: world.refund_submitter.submit(refund_id=refund.id),  # noqa: B023 - used within the turn
                lambda: world.cancel(user, refund),  # noqa: B023 - used within the turn
                lambda: world.refund_tracker.follow_up(refund_id=refund.id),  # noqa: B023 - used within the turn
            ]
            * 10
        )

        ended = (await world.refund(refund)).status
        sent = len(world.provider.refunds_of(str(refund.id)))
        assert (ended, sent) in {(RefundStatus.CANCELLED, 0), (RefundStatus.SENDING, 1)}
        assert await world.available(user) == (PAID if ended is RefundStatus.CANCELLED else 0)
        await world.sound()


async def test_the_answer_is_booked_once_however_many_bring_it(database: Database) -> None:
    world = RefundWorld(database)
    user = await world.add_user()
    payment = await world.receive(user, PAID)
    refund = await world.sent(user, payment, 400_000)
    world.provider.end_refund(str(refund.id))

    await at_once([lambda: world.refund_tracker.apply_provider_result(payment.reference)] * RIVALS)

    assert (await world.refund(refund)).status is RefundStatus.PROCESSED
    assert await world.count("ledger_journals", kind="refund_confirmed") == 1
    await world.sound()


async def test_a_failure_heard_fifty_times_counts_as_one_try(database: Database) -> None:
    world = RefundWorld(database)
    user = await world.add_user()
    payment = await world.receive(user, PAID)
    refund = await world.sent(user, payment, 400_000)
    world.provider.end_refund(str(refund.id), "failed")

    results = await at_once([lambda: world.refund_tracker.apply_provider_result(payment.reference)] * RIVALS)

    assert not [one for one in results if isinstance(one, Exception) and not isinstance(one, BusyError)]
    seen = await world.refund(refund)
    assert (seen.status, len(seen.attempts)) == (RefundStatus.APPROVED, 1)
