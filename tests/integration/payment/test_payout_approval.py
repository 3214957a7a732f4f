from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.world import PaymentWorld, once_of, render_admin_payout

from kro.core.actor import PermissionDeniedError
from kro.core.decisions import InsufficientFundsError
from kro.core.kyc import TierLimitExceededError
from kro.core.two_factor import FactorLockedError, WrongFactorError
from kro.payment.domain import (
    AlreadyApprovedError,
    ApprovalMismatchError,
    PayoutNotFoundError,
    PayoutStateError,
    PayoutStatus,
    render_payout,
)

RECEIVED = 1_000_000
FEE = 5_000


class TestRequest:
    async def test_sets_amount_and_fee_aside(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)

        payout = await world.request_payout(user, 700_000)

        assert payout.status is PayoutStatus.AWAITING_APPROVAL
        assert (payout.fee, payout.vat, payout.total_debit.amount) == (FEE, 349, 705_000)
        assert await world.available(user) == RECEIVED - 705_000
        assert await world.sums() == {
            "provider_clearing": RECEIVED - 25_000,
            "provider_fees": 25_000,
            "user_available": RECEIVED - 705_000,
            "payout_in_transit": 700_000,
            "fee_revenue": FEE - 349,
            "vat_payable": 349,
        }
        assert await world.count("outbox", topic="notify") == 1

    async def test_the_fee_has_to_be_covered_too(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)

        with pytest.raises(InsufficientFundsError):
            await world.request_payout(user, RECEIVED - FEE + 1)
        await world.request_payout(user, RECEIVED - FEE)

        assert await world.available(user) == 0

    async def test_the_day_has_a_limit_that_undone_payouts_do_not_use(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)
        first = await world.request_payout(user, 300_000, day_limit=500_000)

        with pytest.raises(TierLimitExceededError):
            await world.request_payout(user, 200_001, day_limit=500_000)
        await world.payouts.cancel(payout_id=first.id, actor=user, once=None, render=render_payout)
        await world.request_payout(user, 500_000, day_limit=500_000)

    async def test_the_next_business_day_starts_at_midnight_in_lagos(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)
        world.clock.advance(timedelta(hours=13, minutes=59, seconds=59))
        await world.request_payout(user, 300_000, day_limit=300_000)

        world.clock.advance(timedelta(seconds=1))
        await world.request_payout(user, 300_000, day_limit=300_000)


class TestApproval:
    async def test_hands_the_payout_to_the_worker(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, 700_000)

        reply = await world.approve(payout, admin)

        assert reply.body == b'{"status":"approved"}'
        assert await world.count("outbox", topic="payout.submit") == 1
        assert await world.count("audit_log", action="payout.approve", result="done", actor_id=admin.actor.id) == 1
        assert (await world.payout(payout)).approvals[0].admin_id == admin.actor.id

    async def test_needs_a_second_admin_above_the_limit(self, world: PaymentWorld) -> None:
        user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
        await world.receive(user, 200_000_000)
        payout = await world.request_payout(user, 100_000_001)
        assert payout.approvals_required == 2

        await world.approve(payout, first)
        assert (await world.payout(payout)).status is PayoutStatus.AWAITING_APPROVAL
        assert await world.count("outbox", topic="payout.submit") == 0
        world.clock.advance(timedelta(seconds=30))
        with pytest.raises(AlreadyApprovedError):
            await world.approve(payout, first)
        await world.approve(payout, second)

        assert (await world.payout(payout)).status is PayoutStatus.APPROVED
        assert await world.count("outbox", topic="payout.submit") == 1

    async def test_a_repeat_under_the_same_key_is_answered_alike(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, 700_000)

        first = await world.approve(payout, admin, key="k")
        again = await world.approve(payout, admin, key="k")

        assert (again.body, again.replayed) == (first.body, True)
        assert await world.count("payout_approvals") == 1
        assert await world.database.value("SELECT failures FROM two_factor_admin") == 0

    async def test_a_wrong_code_is_counted_and_locks_after_five(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, 700_000)
        wrong = f"{(int(world.code(admin)) + 1) % 1_000_000:06d}"

        for _ in range(5):
            with pytest.raises(WrongFactorError):
                await world.approve(payout, admin, code=wrong)
        with pytest.raises(FactorLockedError):
            await world.approve(payout, admin)

        assert (await world.payout(payout)).status is PayoutStatus.AWAITING_APPROVAL
        assert await world.count("audit_log", action="payout.approve", result="refused") == 6

    async def test_one_code_lets_one_payout_go(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        first, second = await world.request_payout(user, 300_000), await world.request_payout(user, 300_000)
        await world.approve(first, admin)

        with pytest.raises(WrongFactorError):
            await world.approve(second, admin)
        world.clock.advance(timedelta(seconds=30))
        await world.approve(second, admin)

        assert await world.count("payout_approvals") == 2

    async def test_covers_only_what_was_shown(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        shown = await world.admin_reads.get((await world.request_payout(user, 1_000)).id)
        payout = await world.request_payout(user, 700_000)

        with pytest.raises(ApprovalMismatchError):
            await world.payouts.approve(
                payout_id=payout.id,
                totp=world.code(admin),
                approval_hash=shown.approval_hash,
                actor=admin.actor,
                once=None,
                render=render_admin_payout,
            )

        assert await world.database.value("SELECT failures FROM two_factor_admin") == 0

    async def test_needs_the_permission(self, world: PaymentWorld) -> None:
        user, support = await world.add_user(), await world.add_admin(role="support")
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, 700_000)

        with pytest.raises(PermissionDeniedError):
            await world.approve(payout, support)
        with pytest.raises(PermissionDeniedError):
            await world.payouts.reject(
                payout_id=payout.id, reason="no", actor=support.actor, once=None, render=render_admin_payout
            )

    async def test_what_is_not_there_cannot_be_approved(self, world: PaymentWorld) -> None:
        admin = await world.add_admin()

        with pytest.raises(PayoutNotFoundError):
            await world.payouts.approve(
                payout_id=world.ids.new(),
                totp="000000",
                approval_hash="",
                actor=admin.actor,
                once=None,
                render=render_admin_payout,
            )


class TestRejection:
    async def test_gives_amount_and_fee_back(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, 700_000)

        await world.payouts.reject(
            payout_id=payout.id, reason="Not yours", actor=admin.actor, once=None, render=render_admin_payout
        )

        rejected = await world.payout(payout)
        assert (rejected.status, rejected.settled_at) == (PayoutStatus.REJECTED, world.clock.now())
        assert await world.available(user) == RECEIVED
        assert await world.sums() == {
            "provider_clearing": RECEIVED - 25_000,
            "provider_fees": 25_000,
            "user_available": RECEIVED,
        }
        with pytest.raises(PayoutStateError):
            await world.approve(payout, admin)


class TestCancellation:
    async def test_gives_everything_back_even_after_approval(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, 700_000)

        await world.payouts.cancel(payout_id=payout.id, actor=user, once=None, render=render_payout)
        await world.submitter.submit(payout_id=payout.id)

        assert await world.available(user) == 705_000
        assert world.provider.transfers == {}
        assert (await world.payout(payout)).status is PayoutStatus.CANCELLED

    async def test_comes_too_late_once_it_is_sent(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, 700_000)
        await world.submitter.submit(payout_id=payout.id)

        with pytest.raises(PayoutStateError):
            await world.payouts.cancel(payout_id=payout.id, actor=user, once=once_of(user, "k"), render=render_payout)

        assert await world.available(user) == 0

    async def test_is_for_the_owner_alone(self, world: PaymentWorld) -> None:
        user, stranger = await world.add_user(), await world.add_user()
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, 700_000)

        with pytest.raises(PayoutNotFoundError):
            await world.payouts.cancel(payout_id=payout.id, actor=stranger, once=None, render=render_payout)
