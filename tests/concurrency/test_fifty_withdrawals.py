"""Payouts against each other, against people and against the provider, fifty at once."""

from __future__ import annotations

from tests.concurrency.conftest import RIVALS, Arena
from tests.concurrency.rivals import (
    HALF,
    LOST,
    Call,
    approval_against_rejection,
    withdrawal,
)

from kro.payment.domain import PayoutStatus, render_payout


async def test_fifty_withdrawals_of_a_balance_for_seven(arena: Arena) -> None:
    user = await arena.world.add_user()
    account = await arena.world.add_bank_account(user)
    await arena.world.receive(user, 7 * 100_000 + 99_999)

    seen = await arena.race([withdrawal(arena, user, account, 95_000) for _ in range(RIVALS)])
    for _ in range(8):
        seen += await arena.race([withdrawal(arena, user, account, 95_000)])

    assert seen["done"] == 7
    assert set(seen) <= {"done", "insufficient_funds", *LOST}
    assert await arena.world.available(user) == 99_999


async def test_fifty_withdrawals_never_pass_the_limit_of_the_day(arena: Arena) -> None:
    world, user = arena.world, await arena.world.add_user()
    account = await world.add_bank_account(user)
    await world.receive(user, 60_000_000)

    seen = await arena.race([withdrawal(arena, user, account, 9_000_000) for _ in range(RIVALS)])
    for _ in range(6):
        seen += await arena.race([withdrawal(arena, user, account, 9_000_000)])

    # Tier 1 may take out 500,000 naira on a day of Lagos.
    assert seen["done"] == 5
    assert set(seen) <= {"done", "tier_limit_exceeded", *LOST}
    assert await world.available(user) == 60_000_000 - 5 * (9_000_000 + 5_000 + 5_000)


async def test_one_key_a_hundred_times(arena: Arena) -> None:
    user = await arena.world.add_user()
    account = await arena.world.add_bank_account(user)
    await arena.world.receive(user, 1_000_000)

    seen = await arena.race([withdrawal(arena, user, account, 95_000, key="the-one")] * (2 * RIVALS))

    assert set(seen) <= {"done", "idempotency_in_progress", "concurrent_update"}
    assert await arena.world.count("ledger_journals", kind="payout_requested") == 1
    assert await arena.world.available(user) == 900_000


async def test_fifty_admins_against_one_payout(arena: Arena) -> None:
    world, user = arena.world, await arena.world.add_user()
    await world.receive(user, 1_000_000)
    payout = await world.request_payout(user, 700_000)
    admins = [await world.add_admin() for _ in range(RIVALS)]

    seen = await arena.race([lambda admin=admin: world.approve(payout, admin) for admin in admins])  # type: ignore[misc]

    assert seen["done"] == 1
    assert set(seen) <= {"done", *LOST}
    assert await world.count("payout_approvals") == 1
    assert await world.count("outbox", topic="payout.submit") == 1


async def test_one_code_on_fifty_payouts(arena: Arena) -> None:
    world, user, admin = arena.world, await arena.world.add_user(), await arena.world.add_admin()
    await world.receive(user, 10_000_000)
    payouts = [await world.request_payout(user, 10_000) for _ in range(RIVALS)]
    code = world.code(admin)

    seen = await arena.race(
        [lambda payout=payout: world.approve(payout, admin, code=code) for payout in payouts]  # type: ignore[misc]
    )

    assert seen["done"] == 1
    assert set(seen) <= {"done", "two_factor_incorrect", "two_factor_locked", "concurrent_update"}
    assert await world.count("payout_approvals") == 1


async def test_approval_against_rejection(arena: Arena) -> None:
    assert await approval_against_rejection(arena) == 1


async def test_approval_against_cancellation_and_sending(arena: Arena) -> None:
    world, user = arena.world, await arena.world.add_user()
    await world.receive(user, 705_000)
    payout = await world.request_payout(user, 700_000)
    admins = [await world.add_admin() for _ in range(20)]
    cancel: Call = lambda: world.payouts.cancel(payout_id=payout.id, actor=user, once=None, render=render_payout)  # noqa: E731

    await arena.race(
        [lambda admin=admin: world.approve(payout, admin) for admin in admins]
        + [cancel] * 10
        + [lambda: world.submitter.submit(payout_id=payout.id)] * 20
    )

    gone = len(world.provider.transfers)
    assert await world.available(user) == (
        0 if (await world.payout(payout)).status is not PayoutStatus.CANCELLED else 705_000
    )
    assert gone == ((await world.payout(payout)).status is PayoutStatus.SUBMITTED)


async def test_fifty_workers_against_one_payout(arena: Arena) -> None:
    world, user, admin = arena.world, await arena.world.add_user(), await arena.world.add_admin()
    payout = await world.approved_payout(user, admin, 700_000)

    await arena.race([lambda: world.submitter.submit(payout_id=payout.id)] * RIVALS)

    assert world.provider.calls.count("send") == 1
    assert (await world.payout(payout)).status is PayoutStatus.SUBMITTED


async def test_arrival_against_return(arena: Arena) -> None:
    world, user, admin = arena.world, await arena.world.add_user(), await arena.world.add_admin()
    payout = await world.approved_payout(user, admin, 700_000)
    await world.submitter.submit(payout_id=payout.id)
    (reference,) = world.provider.transfers
    world.provider.settle(reference)

    async def send_back() -> None:
        world.provider.settle(reference, "reversed")

    follow: Call = lambda: world.tracker.follow_up(payout_id=payout.id)  # noqa: E731
    await arena.race([*[follow] * (HALF - 1), send_back, *[follow] * HALF])
    await follow()

    ended = (await world.payout(payout)).status
    assert ended in {PayoutStatus.RETURNED, PayoutStatus.FAILED}
    assert await world.available(user) == (700_000 if ended is PayoutStatus.RETURNED else 705_000)
