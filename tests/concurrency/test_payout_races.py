"""Money goes out once, only while it is there, and only as often as it was let go."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from tests.integration.payment.world import PaymentWorld, at_once, render_admin_payout

from kro.core.database.pool import Database
from kro.core.decisions import BusyError, InsufficientFundsError, Reply
from kro.core.kyc import TierLimitExceededError
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.payment.domain import (
    AlreadyApprovedError,
    PayoutStateError,
    PayoutStatus,
    Progress,
    render_payout,
)
from kro.payment.providers.fake import Fault

RECEIVED = 1_000_000
FEE = 5_000


def kinds(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


async def test_two_payouts_racing_one_balance_never_overdraw_it(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    await world.receive(user, RECEIVED)

    results = await at_once([lambda: world.request_payout(user, 600_000)] * 2)

    assert kinds(results) == {"Payout": 1, "InsufficientFundsError": 1}
    assert await world.available(user) == RECEIVED - 605_000
    assert (await world.sums())["payout_in_transit"] == 600_000


async def test_many_payouts_racing_one_balance_take_only_what_is_there(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    await world.receive(user, RECEIVED)

    results = await at_once([lambda: world.request_payout(user, 145_000)] * 12)

    taken = kinds(results)["Payout"]
    assert all(
        isinstance(result, InsufficientFundsError | BusyError) for result in results if isinstance(result, Exception)
    )
    assert 1 <= taken <= 6
    assert await world.available(user) == RECEIVED - taken * 150_000
    assert (await world.sums()).get("payout_in_transit", 0) == taken * 145_000


async def test_payouts_racing_the_limit_of_the_day_stay_below_it(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    await world.receive(user, RECEIVED)

    results = await at_once([lambda: world.request_payout(user, 200_000, day_limit=300_000)] * 4)

    assert kinds(results)["Payout"] == 1
    assert all(
        isinstance(result, TierLimitExceededError | BusyError) for result in results if isinstance(result, Exception)
    )
    assert (await world.sums())["payout_in_transit"] == 200_000


async def test_fifty_approvals_at_once_are_one(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    await world.receive(user, RECEIVED)
    payout = await world.request_payout(user, 700_000)
    code = world.code(admin)

    results = await at_once(
        [lambda number=number: world.approve(payout, admin, code=code, key=f"k{number}") for number in range(50)]  # type: ignore[misc]
    )

    refusals = (PayoutStateError, WrongFactorError, FactorLockedError)
    assert kinds(results)["Reply"] == 1
    assert all(isinstance(result, refusals) for result in results if not isinstance(result, Reply))
    assert await world.count("payout_approvals") == 1
    assert await world.count("outbox", topic="payout.submit") == 1
    assert (await world.payout(payout)).status is PayoutStatus.APPROVED
    assert (await world.sums())["payout_in_transit"] == 700_000


async def test_fifty_repeats_of_one_approval_are_one(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    await world.receive(user, RECEIVED)
    payout = await world.request_payout(user, 700_000)

    await at_once([lambda: world.approve(payout, admin, key="k")] * 50)
    again = await world.approve(payout, admin, key="k")

    assert (again.status, again.replayed) == (200, True)
    assert await world.count("payout_approvals") == 1
    assert await world.count("outbox", topic="payout.submit") == 1


async def test_one_code_on_two_payouts_at_once_lets_one_go(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    await world.receive(user, RECEIVED)
    payouts = [await world.request_payout(user, 300_000) for _ in range(2)]
    code = world.code(admin)

    results = await at_once(
        [lambda payout=payout: world.approve(payout, admin, code=code) for payout in payouts]  # type: ignore[misc]
    )

    assert kinds(results) == {"Reply": 1, "WrongFactorError": 1}
    assert await world.count("payout_approvals") == 1
    assert await world.count("outbox", topic="payout.submit") == 1


async def test_two_admins_approving_at_once_are_enough_for_a_large_payout(database: Database) -> None:
    world = PaymentWorld(database)
    user, admins = await world.add_user(), [await world.add_admin() for _ in range(2)]
    await world.receive(user, 200_000_000)
    payout = await world.request_payout(user, 150_000_000)

    results = await at_once(
        [lambda admin=admin: world.approve(payout, admin) for admin in admins]  # type: ignore[misc]
    )

    assert kinds(results) == {"Reply": 2}
    assert (await world.payout(payout)).status is PayoutStatus.APPROVED
    assert await world.count("payout_approvals") == 2
    assert await world.count("outbox", topic="payout.submit") == 1


async def test_one_admin_twice_at_once_is_not_two_admins(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    await world.receive(user, 200_000_000)
    payout = await world.request_payout(user, 150_000_000)
    now, before = world.code(admin), world.clock.now()
    world.clock.advance(timedelta(seconds=30))
    codes = [now, world.code(admin)]
    assert before < world.clock.now()

    results = await at_once(
        [lambda code=code: world.approve(payout, admin, code=code) for code in codes]  # type: ignore[misc]
    )

    assert kinds(results)["Reply"] == 1
    refused = [result for result in results if not isinstance(result, Reply)]
    assert all(isinstance(result, AlreadyApprovedError | WrongFactorError) for result in refused)
    assert (await world.payout(payout)).status is PayoutStatus.AWAITING_APPROVAL


async def test_approval_rejection_and_cancellation_at_once_agree_on_one_end(database: Database) -> None:
    world = PaymentWorld(database)
    user, approver, rejecter = await world.add_user(), await world.add_admin(), await world.add_admin()
    await world.receive(user, RECEIVED)
    payout = await world.request_payout(user, 700_000)

    await at_once(
        [
            lambda: world.approve(payout, approver),
            lambda: world.payouts.reject(
                payout_id=payout.id, reason="no", actor=rejecter.actor, once=None, render=render_admin_payout
            ),
            lambda: world.payouts.cancel(payout_id=payout.id, actor=user, once=None, render=render_payout),
        ]
    )
    await world.submitter.submit(payout_id=payout.id)

    ended = (await world.payout(payout)).status
    sums = await world.sums()
    if ended is PayoutStatus.SUBMITTED:
        assert (len(world.provider.transfers), sums["payout_in_transit"]) == (1, 700_000)
    else:
        assert ended in {PayoutStatus.REJECTED, PayoutStatus.CANCELLED}
        assert (len(world.provider.transfers), sums["user_available"]) == (0, RECEIVED)


async def test_cancellation_and_submission_at_once_either_send_or_give_back(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    payout = await world.approved_payout(user, admin, 700_000)

    await at_once(
        [lambda: world.submitter.submit(payout_id=payout.id)] * 5
        + [lambda: world.payouts.cancel(payout_id=payout.id, actor=user, once=None, render=render_payout)] * 5
    )

    sent = world.provider.calls.count("send")
    sums = await world.sums()
    if sent:
        assert (sent, sums["payout_in_transit"]) == (1, 700_000)
        assert (await world.payout(payout)).status is PayoutStatus.SUBMITTED
    else:
        assert sums["user_available"] == 705_000
        assert (await world.payout(payout)).status is PayoutStatus.CANCELLED


async def test_twenty_workers_submitting_one_payout_call_the_provider_once(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    payout = await world.approved_payout(user, admin, 700_000)
    world.provider.fail_next("send", Fault.ANSWER_LOST)

    await at_once([lambda: world.submitter.submit(payout_id=payout.id)] * 20)
    (reference,) = world.provider.transfers
    world.provider.settle(reference)
    followed = await at_once([lambda: world.tracker.follow_up(payout_id=payout.id)] * 20)

    assert world.provider.calls.count("send") == 1
    # Who lost too many races in a row follows it up later.
    assert {one for one in followed if not isinstance(one, BusyError)} == {Progress.FINAL}
    assert await world.count("ledger_journals", kind="payout_settled") == 1
    assert (await world.payout(payout)).status is PayoutStatus.SUCCEEDED
    assert await world.sums() == {
        "provider_clearing": 705_000 - 20_575 - 700_000 - 2_500,
        "provider_fees": 20_575 + 2_500,
        "fee_revenue": FEE - 349,
        "vat_payable": 349,
    }


async def test_a_transfer_not_taken_is_sent_again_by_one_of_many(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    payout = await world.approved_payout(user, admin, 700_000)
    world.provider.fail_next("send", Fault.NOT_SENT)
    await world.submitter.submit(payout_id=payout.id)

    await at_once([lambda: world.tracker.follow_up(payout_id=payout.id)] * 20)

    assert world.provider.calls.count("send") == 2
    assert len(world.provider.transfers) == 1
    assert (await world.sums())["payout_in_transit"] == 700_000


async def test_twenty_answers_of_failure_at_once_give_back_once(database: Database) -> None:
    world = PaymentWorld(database)
    user, admin = await world.add_user(), await world.add_admin()
    payout = await world.approved_payout(user, admin, 700_000)
    await world.submitter.submit(payout_id=payout.id)
    (reference,) = world.provider.transfers
    world.provider.settle(reference, "failed")

    await at_once([lambda: world.tracker.apply_provider_result(reference=reference)] * 20)

    assert await world.available(user) == 705_000
    assert await world.count("ledger_journals", kind="payout_failed") == 1
    assert (await world.sums())["user_available"] == 705_000
