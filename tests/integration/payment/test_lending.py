from __future__ import annotations

import pytest
from tests.integration.payment.lending import ask, carry_out, lend
from tests.integration.payment.world import PaymentWorld, at_once

from fake_bank import FakeBank
from kro.core.actor import AccountNotActiveError
from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.outbox import RetryLater
from kro.payment.domain import AccountLentError, AccountStatus, Context, NoProviderError, ProviderNotOfferedError
from kro.payment.domain.decide_lending import decide_lent
from kro.payment.providers import FailedDefinitively, NotSent, PaymentProvider, Pending, Unknown
from kro.payment.providers.fake import FakePaystack
from kro.payment.providers.virtual_accounts import AccountHolder
from vendors import vendor_but

BANK = "providus"
HOLDER = AccountHolder(first_name="Demo", last_name="User", email="demo@kro.example", phone="+2348030000001")


@pytest.fixture
def bank() -> FakeBank:
    return FakeBank(FrozenClock())


class LendsNone(FakePaystack):
    @property
    def provider(self) -> PaymentProvider:
        return vendor_but(super().provider, permanent_accounts=None)


@pytest.fixture
def world(database: Database, bank: FakeBank) -> PaymentWorld:
    return PaymentWorld(
        database,
        clock=bank.clock,  # type: ignore[arg-type] # a frozen one
        provider=LendsNone(),
        others=(bank.provider,),
    )


async def test_the_best_lender_is_asked_once_the_account_is_on_record(world: PaymentWorld, bank: FakeBank) -> None:
    user = await world.add_user()

    asked = await ask(world, user)
    assert (asked.provider, asked.status, bank.lent) == (BANK, AccountStatus.REQUESTED, {})
    lent = await carry_out(world, asked)

    assert (lent.status, lent.bank_name) == (AccountStatus.ACTIVE, "Providus Bank")
    assert bank.lent == {lent.account_number: asked.reference}
    assert await world.count("outbox", topic="realtime") == 1


async def test_a_repeated_message_lends_nothing_more(world: PaymentWorld, bank: FakeBank) -> None:
    asked = await ask(world, await world.add_user())

    await carry_out(world, asked)
    await carry_out(world, asked)

    assert len(bank.lent) == 1


async def test_there_is_one_of_a_provider_for_each_currency(world: PaymentWorld) -> None:
    user = await world.add_user()
    await lend(world, user, BANK)

    with pytest.raises(AccountLentError):
        await ask(world, user, BANK)


async def test_fifty_requests_at_once_lend_one(world: PaymentWorld) -> None:
    user = await world.add_user()

    results = await at_once([lambda: ask(world, user)] * 20)

    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert {type(result) for result in results if isinstance(result, Exception)} == {AccountLentError}
    assert await world.count("virtual_accounts") == 1


@pytest.mark.parametrize(
    "answer",
    [FailedDefinitively("declined"), Unknown("timeout"), Pending("pending")],
    ids=["refused", "not told", "undecided"],
)
async def test_after_a_failure_one_may_ask_again(
    world: PaymentWorld, bank: FakeBank, answer: FailedDefinitively[object] | Unknown | Pending[object]
) -> None:
    user = await world.add_user()
    bank.answers.append(answer)  # type: ignore[arg-type] # facts of nothing

    failed = await carry_out(world, await ask(world, user))

    assert (failed.status, failed.account_number) == (AccountStatus.FAILED, None)
    assert await lend(world, user, BANK) in bank.lent


async def test_a_provider_that_was_not_reached_is_asked_again(world: PaymentWorld, bank: FakeBank) -> None:
    asked = await ask(world, await world.add_user())
    bank.answers.append(NotSent("breaker_open"))

    with pytest.raises(RetryLater):
        await carry_out(world, asked)

    assert (await carry_out(world, asked)).status is AccountStatus.ACTIVE


async def test_who_lends_none_is_not_asked(world: PaymentWorld) -> None:
    user = await world.add_user()

    with pytest.raises(ProviderNotOfferedError):
        await ask(world, user, "paystack")
    with pytest.raises(NoProviderError):
        await ask(world, user, currency="USD")


async def test_a_suspended_user_gets_none(world: PaymentWorld) -> None:
    user = await world.add_user()
    await world.database.execute("UPDATE users SET status = 'suspended' WHERE id = $1", user.id)

    with pytest.raises(AccountNotActiveError):
        await ask(world, user)


async def test_an_account_on_record_is_never_replaced(world: PaymentWorld, bank: FakeBank) -> None:
    asked = await ask(world, await world.add_user())
    lent = await carry_out(world, asked)
    context = Context.of_system(world.clock, world.ids)

    late = await bank.issue_permanent(reference=asked.reference, currency="NGN", holder=HOLDER)
    outcome = decide_lent(lent, late, context=context)

    assert (outcome.decision, outcome.value) == (Decision(), lent)


async def test_what_arrives_on_an_account_of_paystack_is_its_owners(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    number = await lend(world, user, "paystack")
    reference = world.provider.arrive(number, 1_000_000)

    for _ in range(2):
        await world.webhook("charge.success", reference)
        await world.processor.process_due()

    assert await world.available(user) == 1_000_000


async def test_who_claims_anothers_address_gets_an_account_of_their_own(database: Database) -> None:
    world = PaymentWorld(database)
    owner, claimant = await world.add_user(), await world.add_user()
    await world.database.execute(
        "UPDATE users SET email = 'ada@example.com' WHERE id IN ($1, $2)", owner.id, claimant.id
    )

    theirs, claimed = await lend(world, owner, "paystack"), await lend(world, claimant, "paystack")

    assert theirs != claimed
