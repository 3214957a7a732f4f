"""What people do about payouts beside approving them: queues, alarms, and how a stuck one ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.integration.payment.world import (
    PAYOUT_RULES,
    STAMP_DUTY,
    VAT,
    Admin,
    PaymentWorld,
)

from kro.core.actor import Actor, PermissionDeniedError
from kro.core.database.pool import Database
from kro.core.decisions import Reply
from kro.core.two_factor import WrongFactorError
from kro.payment.domain import (
    ApprovalMismatchError,
    DebtOutstandingError,
    DutyBearer,
    Finding,
    NameMatch,
    OutcomeNotPossibleError,
    OwnPayoutError,
    Payout,
    PayoutNotFoundError,
    PayoutStatus,
    Progress,
    ResolutionNotFoundError,
    ResolutionOpenError,
    ResolutionOutcome,
    SecondPersonError,
    StuckPayout,
    render_payout,
)
from kro.payment.providers.fake import Fault

AMOUNT = 700_000
FEE = 5_000
RECEIVED = 1_000_000
NOTE = "The bank's statement of 16 January shows the credit; ticket 4711."
PAID = Finding(ResolutionOutcome.PAID, "TRF_of_the_statement", NOTE)
FAILED = Finding(ResolutionOutcome.FAILED, None, NOTE)


def shown(stuck: StuckPayout) -> Reply:
    return Reply(status=200, body=orjson.dumps({"hash": stuck.resolution_hash, "status": stuck.payout.status}))


def ids_shown(payout_ids: tuple[Any, ...]) -> Reply:
    return Reply(status=200, body=orjson.dumps([str(payout_id) for payout_id in payout_ids]))


async def lost_payout(world: PaymentWorld, user: Actor, admin: Admin, amount: int = AMOUNT) -> Payout:
    """A payout whose transfer neither we nor the vendor will ever give news of."""
    payout = await world.approved_payout(user, admin, amount)
    world.provider.fail_next("send", Fault.ANSWER_LOST)
    await world.submitter.submit(payout_id=payout.id)
    assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
    return payout


async def alarmed(world: PaymentWorld) -> list[str]:
    rows = await world.database.rows("SELECT payload ->> 'kind' AS kind FROM outbox WHERE topic = 'alert' ORDER BY id")
    return [row["kind"] for row in rows]


async def propose(world: PaymentWorld, payout: Payout, admin: Admin, finding: Finding = PAID) -> None:
    await world.resolutions.propose(
        payout_id=payout.id, finding=finding, totp=world.code(admin), actor=admin.actor, once=None, render=shown
    )
    world.clock.advance(timedelta(seconds=30))


async def open_proposal(world: PaymentWorld, payout: Payout) -> StuckPayout:
    waiting = await world.resolutions.waiting(after=None, limit=100)
    return next(stuck for stuck, _ in waiting if stuck.payout.id == payout.id)


async def confirm(world: PaymentWorld, payout: Payout, admin: Admin, *, code: str | None = None) -> Reply:
    stuck = await open_proposal(world, payout)
    assert stuck.resolution is not None
    assert stuck.resolution_hash is not None
    return await world.resolutions.confirm(
        payout_id=payout.id,
        resolution_id=stuck.resolution.id,
        shown_hash=stuck.resolution_hash,
        totp=code or world.code(admin),
        actor=admin.actor,
        once=None,
        render=shown,
    )


async def stuck_payout(world: PaymentWorld) -> tuple[Actor, Admin, Admin, Payout]:
    user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
    payout = await lost_payout(world, user, first)
    world.clock.advance(timedelta(hours=25))
    await world.alarms.raise_due()
    return user, first, second, payout


class TestOwnPayouts:
    @pytest.mark.parametrize(
        "link",
        [
            "UPDATE admins SET email = (SELECT upper(email) FROM users WHERE id = $2) WHERE id = $1",
            "UPDATE users SET email = (SELECT replace(email, '@', '+p@') FROM admins WHERE id = $1) WHERE id = $2",
            "UPDATE admins SET phone = (SELECT phone FROM users WHERE id = $2) WHERE id = $1",
        ],
        ids=["same mailbox", "same mailbox with a tag", "same phone"],
    )
    async def test_are_approved_by_somebody_else(self, world: PaymentWorld, link: str) -> None:
        user, own, other = await world.add_user(), await world.add_admin(), await world.add_admin()
        await world.database.execute("UPDATE users SET phone = '+2348030000077' WHERE id = $1", user.id)
        await world.database.execute("UPDATE admins SET email = 'ada@kro.example' WHERE id = $1", own.actor.id)
        await world.database.execute(link, own.actor.id, user.id)
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, AMOUNT)

        with pytest.raises(OwnPayoutError):
            await world.approve(payout, own)

        assert await world.count("audit_log", action="payout.approve", result="refused", reason="own_payout") == 1
        assert await world.admin_reads.queue(actor=own.actor, after=None, limit=10) == []
        assert [seen.payout.id for seen in await world.admin_reads.queue(actor=other.actor, after=None, limit=10)] == [
            payout.id
        ]
        await world.approve(payout, other)
        assert (await world.payout(payout)).status is PayoutStatus.APPROVED


class TestQueue:
    async def test_is_worked_through_from_the_oldest_on(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, 10_000_000)
        payouts = []
        for _ in range(3):
            payouts.append(await world.request_payout(user, AMOUNT))
            world.clock.advance(timedelta(seconds=30))
        queue = await world.admin_reads.queue(actor=admin.actor, after=None, limit=10)
        assert [seen.payout.id for seen in queue] == [payout.id for payout in payouts]

        order = []
        for place in (1, 2, 0):
            reply = await world.payouts.approve(
                payout_id=payouts[place].id,
                totp=world.code(admin),
                approval_hash=queue[place].approval_hash,
                actor=admin.actor,
                once=None,
                render=lambda seen: Reply(status=200, body=str(seen.next_id).encode()),
            )
            order.append(reply.body.decode())
            world.clock.advance(timedelta(seconds=30))

        # After the second comes the third, after the third the first, and then nothing.
        assert order == [str(payouts[2].id), str(payouts[0].id), "None"]
        assert await world.admin_reads.queue(actor=admin.actor, after=None, limit=10) == []

    async def test_leaves_out_what_this_admin_approved_already(self, world: PaymentWorld) -> None:
        user, first, second = await world.add_user(), await world.add_admin(), await world.add_admin()
        await world.receive(user, 200_000_000)
        payout = await world.request_payout(user, 100_000_001)

        await world.approve(payout, first)

        assert await world.admin_reads.queue(actor=first.actor, after=None, limit=10) == []
        assert len(await world.admin_reads.queue(actor=second.actor, after=None, limit=10)) == 1

    async def test_a_list_is_refused_in_one_write(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, 10_000_000)
        waiting = [await world.request_payout(user, AMOUNT) for _ in range(3)]
        cancelled = await world.request_payout(user, AMOUNT)
        await world.payouts.cancel(payout_id=cancelled.id, actor=user, once=None, render=render_payout)

        reply = await world.payouts.reject_many(
            payout_ids=[payout.id for payout in (*waiting, cancelled)],
            reason="The account is under review.",
            actor=admin.actor,
            once=None,
            render=ids_shown,
        )

        assert set(orjson.loads(reply.body)) == {str(payout.id) for payout in waiting}
        assert [(await world.payout(payout)).status for payout in waiting] == [PayoutStatus.REJECTED] * 3
        assert (await world.payout(cancelled)).status is PayoutStatus.CANCELLED
        assert await world.available(user) == 10_000_000
        assert await world.count("audit_log", action="payout.reject") == 3

    async def test_a_list_with_a_stranger_in_it_refuses_nothing(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, RECEIVED)
        payout = await world.request_payout(user, AMOUNT)

        with pytest.raises(PayoutNotFoundError):
            await world.payouts.reject_many(
                payout_ids=[payout.id, world.ids.new()],
                reason="-",
                actor=admin.actor,
                once=None,
                render=ids_shown,
            )

        assert (await world.payout(payout)).status is PayoutStatus.AWAITING_APPROVAL


class TestHistory:
    async def test_has_every_status_there_was(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await world.tracker.follow_up(payout_id=payout.id)

        history = (await world.admin_reads.get(payout.id)).history

        assert [event.status for event in history] == [
            PayoutStatus.AWAITING_APPROVAL,
            PayoutStatus.APPROVED,
            PayoutStatus.SUBMITTING,
            PayoutStatus.SUBMITTED,
            PayoutStatus.SUCCEEDED,
        ]
        assert [event.at for event in history] == sorted(event.at for event in history)

    async def test_cannot_be_rewritten(self, world: PaymentWorld, owner_database: Database) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)
        await world.request_payout(user, AMOUNT)

        with pytest.raises(Exception, match="payout_history is append-only"):
            await owner_database.execute("UPDATE payout_history SET status = 'succeeded'")
        with pytest.raises(Exception, match="permission denied"):
            await world.database.execute("DELETE FROM payout_history")


class TestTrust:
    async def test_a_trusted_one_leaves_without_anybody(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)

        payout = await world.request_payout(user, AMOUNT, auto_below=AMOUNT + 1)
        await world.submitter.submit(payout_id=payout.id)

        assert await world.count("outbox", topic="payout.submit") == 1
        assert (await world.payout(payout)).status is PayoutStatus.SUBMITTED
        assert await world.count("audit_log", action="payout.auto_approve", actor_kind="system") == 1

    async def test_an_account_in_another_name_waits_for_a_person(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)

        payout = await world.request_payout(user, AMOUNT, auto_below=AMOUNT + 1, name_match=NameMatch.MISMATCH)

        assert payout.status is PayoutStatus.AWAITING_APPROVAL
        assert (await world.payout(payout)).name_match is NameMatch.MISMATCH
        assert await world.count("outbox", topic="payout.submit") == 0

    async def test_who_owes_money_is_paid_nothing(self, world: PaymentWorld, owner_database: Database) -> None:
        user = await world.add_user()
        await world.receive(user, RECEIVED)
        await owner_database.execute(
            """
            INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative, balance)
            VALUES (gen_random_uuid(), 'user_receivable', $1, '', 'NGN', 'debit', true, false, 1)""",
            user.id,
        )

        with pytest.raises(DebtOutstandingError):
            await world.request_payout(user, AMOUNT)


class TestDuty:
    @pytest.mark.parametrize("bearer", list(DutyBearer))
    async def test_is_owed_by_who_bears_it_once_the_money_has_left(
        self, database: Database, bearer: DutyBearer
    ) -> None:
        world = PaymentWorld(database, rules=replace(PAYOUT_RULES, duty_bearer=bearer), taxes=(VAT, STAMP_DUTY))
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, 2_010_000)
        payout = await world.request_payout(user, 2_000_000)
        await world.approve(payout, admin)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await world.tracker.follow_up(payout_id=payout.id)

        sums = await world.sums()
        assert sums["stamp_duty_payable"] == 5_000
        assert sums.get("user_available", 0) == (0 if bearer is DutyBearer.USER else 5_000)
        assert sums.get("losses", 0) == (0 if bearer is DutyBearer.USER else 5_000)

    @pytest.mark.parametrize("bearer", list(DutyBearer))
    async def test_is_given_back_with_a_payout_that_failed(self, database: Database, bearer: DutyBearer) -> None:
        world = PaymentWorld(database, rules=replace(PAYOUT_RULES, duty_bearer=bearer), taxes=(VAT, STAMP_DUTY))
        user, admin = await world.add_user(), await world.add_admin()
        await world.receive(user, 2_010_000)
        payout = await world.request_payout(user, 2_000_000)
        await world.approve(payout, admin)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference, "failed")
        await world.tracker.follow_up(payout_id=payout.id)

        assert await world.available(user) == 2_010_000
        sums = await world.sums()
        assert {"stamp_duty_payable", "losses", "fee_revenue"} & set(sums) == set()


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
