from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.outbox import Envelope, RetryLater
from kro.payment.database.records import AttemptStatus
from kro.payment.domain import PayoutStatus, Progress
from kro.payment.providers import TransferSendResult
from kro.payment.providers.fake import Fault

AMOUNT = 14_798_438
RECEIVED = AMOUNT + 5_000
IN_FEE, OUT_FEE = 200_000, 5_000
"""What the vendor keeps of the receipt and of the transfer."""
EARNED = {"fee_revenue": 5_000 - 349, "vat_payable": 349}
PAID_OUT = {
    # The vendor still owes us our fee, less what it kept both times.
    "provider_clearing": 5_000 - IN_FEE - OUT_FEE,
    "provider_fees": IN_FEE + OUT_FEE,
    **EARNED,
}
GIVEN_BACK = {"provider_clearing": RECEIVED - IN_FEE, "provider_fees": IN_FEE, "user_available": RECEIVED}
ON_ITS_WAY = {
    "provider_clearing": RECEIVED - IN_FEE,
    "provider_fees": IN_FEE,
    "payout_in_transit": AMOUNT,
    **EARNED,
}


class ProcessDiedError(BaseException):
    """What no handler may catch, as nothing catches the end of a process."""


class DyingSender:
    """The process ends while the call is under way."""

    async def send(self, **_: object) -> TransferSendResult:
        raise ProcessDiedError


async def pass_to(world: PaymentWorld, *, hours: float) -> None:
    """Let time pass, asking whenever it is due."""
    end = world.clock.now() + timedelta(hours=hours)
    while True:
        due = await world.database.value("SELECT min(next_poll_at) FROM transactions")
        if due is None or due > end:
            world.clock.advance(end - world.clock.now())
            return
        world.clock.advance(max(due - world.clock.now(), timedelta()))
        await world.poller.poll_due()


class TestSuccess:
    async def test_is_settled_by_webhook_and_poll_alike(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        assert (await world.payout(payout)).status is PayoutStatus.SUBMITTED
        assert await world.sums() == ON_ITS_WAY
        (transfer,) = world.provider.transfers.values()
        assert (transfer.amount_minor, transfer.account.account_number) == (AMOUNT, "0001234567")

        world.provider.settle(transfer.reference)
        await world.webhook("transfer.success", transfer.reference)
        await world.processor.process_due()

        paid = await world.payout(payout)
        assert (paid.status, paid.provider_reference) == (PayoutStatus.SUCCEEDED, "TRF_2")
        assert paid.attempt is not None
        assert paid.attempt.status is AttemptStatus.SUCCEEDED
        assert await world.sums() == PAID_OUT
        assert await world.count("outbox", topic="notify") == 2

    async def test_an_outbox_message_delivered_twice_sends_once(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        message = Envelope(
            id=world.ids.new(),
            topic="payout.submit",
            payload={"payout_id": str(payout.id)},
            attempts=1,
            created_at=world.clock.now(),
        )

        await world.submitter.handle(message)
        await world.submitter.handle(message)

        assert world.provider.calls.count("send") == 1

    async def test_a_success_found_by_asking_is_settled(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        world.provider.fail_next("send", Fault.ANSWER_LOST)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)

        assert await world.tracker.follow_up(payout_id=payout.id) is Progress.FINAL

        assert await world.sums() == PAID_OUT


class TestUnknown:
    async def test_a_timeout_after_acting_is_one_transfer_resolved_by_polling(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        world.provider.fail_next("send", Fault.ANSWER_LOST)

        await world.submitter.submit(payout_id=payout.id)
        assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
        assert await world.sums() == ON_ITS_WAY
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await pass_to(world, hours=1)

        assert world.provider.calls.count("send") == 1
        assert (await world.payout(payout)).status is PayoutStatus.SUCCEEDED
        assert await world.sums() == PAID_OUT

    async def test_a_lost_request_is_sent_again_under_the_same_reference_after_a_day(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        world.provider.fail_next("send", Fault.REQUEST_LOST)
        await world.submitter.submit(payout_id=payout.id)
        attempt = (await world.payout(payout)).attempt
        assert attempt is not None

        await pass_to(world, hours=23)
        assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
        assert world.provider.calls.count("send") == 1
        await pass_to(world, hours=24)

        assert world.provider.calls.count("send") == 2
        assert list(world.provider.transfers) == [attempt.reference]
        assert (await world.payout(payout)).status is PayoutStatus.SUBMITTED
        assert await world.sums() == ON_ITS_WAY

    async def test_a_worker_that_dies_after_taking_the_attempt_never_leads_to_a_second_call(
        self, world: PaymentWorld
    ) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)

        dying = PaymentWorld(world.database, clock=world.clock, sender=DyingSender())
        with pytest.raises(ProcessDiedError):
            await dying.submitter.submit(payout_id=payout.id)
        assert (await world.payout(payout)).status is PayoutStatus.SUBMITTING

        await world.submitter.submit(payout_id=payout.id)
        assert await world.tracker.follow_up(payout_id=payout.id) is Progress.WAITING
        assert world.provider.calls == ["start", "verify"]
        await pass_to(world, hours=1)

        assert world.provider.calls.count("send") == 0
        assert (await world.payout(payout)).status is PayoutStatus.UNKNOWN
        assert await world.sums() == ON_ITS_WAY

    async def test_age_alone_never_fails_a_payout(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)

        await pass_to(world, hours=24 * 30)

        stuck = await world.payout(payout)
        assert stuck.status is PayoutStatus.SUBMITTED
        assert stuck.next_poll_at is not None
        assert world.provider.calls.count("status") == 7 + 29
        assert await world.sums() == ON_ITS_WAY


class TestNotSent:
    async def test_is_sent_again_under_the_same_reference(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        world.provider.fail_next("send", Fault.NOT_SENT)
        await world.submitter.submit(payout_id=payout.id)
        first = (await world.payout(payout)).attempt
        assert first is not None
        assert first.lease_until is None

        await pass_to(world, hours=0.1)

        sent = await world.payout(payout)
        assert world.provider.calls.count("send") == 2
        assert list(world.provider.transfers) == [first.reference]
        assert sent.status is PayoutStatus.SUBMITTED

    async def test_waits_while_its_owner_is_suspended(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.database.execute("UPDATE users SET status = 'suspended' WHERE id = $1", user.id)
        message = Envelope(
            id=world.ids.new(),
            topic="payout.submit",
            payload={"payout_id": str(payout.id)},
            attempts=1,
            created_at=world.clock.now(),
        )

        with pytest.raises(RetryLater):
            await world.submitter.handle(message)
        assert world.provider.calls.count("send") == 0
        await world.database.execute("UPDATE users SET status = 'active' WHERE id = $1", user.id)
        await world.submitter.handle(message)

        assert world.provider.calls.count("send") == 1


class TestFailure:
    @pytest.mark.parametrize("word", ["failed", "reversed", "abandoned"])
    async def test_gives_amount_and_fee_back_once(self, world: PaymentWorld, word: str) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers

        world.provider.settle(reference, word)
        for _ in range(3):
            await world.tracker.apply_provider_result(reference=reference)

        failed = await world.payout(payout)
        assert (failed.status, failed.failure_code) == (PayoutStatus.FAILED, word)
        assert await world.sums() == GIVEN_BACK

    async def test_a_refusal_at_once_gives_everything_back(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        world.provider.balance["NGN"] = 0

        await world.submitter.submit(payout_id=payout.id)

        assert (await world.payout(payout)).failure_code == "insufficient_balance"
        assert await world.sums() == GIVEN_BACK

    async def test_a_success_after_giving_back_is_left_to_a_person(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference, "failed")
        await world.tracker.apply_provider_result(reference=reference)

        world.provider.settle(reference, "success")
        progress = await world.tracker.apply_provider_result(reference=reference)

        assert progress is Progress.PARKED
        assert (await world.payout(payout)).status is PayoutStatus.FAILED
        assert await world.count("audit_log", action="payout.contradiction", target_id=payout.id) == 1
        assert await world.sums() == GIVEN_BACK


class TestReturn:
    async def test_money_the_bank_sends_back_later_is_credited_once(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await world.tracker.apply_provider_result(reference=reference)

        world.clock.advance(timedelta(days=40))
        world.provider.settle(reference, "reversed")
        await world.webhook("transfer.reversed", reference)
        await world.processor.process_due()
        await world.tracker.apply_provider_result(reference=reference)

        assert (await world.payout(payout)).status is PayoutStatus.RETURNED
        assert await world.available(user) == AMOUNT
        assert await world.sums() == {
            "provider_clearing": RECEIVED - IN_FEE - OUT_FEE,
            "provider_fees": IN_FEE + OUT_FEE,
            "user_available": AMOUNT,
            **EARNED,
        }

    async def test_is_noticed_within_a_week_without_any_webhook(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await world.tracker.apply_provider_result(reference=reference)
        await pass_to(world, hours=24 * 5)

        world.provider.settle(reference, "reversed")
        await pass_to(world, hours=24 * 2)

        assert (await world.payout(payout)).status is PayoutStatus.RETURNED
        assert await world.available(user) == AMOUNT

    async def test_a_success_is_not_watched_for_ever(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await world.tracker.apply_provider_result(reference=reference)

        await pass_to(world, hours=24 * 9)

        assert (await world.payout(payout)).next_poll_at is None
        assert world.provider.calls.count("status") == 1 + 7

    async def test_news_after_the_watch_is_kept_until_the_provider_answers(self, world: PaymentWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payout = await world.approved_payout(user, admin, AMOUNT)
        await world.submitter.submit(payout_id=payout.id)
        (reference,) = world.provider.transfers
        world.provider.settle(reference)
        await pass_to(world, hours=10 * 24)
        world.provider.settle(reference, "reversed")
        world.provider.fail_next("status", Fault.REQUEST_LOST)

        await world.webhook("transfer.reversed", reference)
        await world.processor.process_due()
        assert (await world.payout(payout)).status is PayoutStatus.SUCCEEDED
        world.clock.advance(timedelta(minutes=1))
        await world.processor.process_due()

        assert (await world.payout(payout)).status is PayoutStatus.RETURNED
        assert await world.available(user) == AMOUNT
