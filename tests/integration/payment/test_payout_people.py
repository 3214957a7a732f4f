"""What people do about payouts beside approving them: whose they are, queues, history, trust, duty."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from tests.integration.payment.payout_people import (
    AMOUNT,
    RECEIVED,
    ids_shown,
)
from tests.integration.payment.services import PAYOUT_RULES, VAT
from tests.integration.payment.world import STAMP_DUTY, PaymentWorld

from kro.core.database.pool import Database
from kro.core.decisions import Reply
from kro.payment.domain import (
    DebtOutstandingError,
    DutyBearer,
    NameMatch,
    OwnPayoutError,
    PayoutNotFoundError,
    PayoutStatus,
    render_payout,
)


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
