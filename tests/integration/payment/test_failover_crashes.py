"""A worker that dies on the way from one provider to another: nothing is lost, and nothing moves twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest
from tests.integration.payment.storm import WorkerDiedError
from tests.integration.payment.world import PaymentWorld

from fake_bank import FakeBank
from kro.core.actor import Actor
from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.money import Money
from kro.payment.domain import Payment, PaymentMethod, PaymentStatus, Payout, PayoutStatus, start_payment
from kro.payment.providers import Unknown
from kro.payment.providers.fake import FakePaystack, Fault
from vendors import vendor_but

SUM = 100_000
FUNDS = 1_000_000_000
CARD_FEE, TRANSFER_FEE = 1_500, 1_000
PAYOUT_FEE = 5_000


class When(StrEnum):
    UNASKED = "before the provider hears of it"
    UNHEARD = "after it has acted and before its answer is on record"


@dataclass
class Mortal:
    """A vendor's capability whose first caller dies in the middle of the call."""

    real: Any
    when: When
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        async def call(**wanted: Any) -> Any:
            self.calls += 1
            is_first = self.calls == 1
            if is_first and self.when is When.UNASKED:
                raise WorkerDiedError
            answer = await getattr(self.real, name)(**wanted)
            if is_first:
                raise WorkerDiedError
            return answer

        return call


async def start(world: PaymentWorld, payment: Payment) -> None:
    with suppress(WorkerDiedError):
        await world.starter.start(payment_id=payment.id)


async def submit(world: PaymentWorld, payout: Payout) -> None:
    with suppress(WorkerDiedError):
        await world.submitter.submit(payout_id=payout.id)


async def clearing(world: PaymentWorld) -> dict[str, int]:
    """Return what our books say each provider holds, once all of them are found sound."""
    await world.sums()
    rows = await world.database.rows(
        """
        SELECT b.qualifier, sum(e.amount)::bigint AS total
        FROM ledger_entries AS e JOIN kro_balance AS b ON b.id = e.account_id
        WHERE b.code = 'provider_clearing' GROUP BY b.qualifier
        """
    )
    return {row["qualifier"]: row["total"] for row in rows}


@pytest.mark.parametrize("when", When)
class TestAPage:
    async def paid_once_at_second(
        self, world: PaymentWorld, first: FakePaystack, second: FakePaystack, user: Actor, payment: Payment
    ) -> None:
        second.pay(payment.reference)
        for _ in range(2):
            await world.collections.apply_provider_result(reference=payment.reference)

        paid = await world.payment(payment)
        assert (paid.provider, paid.status) == ("second", PaymentStatus.SUCCEEDED)
        assert first.transactions == {}
        assert await world.available(user) == SUM
        assert await clearing(world) == {"second": SUM - CARD_FEE} == {"second": second.balance["NGN"] - FUNDS}

    async def test_of_the_other_is_one(self, database: Database, when: When) -> None:
        second = FakePaystack()
        dying = Mortal(second.provider.checkout, when)
        other = vendor_but(second.provider, name="second", checkout=dying)
        world = PaymentWorld(database, others=(other,))
        user = await world.add_user()
        payment = await world.start(user, SUM)
        world.provider.fail_next("start", Fault.NOT_SENT)

        await start(world, payment)
        handed_over = await world.payment(payment)
        await start(world, payment)

        assert (handed_over.provider, handed_over.status) == ("second", PaymentStatus.INITIATED)
        known = await world.payment(payment)
        assert known.status is (PaymentStatus.PROCESSING if when is When.UNASKED else PaymentStatus.UNKNOWN)
        assert list(second.transactions) == [payment.reference]
        assert dying.calls == 2
        await self.paid_once_at_second(world, world.provider, second, user, payment)

    async def test_nobody_was_shown_sets_the_payer_free(self, database: Database, when: When) -> None:
        second = FakePaystack()
        other = vendor_but(second.provider, name="second", checkout=Mortal(second.provider.checkout, when))
        world = PaymentWorld(database, others=(other,))
        payment = await world.start(await world.add_user(), SUM)
        world.provider.fail_next("start", Fault.NOT_SENT)
        await start(world, payment)
        await start(world, payment)

        await world.collections.apply_provider_result(reference=payment.reference)

        ended = await world.payment(payment)
        was_shown = ended.checkout_url is not None
        assert was_shown is (when is When.UNASKED)
        assert ended.status is (PaymentStatus.PROCESSING if was_shown else PaymentStatus.FAILED)

    async def test_of_the_first_was_refused_and_is_asked_for_again(self, database: Database, when: When) -> None:
        second = FakePaystack()
        world = PaymentWorld(database, others=(vendor_but(second.provider, name="second"),))
        world.vendor.__dict__["_checkout"] = Mortal(world.provider.provider.checkout, when)
        user = await world.add_user()
        payment = await world.start(user, SUM)
        world.provider.fail_next("start", Fault.NOT_SENT, Fault.NOT_SENT)

        await start(world, payment)
        still = await world.payment(payment)
        await start(world, payment)

        assert (still.provider, still.status) == ("paystack", PaymentStatus.INITIATED)
        await self.paid_once_at_second(world, world.provider, second, user, payment)


@pytest.mark.parametrize("when", When)
async def test_an_account_of_the_other_is_told_and_credited_once(database: Database, when: When) -> None:
    clock = FrozenClock()
    first, other = FakeBank(clock), FakeBank(clock, name="other")
    dying = vendor_but(other.provider, one_time_accounts=Mortal(other, when))
    world = PaymentWorld(database, clock=clock, others=(first.provider, dying))
    user = await world.add_user()
    first.answers.append(Unknown("timeout"))
    outcome = start_payment(
        user_id=user.id,
        order_id=None,
        amount=Money(SUM, "NGN"),
        provider="providus",
        ids=world.ids,
        now=clock.now(),
        method=PaymentMethod.BANK_TRANSFER,
    )
    await world.carry_out(outcome)

    await start(world, outcome.value)
    await start(world, outcome.value)
    told = await world.payment(outcome.value)

    assert (told.provider, told.status) == ("other", PaymentStatus.PROCESSING)
    assert told.pay_to is not None
    number, lent = told.pay_to.account_number, list(other.lent)
    assert (number, len(lent)) == (lent[-1], 1 if when is When.UNASKED else 2)
    for account in lent:
        settlement = other.arrive(account, SUM, reference=told.reference)
        for _ in range(2):
            await world.inflows.follow("other", settlement)
    # What nobody was told of is nobody's: money on it is there, and kept apart.
    apart = (len(lent) - 1) * SUM
    assert await world.available(user) == SUM
    assert await clearing(world) == {"other": SUM + apart}
    assert (await world.sums()).get("suspense", 0) == apart


@pytest.mark.parametrize("when", When)
class TestAPayout:
    async def approved(self, world: PaymentWorld) -> tuple[Actor, Payout]:
        """A payout whose provider has too little money to send it."""
        user = await world.add_user()
        payout = await world.approved_payout(user, await world.add_admin(), SUM)
        world.provider.balance["NGN"] = 0
        return user, payout

    async def paid_once_by_second(self, world: PaymentWorld, second: FakePaystack, user: Actor, payout: Payout) -> None:
        [reference] = second.transfers
        second.settle(reference)
        for _ in range(2):
            await world.tracker.follow_up(payout_id=payout.id)
            await submit(world, payout)

        paid = await world.payout(payout)
        assert (paid.status, paid.provider) == (PayoutStatus.SUCCEEDED, "second")
        assert (world.provider.transfers, list(second.transfers)) == ({}, [reference])
        assert second.balance["NGN"] == FUNDS - SUM - TRANSFER_FEE
        assert (await clearing(world))["second"] == -SUM - TRANSFER_FEE
        assert await world.available(user) == 0

    async def test_sent_by_the_other_is_sent_once(self, database: Database, when: When) -> None:
        second = FakePaystack()
        dying = Mortal(second.provider.transfer_sender, when)
        other = vendor_but(second.provider, name="second", transfer_sender=dying)
        world = PaymentWorld(database, others=(other,))
        user, payout = await self.approved(world)

        await submit(world, payout)
        handed_over = await world.payout(payout)
        await submit(world, payout)
        leased = await world.payout(payout)
        await submit(world, payout)

        assert (handed_over.status, handed_over.provider) == (PayoutStatus.APPROVED, "second")
        assert leased.status is PayoutStatus.SUBMITTING
        assert dying.calls == 1
        world.clock.advance(timedelta(minutes=4))
        await world.tracker.follow_up(payout_id=payout.id)
        asked = await world.payout(payout)
        assert asked.status is (PayoutStatus.UNKNOWN if when is When.UNASKED else PayoutStatus.SUBMITTED)
        # "No such transfer" is believed after a day; then the same reference goes out again, through the same provider.
        world.clock.advance(timedelta(days=1))
        for _ in range(2):
            await world.tracker.follow_up(payout_id=payout.id)
        assert dying.calls == (2 if when is When.UNASKED else 1)
        assert await world.count("payout_attempts") == 2
        await self.paid_once_by_second(world, second, user, payout)

    async def test_whose_refusal_was_not_written_down_is_sent_once(self, database: Database, when: When) -> None:
        first, second = FakePaystack(), FakePaystack()
        dying = Mortal(first.provider.transfer_sender, when)
        world = PaymentWorld(
            database, provider=first, sender=dying, others=(vendor_but(second.provider, name="second"),)
        )
        user, payout = await self.approved(world)

        await submit(world, payout)
        leased = await world.payout(payout)
        await submit(world, payout)
        world.clock.advance(timedelta(minutes=4))
        await world.tracker.follow_up(payout_id=payout.id)
        asked = await world.payout(payout)
        await submit(world, payout)

        assert (leased.status, leased.provider) == (PayoutStatus.SUBMITTING, "paystack")
        assert (asked.status, second.transfers, dying.calls) == (PayoutStatus.UNKNOWN, {}, 1)
        world.clock.advance(timedelta(days=1))
        for _ in range(2):
            await world.tracker.follow_up(payout_id=payout.id)
        await submit(world, payout)
        assert dying.calls == 2
        await self.paid_once_by_second(world, second, user, payout)
