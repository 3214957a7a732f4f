"""Money of a balance goes back to where it came from: once, or it is in the balance again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.world import once_of
from tests.integration.refund.world import RefundWorld, render

from kro.core.database.pool import Database
from kro.core.decisions import InsufficientFundsError
from kro.core.money import CurrencyMismatchError, Money
from kro.payment.domain import PaymentNotFoundError
from kro.payment.providers.fake import Fault
from kro.refund.database.records import AttemptStatus, RefundStatus
from kro.refund.domain.errors import (
    DebtOutstandingError,
    NotRefundableError,
    RefundBlockedError,
    RefundNotFoundError,
    RefundStateError,
)

PAID = 1_000_000


async def journals(world: RefundWorld) -> list[str]:
    rows = await world.database.rows("SELECT kind FROM ledger_journals WHERE source_type = 'refund' ORDER BY kind")
    return [row["kind"] for row in rows]


class TestAsking:
    async def test_takes_the_money_out_of_the_balance_at_once(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)

        refund = await world.request(user, payment, 400_000)

        assert (refund.status, refund.amount.amount) == (RefundStatus.APPROVED, 400_000)
        assert await world.available(user) == 600_000
        assert (await world.sound())["refund_in_transit"] == 400_000

    async def test_takes_all_that_may_go_when_no_amount_is_named(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        await world.request(user, payment, 300_000)

        assert (await world.request(user, payment)).amount.amount == 700_000
        assert await world.available(user) == 0

    async def test_never_goes_above_what_the_payment_brought(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        await world.receive(user, PAID)
        await world.request(user, payment, 600_000)

        with pytest.raises(NotRefundableError):
            await world.request(user, payment, 400_001)
        await world.request(user, payment, 400_000)
        with pytest.raises(NotRefundableError):
            await world.request(user, payment)
        await world.sound()

    async def test_is_refused_what_the_balance_does_not_cover(self, world: RefundWorld) -> None:
        user, admin = await world.add_user(), await world.add_admin()
        payment = await world.receive(user, PAID)
        await world.approve(await world.request_payout(user, 900_000), admin)

        with pytest.raises(InsufficientFundsError):
            await world.request(user, payment, PAID)

    async def test_is_refused_another_currency(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)

        with pytest.raises(CurrencyMismatchError):
            await world.requests.request_to_source(
                payment_id=payment.id, amount=Money(1, "GHS"), actor=user, once=once_of(user, "k"), render=render
            )

    async def test_is_refused_for_a_payment_that_is_not_theirs_or_never_came(self, world: RefundWorld) -> None:
        user, other = await world.add_user(), await world.add_user()
        theirs, open_one = await world.receive(other, PAID), await world.open_page(user, PAID)

        for payment in (theirs, open_one):
            with pytest.raises(PaymentNotFoundError):
                await world.request(user, payment, 1)

    async def test_is_refused_while_the_user_owes_money(self, world: RefundWorld, owner_database: Database) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        await owner_database.execute(
            """
            INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative, balance)
            VALUES (gen_random_uuid(), 'user_receivable', $1, '', 'NGN', 'debit', true, false, 5)
            """,
            user.id,
        )

        with pytest.raises(DebtOutstandingError):
            await world.request(user, payment, 1)

    async def test_repeated_under_one_key_asks_once(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)

        await world.request(user, payment, 1_000, key="same")
        with pytest.raises(IndexError):  # The stored answer is given and nothing is rendered anew.
            await world.request(user, payment, 1_000, key="same")

        assert await world.count("refunds") == 1


class TestTakingBack:
    async def test_before_it_is_sent_restores_the_balance(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.request(user, await world.receive(user, PAID), 400_000)

        await world.cancel(user, refund)

        assert (await world.refund(refund)).status is RefundStatus.CANCELLED
        assert await world.available(user) == PAID
        await world.refund_submitter.submit(refund_id=refund.id)
        assert world.provider.refunds == []
        await world.sound()

    async def test_is_too_late_once_the_provider_was_asked(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)

        with pytest.raises(RefundStateError):
            await world.cancel(user, refund)

    async def test_is_not_for_others(self, world: RefundWorld) -> None:
        user, other = await world.add_user(), await world.add_user()
        refund = await world.request(user, await world.receive(user, PAID), 400_000)

        with pytest.raises(RefundNotFoundError):
            await world.cancel(other, refund)


class TestSending:
    async def test_gives_our_id_as_the_reference_and_is_confirmed_by_a_webhook(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.sent(user, payment, 400_000)
        assert refund.status is RefundStatus.SENDING
        [at_provider] = world.provider.refunds_of(str(refund.id))
        before = (await world.sound())["provider_clearing"]

        world.provider.end_refund(str(refund.id))
        await world.webhook("refund.processed", payment.reference)
        await world.processor.process_due()

        ended = await world.refund(refund)
        assert ended.status is RefundStatus.PROCESSED
        assert ended.attempt is not None
        assert ended.attempt.provider_reference == str(at_provider.number)
        totals = await world.sound()
        assert "refund_in_transit" not in totals
        assert totals["provider_clearing"] == before - 400_000
        assert totals["user_available"] == 600_000
        assert await journals(world) == ["refund_confirmed", "refund_to_source_requested"]

    async def test_twice_sends_once(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)

        await world.refund_submitter.submit(refund_id=refund.id)
        await world.later(hours=1)

        assert len(world.provider.refunds) == 1

    async def test_waits_for_an_owner_who_is_not_active(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.request(user, await world.receive(user, PAID), 400_000)
        await world.database.execute("UPDATE users SET status = 'suspended' WHERE id = $1", user.id)

        with pytest.raises(RefundBlockedError):
            await world.refund_submitter.submit(refund_id=refund.id)
        await world.later(seconds=1)
        assert world.provider.refunds == []

    async def test_goes_on_by_the_poll_when_its_message_was_lost(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.request(user, await world.receive(user, PAID), 400_000)

        await world.later(seconds=1)
        world.provider.end_refund(str(refund.id))
        await world.later(minutes=2)

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED


class TestAnUnknownOutcome:
    async def test_that_acted_is_found_and_never_sent_again(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        world.provider.fail_next("refund", Fault.ANSWER_LOST)
        refund = await world.sent(user, payment, 400_000)
        assert refund.attempt is not None
        assert refund.attempt.status is AttemptStatus.UNKNOWN

        for _ in range(5):
            await world.later(hours=3)
        world.provider.end_refund(str(refund.id))
        await world.later(days=1)

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED
        assert len(world.provider.refunds) == 1
        await world.sound()

    async def test_that_did_not_act_waits_for_people_and_alarms_them(self, world: RefundWorld) -> None:
        user = await world.add_user()
        world.provider.fail_next("refund", Fault.REQUEST_LOST)
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)

        for _ in range(60):
            await world.later(hours=1)

        assert (await world.refund(refund)).status is RefundStatus.SENDING
        assert world.provider.refunds == []
        alarms = await world.database.rows("SELECT payload ->> 'kind' AS kind FROM outbox WHERE topic = 'alert'")
        assert sorted(row["kind"] for row in alarms) == ["refund_unclear_for_a_day", "refund_unclear_for_an_hour"]
        assert (await world.sound())["refund_in_transit"] == 400_000

    async def test_that_never_left_is_sent_again_under_the_same_reference(self, world: RefundWorld) -> None:
        user = await world.add_user()
        world.provider.fail_next("refund", Fault.NOT_SENT)
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)
        assert world.provider.refunds == []

        await world.later(minutes=2)

        assert len(world.provider.refunds_of(str(refund.id))) == 1
        assert await world.count("refund_attempts") == 1

    async def test_of_a_worker_that_died_is_asked_about_after_its_lease(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.request(user, payment, 400_000)

        class KilledError(RuntimeError):
            pass

        class Dies:
            async def send(self, instruction: object) -> object:
                await world.provider.provider.refund_sender.send(instruction)  # type: ignore[arg-type] # passed on
                raise KilledError

        dying = RefundWorld(world.database, provider=world.provider, clock=world.clock, refund_sender=Dies())  # type: ignore[arg-type] # dies before it answers
        with pytest.raises(KilledError):
            await dying.refund_submitter.submit(refund_id=refund.id)
        await world.refund_submitter.submit(refund_id=refund.id)
        world.provider.end_refund(str(refund.id))
        await world.later(minutes=1)
        assert (await world.refund(refund)).status is RefundStatus.SENDING

        await world.later(minutes=5)

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED
        assert len(world.provider.refunds) == 1
        await world.sound()


class TestFailing:
    async def test_is_tried_three_times_under_one_reference_and_ends_in_the_balance(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.sent(user, payment, 400_000)

        for tries in (1, 2, 3):
            assert len(world.provider.refunds_of(str(refund.id))) == tries
            assert (await world.refund(refund)).status is RefundStatus.SENDING
            world.provider.end_refund(str(refund.id), "failed")
            await world.later(minutes=2)
            await world.later(hours=2)

        ended = await world.refund(refund)
        assert (ended.status, ended.failure_code) == (RefundStatus.FAILED, "failed")
        assert [one.status for one in ended.attempts] == [AttemptStatus.FAILED] * 3
        assert await world.available(user) == PAID
        await world.later(days=2)
        assert len(world.provider.refunds) == 3
        assert "refund_in_transit" not in await world.sound()
        assert (await world.request(user, payment)).amount.amount == PAID

    async def test_rests_before_it_tries_again(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)
        world.provider.end_refund(str(refund.id), "failed")
        await world.later(minutes=2)

        await world.refund_submitter.submit(refund_id=refund.id)

        assert len(world.provider.refunds) == 1

    async def test_never_pays_what_was_given_back(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.sent(user, payment, 400_000)
        for _ in range(3):
            world.provider.end_refund(str(refund.id), "failed")
            await world.later(minutes=2)
            await world.later(hours=2)
        world.provider.refunds[-1].status = "processed"

        await world.webhook("refund.processed", payment.reference)
        await world.processor.process_due()

        assert (await world.refund(refund)).status is RefundStatus.FAILED
        assert await world.count("audit_log", action="refund.contradiction") == 1
        assert await world.available(user) == PAID

    async def test_after_success_is_left_to_a_person(self, world: RefundWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, PAID)
        refund = await world.sent(user, payment, 400_000)
        world.provider.end_refund(str(refund.id))
        await world.later(minutes=2)
        world.provider.refunds[-1].status = "failed"

        await world.webhook("refund.failed", payment.reference)
        await world.processor.process_due()

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED
        assert await world.count("audit_log", action="refund.contradiction") == 1
        assert await world.available(user) == 600_000


class TestWaiting:
    async def test_for_the_payers_details_tells_the_operators_once(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)
        world.provider.end_refund(str(refund.id), "needs-attention")

        for _ in range(4):
            await world.later(hours=6)

        kinds = await world.database.rows("SELECT payload ->> 'kind' AS kind FROM outbox WHERE topic = 'alert'")
        assert [row["kind"] for row in kinds] == ["refund_needs_attention"]

    async def test_is_asked_about_by_the_poll_when_no_webhook_comes(self, world: RefundWorld) -> None:
        user = await world.add_user()
        refund = await world.sent(user, await world.receive(user, PAID), 400_000)
        await world.later(days=3)
        world.provider.end_refund(str(refund.id))
        world.clock.advance(timedelta(days=1))

        await world.refund_tracker.poll_due()

        assert (await world.refund(refund)).status is RefundStatus.PROCESSED
