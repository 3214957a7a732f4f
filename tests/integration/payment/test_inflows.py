"""Money that arrives on lent accounts: each inflow is credited once, to whom it is for, or kept apart."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.lending import lend
from tests.integration.payment.world import PaymentWorld, at_once
from tests.integration.refund.world import RefundWorld

from fake_bank import LIFETIME, FakeBank
from kro.core.actor import Actor
from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.money import Money
from kro.order.domain import Order
from kro.payment.domain import (
    Payers,
    Payment,
    PaymentMethod,
    PaymentStatus,
    PayTo,
    Progress,
    Variance,
    WebhookState,
    start_payment,
)
from kro.payment.providers import Pending

BANK = "providus"


@pytest.fixture
def bank() -> FakeBank:
    return FakeBank(FrozenClock())


@pytest.fixture
def world(database: Database, bank: FakeBank) -> RefundWorld:
    return RefundWorld(database, clock=bank.clock, others=(bank.provider,))  # type: ignore[arg-type] # a frozen one


async def payable(
    world: PaymentWorld, user: Actor, amount: int = 100_000, *, order: Order | None = None
) -> tuple[Payment, PayTo]:
    """Begin a payment by transfer; return it with the account that was lent for it."""
    outcome = start_payment(
        user_id=user.id,
        order_id=order.id if order is not None else None,
        amount=Money(amount, "NGN"),
        provider=BANK,
        ids=world.ids,
        now=world.clock.now(),
        method=PaymentMethod.BANK_TRANSFER,
    )
    await world.carry_out(outcome)
    await world.starter.start(payment_id=outcome.value.id)
    opened = await world.payment(outcome.value)
    assert opened.pay_to is not None
    return opened, opened.pay_to


async def told(world: PaymentWorld, bank: FakeBank, settlement: str) -> None:
    raw, headers = bank.notice(settlement)
    await world.intake.receive(provider=BANK, raw=raw, headers=headers)
    await world.processor.process_due()


class TestOneTimeAccounts:
    async def test_the_payer_is_told_where_to_pay(self, world: RefundWorld) -> None:
        payment, pay_to = await payable(world, await world.add_user())

        assert payment.status is PaymentStatus.PROCESSING
        assert pay_to.expires_at == world.clock.now() + LIFETIME

    @pytest.mark.parametrize(
        ("paid", "variance"), [(100_000, Variance.EXACT), (99_999, Variance.UNDER), (100_001, Variance.OVER)]
    )
    async def test_settles_the_payment_whatever_the_amount(
        self, world: RefundWorld, bank: FakeBank, paid: int, variance: Variance
    ) -> None:
        user = await world.add_user()
        payment, pay_to = await payable(world, user)
        settlement = bank.arrive(pay_to.account_number, paid, reference=payment.reference, fees_minor=4_500)

        await told(world, bank, settlement)

        settled = await world.payment(payment)
        assert (settled.status, settled.variance, settled.received_minor) == (PaymentStatus.SUCCEEDED, variance, paid)
        assert settled.provider_reference == settlement
        assert await world.available(user) == paid
        assert await world.sums() == {
            "provider_clearing": paid - 4_500,
            "provider_fees": 4_500,
            "user_available": paid,
        }

    async def test_who_paid_is_kept_sealed(self, world: RefundWorld, bank: FakeBank) -> None:
        payment, pay_to = await payable(world, await world.add_user())
        await told(world, bank, bank.arrive(pay_to.account_number, 100_000, reference=payment.reference))

        sealed = await world.database.value("SELECT sealed FROM payers WHERE payment_id = $1", payment.id)

        assert "ADA" not in sealed
        payer = Payers(world.cipher).open(payment.id, sealed)
        assert (payer.name, payer.account_number, payer.bank_name) == ("ADA PAYER", "2093566866", "UBA")

    async def test_a_second_payment_is_one_of_its_own(self, world: RefundWorld, bank: FakeBank) -> None:
        user = await world.add_user()
        payment, pay_to = await payable(world, user)
        for _ in range(2):
            await told(world, bank, bank.arrive(pay_to.account_number, 100_000, reference=payment.reference))

        assert await world.available(user) == 200_000
        assert await world.count("transactions", status="succeeded") == 2
        assert await world.count("suspense_items") == 0
        await world.sums()

    async def test_the_same_inflow_told_often_and_at_once_is_credited_once(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        user = await world.add_user()
        payment, pay_to = await payable(world, user)
        settlement = bank.arrive(pay_to.account_number, 100_000, reference=payment.reference)
        other = bank.arrive(pay_to.account_number, 50_000, reference=payment.reference)

        results = await at_once(
            [lambda: world.inflows.follow(BANK, settlement), lambda: world.inflows.follow(BANK, other)] * 15
        )

        assert set(results) == {Progress.FINAL}
        assert await world.available(user) == 150_000
        assert await world.count("ledger_journals", kind="receipt") == 2

    async def test_money_on_another_account_than_was_given_is_kept_apart(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        user = await world.add_user()
        payment, _ = await payable(world, user)

        await told(world, bank, bank.arrive("9999999999", 100_000, reference=payment.reference))

        assert (await world.payment(payment)).status is PaymentStatus.PROCESSING
        assert await world.available(user) == 0
        assert (await world.sums())["suspense"] == 100_000

    async def test_money_that_names_no_payment_on_such_an_account_is_left_to_people(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        _, pay_to = await payable(world, await world.add_user())

        await told(world, bank, bank.arrive(pay_to.account_number, 100_000))

        assert await world.count("payment_webhook_state", state=WebhookState.PARKED) == 1
        assert await world.sums() == {}

    async def test_another_currency_is_kept_apart(self, world: RefundWorld, bank: FakeBank) -> None:
        user = await world.add_user()
        payment, pay_to = await payable(world, user)

        await told(
            world, bank, bank.arrive(pay_to.account_number, 100_000, reference=payment.reference, currency="USD")
        )

        assert await world.available(user) == 0
        assert await world.count("suspense_items", reason="currency_mismatch") == 1
        assert (await world.payment(payment)).status is PaymentStatus.UNKNOWN

    async def test_a_number_lent_again_pays_who_has_it_now(self, world: RefundWorld, bank: FakeBank) -> None:
        early, late = await world.add_user(), await world.add_user()
        payment, pay_to = await payable(world, early)
        await world.database.execute("UPDATE transactions SET status = 'failed' WHERE id = $1", payment.id)
        other, _ = await payable(world, late)
        # The bank has given the number to the second payer by now.
        await world.database.execute(
            "UPDATE transactions SET pay_to = (SELECT pay_to FROM transactions WHERE id = $1) WHERE id = $2",
            payment.id,
            other.id,
        )

        await told(world, bank, bank.arrive(pay_to.account_number, 70_000, reference=other.reference))

        assert (await world.available(early), await world.available(late)) == (0, 70_000)

    async def test_a_settlement_the_bank_does_not_know_waits_then_parks(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        await told(world, bank, "20260000000000000000000042")
        assert await world.count("payment_webhook_state", state=WebhookState.RECEIVED) == 1

        world.clock.advance(timedelta(hours=25))
        await world.processor.process_due()

        assert await world.count("payment_webhook_state", state=WebhookState.PARKED) == 1
        assert await world.sums() == {}

    async def test_an_undecided_answer_moves_nothing(self, world: RefundWorld, bank: FakeBank) -> None:
        bank.told["1"] = Pending("processing")

        assert await world.inflows.follow(BANK, "1") is Progress.WAITING
        assert await world.sums() == {}


class TestTheEndOfAnAccount:
    async def test_unpaid_it_ends_the_payment_and_late_money_is_credited(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        user = await world.add_user()
        payment, pay_to = await payable(world, user)
        world.clock.advance(LIFETIME + timedelta(minutes=5))
        await world.collections.apply_provider_result(reference=payment.reference)
        assert (await world.payment(payment)).status is PaymentStatus.PROCESSING

        world.clock.advance(timedelta(minutes=6))
        await world.poller.poll_due()
        ended = await world.payment(payment)
        assert (ended.status, ended.failure_code) == (PaymentStatus.FAILED, "account_expired")

        await told(world, bank, bank.arrive(pay_to.account_number, 100_000, reference=payment.reference))
        assert (await world.payment(payment)).status is PaymentStatus.SUCCEEDED
        assert await world.available(user) == 100_000


class TestOrders:
    async def test_a_transfer_funds_the_order(self, world: RefundWorld, bank: FakeBank) -> None:
        buyer, seller = await world.add_user(), await world.add_user()
        order = await world.accepted_order(buyer, seller)
        payment, pay_to = await payable(world, buyer, 15_201_563, order=order)

        await told(world, bank, bank.arrive(pay_to.account_number, 15_201_563, reference=payment.reference))

        status = await world.database.value("SELECT status FROM orders WHERE id = $1", order.id)
        assert status == "in_progress"
        assert await world.available(buyer) == 0

    async def test_late_money_stays_with_the_payer_and_revives_nothing(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        buyer, seller = await world.add_user(), await world.add_user()
        order = await world.accepted_order(buyer, seller)
        payment, pay_to = await payable(world, buyer, 15_201_563, order=order)
        await world.database.execute(
            "UPDATE orders SET status = 'expired', close_reason = 'not_funded_in_time', ended_at = now() WHERE id = $1",
            order.id,
        )

        await told(world, bank, bank.arrive(pay_to.account_number, 15_201_563, reference=payment.reference))

        assert await world.available(buyer) == 15_201_563
        assert await world.database.value("SELECT status FROM orders WHERE id = $1", order.id) == "expired"


class TestLentForGood:
    async def test_every_inflow_is_a_top_up(self, world: RefundWorld, bank: FakeBank) -> None:
        user = await world.add_user()
        number = await lend(world, user, BANK)

        for amount in (10_000, 25_050):
            await told(world, bank, bank.arrive(number, amount))

        assert await world.available(user) == 35_050
        rows = await world.database.rows(
            "SELECT amount, method, status, provider, order_id FROM transactions ORDER BY amount"
        )
        assert [tuple(row.values()) for row in rows] == [
            (10_000, "bank_transfer", "succeeded", BANK, None),
            (25_050, "bank_transfer", "succeeded", BANK, None),
        ]

    async def test_at_another_provider_the_same_number_is_another_account(
        self, world: RefundWorld, bank: FakeBank
    ) -> None:
        user = await world.add_user()
        number = await lend(world, user, BANK)
        await world.database.execute("UPDATE virtual_accounts SET provider = 'fincra'")

        await told(world, bank, bank.arrive(number, 10_000))

        assert await world.available(user) == 0
        assert (await world.sums())["suspense"] == 10_000
