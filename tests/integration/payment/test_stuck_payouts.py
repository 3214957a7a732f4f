"""Payouts whose end nobody knows: alarms, contradictions, and how two people end one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.payment.payout_people import (
    AMOUNT,
    FAILED,
    FEE,
    NOTE,
    PAID,
    RECEIVED,
    alarmed,
    confirm,
    lost_payout,
    open_proposal,
    propose,
    shown,
    stuck_payout,
)
from tests.integration.payment.services import PAYOUT_RULES
from tests.integration.payment.world import PaymentWorld

from kro.core.actor import PermissionDeniedError
from kro.core.database.pool import Database
from kro.core.decisions import Reply
from kro.core.two_factor import WrongFactorError
from kro.payment.domain import (
    ApprovalMismatchError,
    Finding,
    OutcomeNotPossibleError,
    PayoutStatus,
    Progress,
    ResolutionNotFoundError,
    ResolutionOpenError,
    ResolutionOutcome,
    SecondPersonError,
    render_payout,
)
from kro.payment.providers.fake import Fault


class TestAlarms:
    async def test_come_once_after_an_hour_and_once_after_a_day(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await lost_payout(world, user, admin)

        raised = []
        for _ in range(52):
            world.clock.advance(timedelta(minutes=30))
            raised.append(await world.alarms.raise_due())

        assert [(place + 1) / 2 for place, count in enumerate(raised) if count] == [1.0, 24.0]
        assert await alarmed(world) == ["payout_open_for_an_hour", "payout_open_for_a_day"]

    async def test_a_worker_that_slept_for_a_day_tells_once(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await lost_payout(world, user, admin)
        world.clock.advance(timedelta(hours=30))

        assert [await world.alarms.raise_due() for _ in range(3)] == [1, 0, 0]
        assert await alarmed(world) == ["payout_open_for_a_day"]

    async def test_one_that_never_got_to_the_provider_is_told_of_too(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.approved_payout(user, admin, AMOUNT)
        world.clock.advance(timedelta(hours=2))

        assert await world.alarms.raise_due() == 1

    async def test_what_waits_for_approval_or_has_ended_alarms_nobody(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, 10_000_000)
        await world.request_payout(user, AMOUNT)
        ended = await world.approved_payout(user, admin, AMOUNT)
        await world.payouts.cancel(payout_id=ended.id, actor=user, once=None, render=render_payout)
        world.clock.advance(timedelta(days=3))

        assert await world.alarms.raise_due() == 0

    async def test_age_alone_ends_nothing(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await lost_payout(world, user, admin)
        world.clock.advance(timedelta(days=90))
        await world.alarms.raise_due()

        assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
        assert (await world.sums())["payout_in_transit"] == AMOUNT


class TestContradictions:
    async def test_another_amount_at_the_provider_moves_nothing_and_calls_people(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await lost_payout(world, user, admin)
        (transfer,) = world.provider.transfers.values()
        transfer.amount_minor += 1
        transfer.status = "success"

        progress = [await world.tracker.follow_up(payout_id=payout.id) for _ in range(2)]

        assert progress == [Progress.PARKED, Progress.PARKED]
        assert (await world.sums())["payout_in_transit"] == AMOUNT
        assert await alarmed(world) == ["payout_amount_differs"]
        assert await world.count("audit_log", action="payout.contradiction") == 1
        assert (await open_proposal(world, payout)).payout.next_poll_at is None

    async def test_paid_after_the_money_was_given_back_waits_for_people(self, world: PaymentWorld) -> None:
        user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
        payout = await world.approved_payout(user, first, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (transfer,) = world.provider.transfers.values()
        world.provider.settle(transfer.reference, "failed")
        await world.tracker.follow_up(payout_id=payout.id)
        transfer.status = "success"
        assert await world.tracker.follow_up(payout_id=payout.id) is Progress.PARKED

        noted = Finding(ResolutionOutcome.NOTED, None, "Claimed back from the owner; adjustment proposed.")
        await propose(world, payout, first, noted)
        await confirm(world, payout, second)

        assert (await world.payout(payout)).status is PayoutStatus.FAILED
        assert await world.resolutions.waiting(after=None, limit=10) == []
        assert await world.available(user) == AMOUNT + FEE

    async def test_failed_after_success_can_be_ended_as_returned(self, world: PaymentWorld) -> None:
        user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
        payout = await world.approved_payout(user, first, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (transfer,) = world.provider.transfers.values()
        transfer.status = "success"
        await world.tracker.follow_up(payout_id=payout.id)
        transfer.status = "failed"
        assert await world.tracker.follow_up(payout_id=payout.id) is Progress.PARKED

        await propose(world, payout, first, Finding(ResolutionOutcome.RETURNED, "RTN_1", NOTE))
        await confirm(world, payout, second)

        assert (await world.payout(payout)).status is PayoutStatus.RETURNED
        assert await world.available(user) == AMOUNT
        await world.sums()


class TestResolution:
    async def test_two_people_settle_what_arrived(self, world: PaymentWorld) -> None:
        _, first, second, payout = await stuck_payout(world)

        await propose(world, payout, first)
        assert (await world.sums())["payout_in_transit"] == AMOUNT
        await confirm(world, payout, second)

        ended = await world.payout(payout)
        assert (ended.status, ended.provider_reference) == (PayoutStatus.SUCCEEDED, "TRF_of_the_statement")
        assert "payout_in_transit" not in await world.sums()
        assert await world.resolutions.waiting(after=None, limit=10) == []
        for action in ("proposed", "confirmed"):
            assert await world.count("audit_log", action=f"payout.resolution_{action}", result="done") == 1

    async def test_two_people_give_back_what_did_not(self, world: PaymentWorld) -> None:
        user, first, second, payout = await stuck_payout(world)

        await propose(world, payout, first, FAILED)
        await confirm(world, payout, second)

        assert (await world.payout(payout)).status is PayoutStatus.FAILED
        assert await world.available(user) == AMOUNT + FEE
        await world.sums()

    async def test_the_provider_who_then_says_otherwise_moves_nothing(self, world: PaymentWorld) -> None:
        user, first, second, payout = await stuck_payout(world)
        await propose(world, payout, first, FAILED)
        await confirm(world, payout, second)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)

        assert await world.tracker.follow_up(payout_id=payout.id) is Progress.PARKED

        assert await world.available(user) == AMOUNT + FEE
        assert (await alarmed(world))[-1] == "payout_paid_after_giving_back"

    async def test_one_person_alone_ends_nothing(self, world: PaymentWorld) -> None:
        _, first, _, payout = await stuck_payout(world)
        await propose(world, payout, first)

        with pytest.raises(SecondPersonError):
            await confirm(world, payout, first)

        assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
        assert await world.count("audit_log", result="refused", reason="second_person_needed") == 1

    async def test_the_database_too_wants_two_people(self, world: PaymentWorld, owner_database: Database) -> None:
        _, first, _, payout = await stuck_payout(world)
        await propose(world, payout, first)

        with pytest.raises(Exception, match="ck_payout_resolutions_two_people"):
            await owner_database.execute(
                "UPDATE payout_resolutions SET status = 'confirmed', decided_by = proposed_by, decided_at = now()"
            )

    async def test_each_step_needs_a_code_of_its_own(self, world: PaymentWorld) -> None:
        _, first, second, payout = await stuck_payout(world)
        with pytest.raises(WrongFactorError):
            await world.resolutions.propose(
                payout_id=payout.id, finding=PAID, totp="000000", actor=first.actor, once=None, render=shown
            )
        await propose(world, payout, first)
        code = world.code(second)
        other_user = await world.add_user()
        await world.receive(other_user, RECEIVED)
        await world.approve(await world.request_payout(other_user, AMOUNT), second, code=code)

        with pytest.raises(WrongFactorError):
            await confirm(world, payout, second, code=code)

        assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN

    async def test_confirming_covers_what_was_shown(self, world: PaymentWorld, owner_database: Database) -> None:
        _, first, second, payout = await stuck_payout(world)
        await propose(world, payout, first)
        stuck = await open_proposal(world, payout)
        assert stuck.resolution is not None
        assert stuck.resolution_hash is not None
        await owner_database.execute("UPDATE payout_resolutions SET provider_reference = 'TRF_other'")

        with pytest.raises(ApprovalMismatchError):
            await world.resolutions.confirm(
                payout_id=payout.id,
                resolution_id=stuck.resolution.id,
                shown_hash=stuck.resolution_hash,
                totp=world.code(second),
                actor=second.actor,
                once=None,
                render=shown,
            )

    @pytest.mark.parametrize(
        ("hours", "finding"),
        [
            (23, PAID),
            (23, FAILED),
            (25, Finding(ResolutionOutcome.RETURNED, "RTN_1", NOTE)),
            (25, Finding(ResolutionOutcome.NOTED, None, NOTE)),
        ],
        ids=["too early to be paid", "too early to have failed", "never succeeded", "still open"],
    )
    async def test_what_cannot_be_is_refused(self, world: PaymentWorld, hours: int, finding: Finding) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await lost_payout(world, user, admin)
        world.clock.advance(timedelta(hours=hours))
        await world.alarms.raise_due()

        with pytest.raises(OutcomeNotPossibleError):
            await propose(world, payout, admin, finding)

    async def test_evidence_of_another_payout_is_none(self, world: PaymentWorld) -> None:
        user, admin, _, payout = await stuck_payout(world)
        other = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=other.id)
        world.provider.settle(list(world.provider.transfers)[-1])
        await world.tracker.follow_up(payout_id=other.id)
        used = (await world.payout(other)).provider_reference
        assert used is not None

        with pytest.raises(OutcomeNotPossibleError):
            await propose(world, payout, admin, Finding(ResolutionOutcome.PAID, used, NOTE))

    async def test_there_is_one_proposal_at_a_time_and_it_can_be_dropped(self, world: PaymentWorld) -> None:
        _, first, second, payout = await stuck_payout(world)
        await propose(world, payout, first)
        with pytest.raises(ResolutionOpenError):
            await propose(world, payout, second, FAILED)
        stuck = await open_proposal(world, payout)
        assert stuck.resolution is not None

        async def dismiss() -> Reply:
            assert stuck.resolution is not None
            return await world.resolutions.dismiss(
                payout_id=payout.id,
                resolution_id=stuck.resolution.id,
                reason="The statement was another one's.",
                actor=second.actor,
                once=None,
                render=shown,
            )

        await dismiss()
        with pytest.raises(ResolutionNotFoundError):
            await dismiss()
        world.clock.advance(timedelta(seconds=30))
        await propose(world, payout, second, FAILED)

        assert (await open_proposal(world, payout)).resolution is not None

    async def test_needs_the_permission(self, world: PaymentWorld) -> None:
        *_, payout = await stuck_payout(world)
        compliance = await world.add_admin(role="compliance")

        with pytest.raises(PermissionDeniedError):
            await propose(world, payout, compliance)

    async def test_a_provider_that_answers_first_wins(self, world: PaymentWorld) -> None:
        _, first, second, payout = await stuck_payout(world)
        await propose(world, payout, first, FAILED)
        stuck = await open_proposal(world, payout)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await world.tracker.follow_up(payout_id=payout.id)
        assert stuck.resolution is not None
        assert stuck.resolution_hash is not None

        with pytest.raises(OutcomeNotPossibleError):
            await world.resolutions.confirm(
                payout_id=payout.id,
                resolution_id=stuck.resolution.id,
                shown_hash=stuck.resolution_hash,
                totp=world.code(second),
                actor=second.actor,
                once=None,
                render=shown,
            )

        assert (await world.payout(payout)).status is PayoutStatus.SUCCEEDED


class TestNotFound:
    async def test_is_never_sent_again_where_references_are_not_known_to_be_unique(self, database: Database) -> None:
        world = PaymentWorld(database, rules=replace(PAYOUT_RULES, references_are_unique=False))
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        world.provider.fail_next("send", Fault.REQUEST_LOST)
        await world.submitter.submit(payout_id=payout.id)
        world.clock.advance(timedelta(hours=25))

        for _ in range(2):
            await world.tracker.follow_up(payout_id=payout.id)
            world.clock.advance(timedelta(hours=1))
        await world.alarms.raise_due()

        assert world.provider.calls.count("send") == 1
        assert (await open_proposal(world, payout)).payout.status is PayoutStatus.UNKNOWN
