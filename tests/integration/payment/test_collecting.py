from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.database.pool import Database
from kro.core.decisions import Decision, Message
from kro.core.ids import SystemIdSource
from kro.core.outbox import RetryLater
from kro.payment.domain import PaymentStatus, Progress, Receipt, Variance
from kro.payment.providers.fake import Fault


class TestCheckout:
    async def test_opens_a_page_for_the_exact_amount(self, world: PaymentWorld) -> None:
        user = await world.add_user()

        payment = await world.open_page(user, 15_201_563)

        opened = await world.payment(payment)
        assert opened.status is PaymentStatus.PROCESSING
        assert opened.checkout_url == "https://checkout.example/access1"
        assert world.provider.transactions[payment.reference].requested_minor == 15_201_563
        assert await world.count("outbox", topic="payment.start") == 1
        assert await world.count("outbox", topic="realtime") == 1

    async def test_a_payer_without_an_address_gets_one(self, world: PaymentWorld) -> None:
        user = await world.add_user(email=None)

        payment = await world.open_page(user, 100_000)

        assert world.provider.transactions[payment.reference].payer_email == f"{user.id}@payers.kro.example"

    async def test_a_repeated_start_asks_nobody(self, world: PaymentWorld) -> None:
        payment = await world.open_page(await world.add_user(), 100_000)

        await world.starter.start(payment_id=payment.id)

        assert world.provider.calls == ["start"]

    async def test_not_reached_is_tried_again_under_the_same_reference(self, world: PaymentWorld) -> None:
        payment = await world.start(await world.add_user(), 100_000)
        world.provider.fail_next("start", Fault.NOT_SENT)

        with pytest.raises(RetryLater):
            await world.starter.start(payment_id=payment.id)
        await world.starter.start(payment_id=payment.id)

        assert (await world.payment(payment)).status is PaymentStatus.PROCESSING

    async def test_a_lost_page_ends_the_payment_at_the_next_question(self, world: PaymentWorld) -> None:
        payment = await world.start(await world.add_user(), 100_000)
        world.provider.fail_next("start", Fault.ANSWER_LOST)
        await world.starter.start(payment_id=payment.id)
        assert (await world.payment(payment)).status is PaymentStatus.UNKNOWN

        world.clock.advance(timedelta(minutes=1))
        assert await world.poller.poll_due() == 1

        lost = await world.payment(payment)
        assert (lost.status, lost.failure_code) == (PaymentStatus.FAILED, "checkout_page_lost")


class TestCredit:
    async def test_posts_receipt_and_provider_fee(self, world: PaymentWorld) -> None:
        user = await world.add_user()

        payment = await world.receive(user, 15_201_563)

        paid = await world.payment(payment)
        assert (paid.status, paid.variance, paid.received_minor) == (
            PaymentStatus.SUCCEEDED,
            Variance.EXACT,
            15_201_563,
        )
        assert paid.next_poll_at is None
        assert await world.available(user) == 15_201_563
        assert await world.sums() == {
            "provider_clearing": 15_201_563 - 200_000,
            "provider_fees": 200_000,
            "user_available": 15_201_563,
        }

    @pytest.mark.parametrize(("paid", "variance"), [(9_999, Variance.UNDER), (10_001, Variance.OVER)])
    async def test_credits_what_was_paid_whatever_was_asked(
        self, world: PaymentWorld, paid: int, variance: Variance
    ) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)

        world.provider.pay(payment.reference, amount_minor=paid)
        await world.collections.apply_provider_result(reference=payment.reference)

        assert (await world.payment(payment)).variance is variance
        assert await world.available(user) == paid

    async def test_asking_again_changes_nothing(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.receive(user, 10_000)
        before = await world.payment(payment)

        progress = await world.collections.apply_provider_result(reference=payment.reference)

        assert progress is Progress.FINAL
        assert await world.payment(payment) == before
        assert await world.available(user) == 10_000

    async def test_a_success_after_a_failure_is_credited(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.decline(payment.reference)
        await world.collections.apply_provider_result(reference=payment.reference)
        assert (await world.payment(payment)).status is PaymentStatus.FAILED

        world.provider.pay(payment.reference)
        await world.collections.apply_provider_result(reference=payment.reference)

        assert (await world.payment(payment)).status is PaymentStatus.SUCCEEDED
        assert await world.available(user) == 10_000

    async def test_an_unknown_reference_is_said_to_be_unknown(self, world: PaymentWorld) -> None:
        progress = await world.collections.apply_provider_result(reference="T0000")

        assert progress is Progress.UNKNOWN_REFERENCE
        assert world.provider.calls == []


class TestContradiction:
    async def test_another_currency_is_left_to_a_person_once(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)
        world.provider.transactions[payment.reference].currency = "GHS"

        first = await world.collections.apply_provider_result(reference=payment.reference)
        second = await world.collections.apply_provider_result(reference=payment.reference)

        parked = await world.payment(payment)
        assert (first, second) == (Progress.PARKED, Progress.PARKED)
        assert (parked.status, parked.failure_code) == (PaymentStatus.UNKNOWN, "currency_mismatch")
        assert parked.next_poll_at is None
        assert await world.available(user) == 0
        assert await world.sums() == {"provider_clearing": 9_850, "provider_fees": 150, "suspense": 10_000}
        assert await world.count("audit_log", action="payment.parked", target_id=payment.id) == 1

    async def test_money_that_went_back_before_we_credited_it_is_not_credited(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)
        world.provider.reverse_payment(payment.reference)

        progress = await world.collections.apply_provider_result(reference=payment.reference)

        assert progress is Progress.PARKED
        assert (await world.payment(payment)).status is PaymentStatus.FAILED
        assert await world.sums() == {}

    async def test_one_provider_transaction_pays_one_payment(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        paid = await world.receive(user, 10_000)
        other = await world.open_page(user, 10_000)
        world.provider.pay(other.reference)
        world.provider.transactions[other.reference].number = world.provider.transactions[paid.reference].number

        with pytest.raises(Exception, match="Several requests"):
            await world.collections.apply_provider_result(reference=other.reference)

        assert await world.available(user) == 10_000
        assert (await world.sums())["user_available"] == 10_000


class TestPolling:
    async def test_a_lost_webhook_costs_only_time(self, world: PaymentWorld) -> None:
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)
        assert await world.poller.poll_due() == 0

        world.clock.advance(timedelta(minutes=1))
        assert await world.poller.poll_due() == 1

        assert await world.available(user) == 10_000

    async def test_goes_by_the_ladder_and_gives_up_after_two_weeks(self, world: PaymentWorld) -> None:
        payment = await world.open_page(await world.add_user(), 10_000)
        born = payment.created_at
        asked: list[int] = []

        while (due := (await world.payment(payment)).next_poll_at) is not None:
            world.clock.advance(due - world.clock.now())
            asked.append(int((world.clock.now() - born).total_seconds()))
            assert await world.poller.poll_due() == 1

        assert asked[:6] == [60, 300, 900, 3_600, 21_600, 21_600 + 86_400]
        assert len(asked) == 5 + 14
        assert (await world.payment(payment)).status is PaymentStatus.ABANDONED

    async def test_what_a_dead_worker_had_claimed_comes_back(self, world: PaymentWorld) -> None:
        payment = await world.open_page(await world.add_user(), 10_000)
        world.clock.advance(timedelta(minutes=1))
        world.provider.fail_next("verify", Fault.REQUEST_LOST)

        await world.poller.poll_due()

        asked = await world.payment(payment)
        assert asked.polls == 1
        assert asked.next_poll_at == payment.created_at + timedelta(minutes=5)


class Witness:
    """A listener that counts, and refuses as often as it is told to."""

    def __init__(self, *, refusals: int = 0) -> None:
        self.refusals = refusals
        self.ids = SystemIdSource()

    async def load(self, receipt: Receipt) -> object:
        return receipt.payment_id

    def decide(self, state: object, receipt: Receipt, *, now: object) -> Decision:
        if self.refusals:
            self.refusals -= 1
            raise RuntimeError("not now")
        assert state == receipt.payment_id
        return Decision(messages=(Message(id=self.ids.new(), topic="witness", payload={"amount": receipt.amount}),))


class TestListener:
    async def test_contributes_to_the_same_write(self, database: Database) -> None:
        world = PaymentWorld(database, listeners=[Witness()])

        await world.receive(await world.add_user(), 10_000)

        assert await world.count("outbox", topic="witness") == 1

    async def test_a_crash_while_crediting_leaves_nothing_and_is_repeated(self, database: Database) -> None:
        world = PaymentWorld(database, listeners=[Witness(refusals=1)])
        user = await world.add_user()
        payment = await world.open_page(user, 10_000)
        world.provider.pay(payment.reference)

        with pytest.raises(RuntimeError):
            await world.collections.apply_provider_result(reference=payment.reference)
        assert await world.sums() == {}
        assert (await world.payment(payment)).status is PaymentStatus.PROCESSING
        await world.collections.apply_provider_result(reference=payment.reference)

        assert await world.available(user) == 10_000
        assert await world.count("outbox", topic="witness") == 1
