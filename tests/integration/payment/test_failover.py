"""Several providers side by side: what one has not taken another takes, and nothing is taken twice."""

from __future__ import annotations

import pytest
from tests.integration.payment.world import PaymentWorld

from fake_bank import FakeBank
from kro.core.actor import Actor
from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.money import Money
from kro.core.outbox import RetryLater
from kro.payment.domain import (
    AlarmKind,
    Context,
    Direction,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Payout,
    PayoutBlockedError,
    PayoutStatus,
    Progress,
    SwitchState,
    start_payment,
)
from kro.payment.domain.decide_transfer import decide_earlier
from kro.payment.providers import (
    FailedDefinitively,
    NotSent,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    Unknown,
)
from kro.payment.providers.fake import FakePaystack, Fault
from vendors import vendor_but


class Sender:
    """Answers every transfer as it was told to."""

    def __init__(self, *answers: TransferSendResult) -> None:
        self.answers = list(answers)
        self.sent: list[str] = []

    async def send(self, *, reference: str, amount: Money, account: object, narration: str) -> TransferSendResult:
        self.sent.append(reference)
        return self.answers.pop(0)


@pytest.fixture
def second() -> FakePaystack:
    return FakePaystack()


@pytest.fixture
def two(database: Database, second: FakePaystack) -> PaymentWorld:
    return PaymentWorld(database, others=(vendor_but(second.provider, name="second"),))


async def turn(world: PaymentWorld, provider: str, direction: Direction, state: SwitchState) -> None:
    admin = await world.add_admin(role="super")
    await world.database.execute(
        """
        INSERT INTO provider_switches (id, provider, direction, state, reason, changed_by, version, updated_at)
        VALUES ($1, $2, $3, $4, 'an incident', $5, 1, now())
        """,
        world.ids.new(),
        provider,
        direction,
        state,
        admin.actor.id,
    )
    world.board.forget()


async def start(world: PaymentWorld, user: Actor, provider: str, **how: object) -> Payment:
    outcome = start_payment(
        user_id=user.id,
        order_id=None,
        amount=Money(100_000, "NGN"),
        provider=provider,
        ids=world.ids,
        now=world.clock.now(),
        **how,  # type: ignore[arg-type] # the tests name real parameters
    )
    await world.carry_out(outcome)
    return outcome.value


class TestCollecting:
    async def test_goes_to_the_next_when_the_first_was_not_reached(
        self, two: PaymentWorld, second: FakePaystack
    ) -> None:
        user = await two.add_user()
        payment = await two.start(user, 100_000)
        two.provider.fail_next("start", Fault.NOT_SENT)

        await two.starter.start(payment_id=payment.id)
        second.pay(payment.reference)
        await two.collections.apply_provider_result(reference=payment.reference)

        paid = await two.payment(payment)
        assert (paid.provider, paid.status) == ("second", PaymentStatus.SUCCEEDED)
        assert two.provider.transactions == {}
        assert await two.available(user) == 100_000
        assert await two.count("audit_log", action="payment.failover") == 1
        clearing = await two.database.value("SELECT qualifier FROM kro_balance WHERE code = 'provider_clearing'")
        assert clearing == "second"

    async def test_stays_where_the_page_may_exist(self, two: PaymentWorld, second: FakePaystack) -> None:
        payment = await two.start(await two.add_user(), 100_000)
        two.provider.fail_next("start", Fault.ANSWER_LOST)

        await two.starter.start(payment_id=payment.id)

        lost = await two.payment(payment)
        assert (lost.provider, lost.status) == ("paystack", PaymentStatus.UNKNOWN)
        assert second.transactions == {}

    async def test_stays_with_the_one_the_payer_named(self, two: PaymentWorld, second: FakePaystack) -> None:
        payment = await start(two, await two.add_user(), "paystack", is_provider_named=True)
        two.provider.fail_next("start", Fault.NOT_SENT)

        with pytest.raises(RetryLater):
            await two.starter.start(payment_id=payment.id)

        assert (await two.payment(payment)).provider == "paystack"
        assert second.transactions == {}

    async def test_asks_each_once_and_comes_again_later(self, two: PaymentWorld, second: FakePaystack) -> None:
        payment = await two.start(await two.add_user(), 100_000)
        two.provider.fail_next("start", Fault.NOT_SENT)
        second.fail_next("start", Fault.NOT_SENT)

        with pytest.raises(RetryLater):
            await two.starter.start(payment_id=payment.id)
        assert (two.provider.calls, second.calls) == (["start"], ["start"])

        await two.starter.start(payment_id=payment.id)
        assert (await two.payment(payment)).status is PaymentStatus.PROCESSING

    async def test_a_disabled_one_begins_nothing_and_a_draining_one_finishes(
        self, two: PaymentWorld, second: FakePaystack
    ) -> None:
        user = await two.add_user()
        to_drain, to_leave = await two.start(user, 100_000), await two.start(user, 100_000)

        await turn(two, "paystack", Direction.COLLECTIONS, SwitchState.DRAINING)
        await two.starter.start(payment_id=to_drain.id)
        await two.database.execute("UPDATE provider_switches SET state = 'disabled'")
        two.board.forget()
        await two.starter.start(payment_id=to_leave.id)

        assert (await two.payment(to_drain)).provider == "paystack"
        assert (await two.payment(to_leave)).provider == "second"
        two.provider.pay(to_drain.reference)
        await two.collections.apply_provider_result(reference=to_drain.reference)
        assert await two.available(user) == 100_000

    async def test_an_account_whose_number_was_lost_is_nobodys(self, database: Database) -> None:
        clock = FrozenClock()
        first, other = FakeBank(clock), FakeBank(clock, name="other")
        world = PaymentWorld(database, clock=clock, others=(first.provider, other.provider))
        first.answers.append(Unknown("timeout"))
        payment = await start(world, await world.add_user(), "providus", method=PaymentMethod.BANK_TRANSFER)

        await world.starter.start(payment_id=payment.id)

        opened = await world.payment(payment)
        assert (opened.provider, opened.status) == ("other", PaymentStatus.PROCESSING)
        assert opened.pay_to is not None
        assert other.lent == {opened.pay_to.account_number: payment.reference}

    async def test_an_account_nobody_could_lend_ends_the_payment(self, database: Database) -> None:
        clock = FrozenClock()
        bank = FakeBank(clock)
        world = PaymentWorld(database, clock=clock, others=(bank.provider,))
        bank.answers.append(Unknown("timeout"))
        payment = await start(world, await world.add_user(), "providus", method=PaymentMethod.BANK_TRANSFER)

        await world.starter.start(payment_id=payment.id)

        ended = await world.payment(payment)
        assert (ended.status, ended.failure_code) == (PaymentStatus.FAILED, "account_not_told")


class TestPayingOut:
    async def approved(self, world: PaymentWorld) -> tuple[Actor, Payout]:
        user = await world.add_user()
        return user, await world.approved_payout(user, await world.add_admin(), 100_000)

    async def test_is_sent_by_another_after_a_refusal_that_speaks_of_the_provider(
        self, database: Database, second: FakePaystack
    ) -> None:
        poor = Sender(FailedDefinitively("insufficient_balance"))
        world = PaymentWorld(database, sender=poor, others=(vendor_but(second.provider, name="second"),))
        _, payout = await self.approved(world)

        await world.submitter.submit(payout_id=payout.id)
        waiting = await world.payout(payout)
        await world.submitter.submit(payout_id=payout.id)
        [reference] = second.transfers
        second.settle(reference)
        await world.tracker.follow_up(payout_id=payout.id)

        paid = await world.payout(payout)
        assert (waiting.status, waiting.provider) == (PayoutStatus.APPROVED, "second")
        assert (paid.status, paid.provider) == (PayoutStatus.SUCCEEDED, "second")
        attempts = await database.rows("SELECT provider, status, reference FROM payout_attempts ORDER BY number")
        assert [(row["provider"], row["status"]) for row in attempts] == [
            ("paystack", "failed"),
            ("second", "succeeded"),
        ]
        assert attempts[0]["reference"] != attempts[1]["reference"]
        assert await world.count("outbox", topic="payout.submit") == 2
        assert "payouts_pending" not in await world.sums()

    @pytest.mark.parametrize(
        "answer",
        [FailedDefinitively("invalid_account"), FailedDefinitively("failed")],
        ids=lambda answer: answer.code,
    )
    async def test_is_given_back_after_a_refusal_that_speaks_of_the_account(
        self, database: Database, second: FakePaystack, answer: TransferSendResult
    ) -> None:
        world = PaymentWorld(database, sender=Sender(answer), others=(vendor_but(second.provider, name="second"),))
        user, payout = await self.approved(world)

        await world.submitter.submit(payout_id=payout.id)

        assert (await world.payout(payout)).status is PayoutStatus.FAILED
        assert await world.available(user) == 105_000
        assert second.transfers == {}

    @pytest.mark.parametrize("answer", [Unknown("timeout"), NotSent("breaker_open")], ids=["unknown", "not_sent"])
    async def test_never_leaves_a_provider_that_has_not_refused(
        self, database: Database, second: FakePaystack, answer: TransferSendResult
    ) -> None:
        world = PaymentWorld(database, sender=Sender(answer), others=(vendor_but(second.provider, name="second"),))
        _, payout = await self.approved(world)

        await world.submitter.submit(payout_id=payout.id)

        assert (await world.payout(payout)).provider == "paystack"
        assert second.transfers == {}
        assert await world.count("payout_attempts") == 1

    async def test_fails_when_everybody_has_turned_it_down(self, database: Database) -> None:
        first, other = (Sender(FailedDefinitively("insufficient_balance")) for _ in range(2))
        second = vendor_but(FakePaystack().provider, name="second", transfer_sender=other)
        world = PaymentWorld(database, sender=first, others=(second,))
        user, payout = await self.approved(world)

        await world.submitter.submit(payout_id=payout.id)
        await world.submitter.submit(payout_id=payout.id)
        await world.submitter.submit(payout_id=payout.id)

        assert (await world.payout(payout)).status is PayoutStatus.FAILED
        assert (len(first.sent), len(other.sent)) == (1, 1)
        assert await world.available(user) == 105_000

    async def test_never_goes_back_to_who_has_turned_it_down(self, database: Database, second: FakePaystack) -> None:
        poor = Sender(FailedDefinitively("insufficient_balance"))
        world = PaymentWorld(database, sender=poor, others=(vendor_but(second.provider, name="second"),))
        _, payout = await self.approved(world)
        await world.submitter.submit(payout_id=payout.id)
        await turn(world, "second", Direction.PAYOUTS, SwitchState.DISABLED)

        with pytest.raises(PayoutBlockedError):
            await world.submitter.submit(payout_id=payout.id)

        assert (len(poor.sent), len(second.transfers)) == (1, 0)

    async def test_a_payment_by_who_had_refused_is_told_to_people(self, database: Database) -> None:
        liar = Sender(FailedDefinitively("insufficient_balance"))
        second = FakePaystack()
        world = PaymentWorld(database, sender=liar, others=(vendor_but(second.provider, name="second"),))
        _, payout = await self.approved(world)
        await world.submitter.submit(payout_id=payout.id)
        await world.submitter.submit(payout_id=payout.id)

        class Late:
            async def status(self, *, reference: str) -> Succeeded[TransferFacts]:
                return Succeeded(TransferFacts(reference, "TRF_1", 100_000, "NGN"))

        vendor = world.providers["paystack"]
        vendor.__dict__["_transfer_reader"] = Late()
        progress = await world.tracker.apply_provider_result(reference=liar.sent[0])

        alarms = (await world.payout(payout)).alarms
        assert progress is Progress.PARKED
        assert [alarm.kind for alarm in alarms] == [AlarmKind.PAID_AFTER_TURNING_DOWN]
        assert (await world.payout(payout)).provider == "second"

    @pytest.mark.parametrize("again", ["insufficient_balance", "failed"])
    async def test_a_late_answer_about_the_first_attempt_is_none_about_the_second(
        self, database: Database, second: FakePaystack, again: str
    ) -> None:
        poor = Sender(FailedDefinitively("insufficient_balance"))
        world = PaymentWorld(database, sender=poor, others=(vendor_but(second.provider, name="second"),))
        user, payout = await self.approved(world)
        await world.submitter.submit(payout_id=payout.id)
        first = (await world.payout(payout)).attempt
        assert first is not None
        await world.submitter.submit(payout_id=payout.id)
        under_way = await world.payout(payout)

        late: FailedDefinitively[TransferFacts] = FailedDefinitively(again)
        tracked = world.tracker._decide(under_way, first, late, "third")
        sent = world.submitter._decide(under_way, first.reference, late, "third")

        assert (tracked.decision, sent.decision) == (Decision(), Decision())
        assert await world.available(user) == 0

    async def test_is_not_sent_elsewhere_once_who_refused_says_it_paid(
        self, database: Database, second: FakePaystack
    ) -> None:
        poor = Sender(FailedDefinitively("insufficient_balance"))
        world = PaymentWorld(database, sender=poor, others=(vendor_but(second.provider, name="second"),))
        _, payout = await self.approved(world)
        await world.submitter.submit(payout_id=payout.id)
        waiting = await world.payout(payout)
        paid = Succeeded(TransferFacts(poor.sent[0], "TRF_1", 100_000, "NGN"))
        await world.carry_out(decide_earlier(waiting, paid, context=Context.of_system(world.clock, world.ids)))

        with pytest.raises(PayoutBlockedError):
            await world.submitter.submit(payout_id=payout.id)

        assert second.transfers == {}

    async def test_waits_while_nobody_may_send(self, database: Database) -> None:
        world = PaymentWorld(database)
        _, payout = await self.approved(world)
        await turn(world, "paystack", Direction.PAYOUTS, SwitchState.DISABLED)

        with pytest.raises(PayoutBlockedError):
            await world.submitter.submit(payout_id=payout.id)
        assert (await world.payout(payout)).status is PayoutStatus.APPROVED

        await world.database.execute("UPDATE provider_switches SET state = 'enabled'")
        world.board.forget()
        await world.submitter.submit(payout_id=payout.id)
        assert len(world.provider.transfers) == 1

    async def test_leaves_for_another_when_its_own_is_switched_off(
        self, two: PaymentWorld, second: FakePaystack
    ) -> None:
        _, payout = await self.approved(two)
        await turn(two, "paystack", Direction.PAYOUTS, SwitchState.DISABLED)

        await two.submitter.submit(payout_id=payout.id)

        assert (await two.payout(payout)).provider == "second"
        assert (len(two.provider.transfers), len(second.transfers)) == (0, 1)
