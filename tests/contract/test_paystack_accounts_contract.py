"""Paystack's promises about dedicated accounts, held by the fake in memory and by the adapter over HTTP alike."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    AccountHolder,
    FailedDefinitively,
    HistoryKind,
    NotFound,
    PaymentProvider,
    Succeeded,
    Unknown,
    UnsupportedAmountError,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
    WebhookSubject,
    provider_reference_for,
)
from kro.payment.providers.fake import FakePaystack, Fault
from kro.payment.providers.paystack import Paystack, PaystackSettings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
ADA = AccountHolder(first_name="Ada", last_name="Obi", email="ada@example.com", phone="+2348030000001")


class World(Protocol):
    """The vendor's side, wherever it is."""

    provider: PaymentProvider

    async def arrive(self, number: str, amount: int) -> str: ...
    async def lose_the_answer(self) -> None: ...
    async def balance(self) -> int: ...
    async def lent(self) -> int: ...
    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]: ...


class InMemory:
    def __init__(self) -> None:
        self._fake = FakePaystack()
        self.provider = self._fake.provider

    async def arrive(self, number: str, amount: int) -> str:
        return self._fake.arrive(number, amount)

    async def lose_the_answer(self) -> None:
        self._fake.fail_next("lend", Fault.ANSWER_LOST)

    async def balance(self) -> int:
        return self._fake.balance["NGN"]

    async def lent(self) -> int:
        return len(self._fake.accounts)

    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]:
        return self._fake.webhook(event, reference)


class OverHTTP:
    def __init__(self, provider: PaymentProvider, control: httpx2.AsyncClient) -> None:
        self.provider = provider
        self._control = control

    async def arrive(self, number: str, amount: int) -> str:
        answer = await self._control.post(f"/_sim/paystack/accounts/{number}/pay", json={"amount": amount})
        return str(answer.raise_for_status().json()["reference"])

    async def lose_the_answer(self) -> None:
        fault = {"vendor": "paystack", "operation": "dedicated_account", "kind": "act_then_http_error", "status": 502}
        (await self._control.post("/_sim/faults", json=fault)).raise_for_status()

    async def balance(self) -> int:
        books = (await self._control.get("/_sim/books")).raise_for_status().json()
        return int(books["paystack"]["balances"]["NGN"]["available"])

    async def lent(self) -> int:
        books = (await self._control.get("/_sim/books")).raise_for_status().json()
        return len(books["paystack"]["accounts"])

    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]:
        answer = await self._control.get("/_sim/deliveries", params={"event": event, "reference": reference})
        [delivery] = answer.raise_for_status().json()["deliveries"]
        return delivery["body"].encode(), {"X-Paystack-Signature": delivery["signature"]}


@pytest.fixture(params=["fake", "sandbox"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    url: str = request.getfixturevalue("sandbox_url")
    settings = PaystackSettings(secret_key=KEY, webhook_secrets=(KEY,), base_url=f"{url}/paystack")
    async with Paystack(settings) as paystack, httpx2.AsyncClient(base_url=url) as control:
        yield OverHTTP(paystack.provider, control)


async def ask(world: World, holder: AccountHolder = ADA) -> VirtualAccountResult:
    return await world.provider.permanent_accounts.issue_permanent(
        reference=provider_reference_for(uuid4()), currency="NGN", holder=holder
    )


async def lend(world: World, holder: AccountHolder = ADA) -> VirtualAccount:
    issued = await ask(world, holder)
    assert isinstance(issued, VirtualAccountIssued)
    return issued.account


async def pay_by_card(world: World, *, email: str) -> str:
    reference = provider_reference_for(uuid4())
    await world.provider.checkout.start(
        reference=reference, amount=Money(500_000, "NGN"), payer_email=email, callback_url="http://127.0.0.1:3000/paid"
    )
    return reference


class TestLending:
    async def test_an_account_is_lent_for_good(self, world: World) -> None:
        account = await lend(world)

        assert len(account.account_number) == 10
        assert (account.account_name, account.bank_name) == ("KRO/ADA OBI", "Test Bank")
        assert account.provider_reference
        assert account.expires_at is None

    async def test_asking_twice_lends_one(self, world: World) -> None:
        assert await lend(world) == await lend(world)
        assert await world.lent() == 1

    async def test_an_account_whose_answer_was_lost_is_found_by_asking_again(self, world: World) -> None:
        await world.lose_the_answer()

        assert isinstance(await ask(world), Unknown)
        await lend(world)
        assert await world.lent() == 1

    async def test_who_has_paid_before_gets_one(self, world: World) -> None:
        await pay_by_card(world, email=ADA.email)

        await lend(world)

    async def test_who_claims_the_address_of_another_is_not_told_their_account(self, world: World) -> None:
        await lend(world)

        result = await ask(world, replace(ADA, phone="+2348030000009"))

        assert isinstance(result, FailedDefinitively)
        assert result.code == "customer_mismatch"

    async def test_two_people_have_two(self, world: World) -> None:
        other = replace(ADA, email="bola@example.com", phone="+2348030000002")

        assert (await lend(world)).account_number != (await lend(world, other)).account_number

    async def test_only_naira(self, world: World) -> None:
        with pytest.raises(UnsupportedAmountError):
            await world.provider.permanent_accounts.issue_permanent(
                reference=provider_reference_for(uuid4()), currency="GHS", holder=ADA
            )


class TestInflows:
    # One percent, and NGN 300 at most.
    @pytest.mark.parametrize(("amount", "fee"), [(1_000_000, 10_000), (15_201_563, 30_000), (1, 0)])
    async def test_money_is_read_by_the_vendors_reference_and_both_books_agree(
        self, world: World, amount: int, fee: int
    ) -> None:
        account = await lend(world)
        before = await world.balance()
        reference = await world.arrive(account.account_number, amount)

        result = await world.provider.inflows.inflow(provider_reference=reference)

        assert isinstance(result, Succeeded)
        facts = result.facts
        assert (facts.reference, facts.receiving_account) == ("", account.account_number)
        assert (facts.amount_minor, facts.fees_minor, facts.currency) == (amount, fee, "NGN")
        assert (facts.channel, facts.payer.email) == ("dedicated_nuban", ADA.email)
        assert facts.paid_at is not None
        assert await world.balance() - before == amount - fee

    async def test_each_has_its_own_id_which_is_that_of_the_account_of_the_period(self, world: World) -> None:
        account = await lend(world)
        references = [await world.arrive(account.account_number, 1_000_000) for _ in range(2)]

        told = [await world.provider.inflows.inflow(provider_reference=one) for one in references]

        ids = {one.facts.provider_reference for one in told if isinstance(one, Succeeded)}
        moments = [one.facts.paid_at for one in told if isinstance(one, Succeeded)]
        since = min(moment for moment in moments if moment is not None)
        history = await world.provider.history.history(since=since, until=since.replace(year=since.year + 1))
        assert len(ids) == 2
        assert {item.provider_reference for item in history if item.kind is HistoryKind.CHARGE} == ids

    async def test_one_nobody_knows_is_not_found(self, world: World) -> None:
        assert await world.provider.inflows.inflow(provider_reference="171648306444710x23b27jlwjhp4zj") == NotFound()

    async def test_a_payment_that_was_begun_with_us_is_none(self, world: World) -> None:
        reference = await pay_by_card(world, email=ADA.email)

        assert await world.provider.inflows.inflow(provider_reference=reference) == Unknown("odd_channel")

    async def test_one_is_announced_as_what_it_is_and_authentic(self, world: World) -> None:
        reference = await world.arrive((await lend(world)).account_number, 1_000_000)
        raw, headers = await world.webhook("charge.success", reference)

        verified = world.provider.webhooks.verify(raw=raw, headers=headers)

        assert (verified.event_type, verified.subject) == ("charge.success", WebhookSubject.INFLOW)
        assert verified.reference == reference
