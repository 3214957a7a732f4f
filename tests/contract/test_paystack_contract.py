"""Paystack's promises, held by the fake in memory and by the production adapter over HTTP alike."""

from collections.abc import AsyncIterator
from typing import Any, Protocol
from uuid import UUID, uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    BankAccount,
    CheckoutStarted,
    FailedDefinitively,
    NotFound,
    NotResolved,
    PaymentProvider,
    Pending,
    ResolvedAccount,
    Reversed,
    Succeeded,
    TransferSendResult,
    Unknown,
    WebhookSignatureError,
    WebhookSubject,
    provider_reference_for,
)
from kro.payment.providers.fake import FakePaystack, Fault
from kro.payment.providers.fake.books import charge_fee, transfer_fee
from kro.payment.providers.paystack import Paystack, PaystackSettings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
SELLER = BankAccount(account_number="0001234567", bank_code="058", account_name="DEMO SELLER")
AMOUNT = Money(15_201_563, "NGN")
GOOD_CARD = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}
BAD_CARD = {"card_number": "4084080000005408", "cvv": "001", "expiry": "12/30"}
ACTIONS = {
    "success": "succeed",
    "failed": "fail",
    "reversed": "reverse",
    "abandoned": "abandon",
    "blocked": "block",
    "rejected": "reject",
}
OPERATIONS = {"start": "initialize", "verify": "verify", "send": "transfer", "status": "verify_transfer"}


class World(Protocol):
    """The vendor's side, wherever it is."""

    provider: PaymentProvider

    async def pay(self, reference: str) -> None: ...
    async def decline(self, reference: str) -> None: ...
    async def reverse_payment(self, reference: str) -> None: ...
    async def end_transfer(self, reference: str, status: str) -> None: ...
    async def lose_answers(self, operation: str) -> None: ...
    async def balance(self) -> int: ...
    async def transfer_count(self) -> int: ...
    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]: ...


class InMemory:
    def __init__(self) -> None:
        self._fake = FakePaystack()
        self.provider = self._fake.provider

    async def pay(self, reference: str) -> None:
        self._fake.pay(reference)

    async def decline(self, reference: str) -> None:
        self._fake.decline(reference)

    async def reverse_payment(self, reference: str) -> None:
        self._fake.reverse_payment(reference)

    async def end_transfer(self, reference: str, status: str) -> None:
        self._fake.settle(reference, status)

    async def lose_answers(self, operation: str) -> None:
        self._fake.fail_next(operation, Fault.ANSWER_LOST)

    async def balance(self) -> int:
        return self._fake.balance["NGN"]

    async def transfer_count(self) -> int:
        return len(self._fake.transfers)

    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]:
        return self._fake.webhook(event, reference)


class OverHTTP:
    """The sandbox, steered by its control routes."""

    def __init__(self, provider: PaymentProvider, control: httpx2.AsyncClient) -> None:
        self.provider = provider
        self._control = control

    async def pay(self, reference: str) -> None:
        await self._post(f"/_sim/paystack/transactions/{reference}/pay", GOOD_CARD)

    async def decline(self, reference: str) -> None:
        await self._post(f"/_sim/paystack/transactions/{reference}/pay", BAD_CARD)

    async def reverse_payment(self, reference: str) -> None:
        await self._post(f"/_sim/paystack/transactions/{reference}/status", {"status": "reversed"})

    async def end_transfer(self, reference: str, status: str) -> None:
        await self._post(f"/_sim/paystack/transfers/{reference}/{ACTIONS[status]}", {})

    async def lose_answers(self, operation: str) -> None:
        fault = {"vendor": "paystack", "operation": OPERATIONS[operation], "kind": "act_then_http_error"}
        # A read is tried three times before its answer counts as lost.
        times = 3 if operation in {"verify", "status"} else 1
        await self._post("/_sim/faults", {**fault, "times": times, "status": 502})

    async def balance(self) -> int:
        available = (await self._books())["balances"]["NGN"]["available"]
        assert isinstance(available, int)
        return available

    async def transfer_count(self) -> int:
        return len((await self._books())["transfers"])

    async def webhook(self, event: str, reference: str) -> tuple[bytes, dict[str, str]]:
        answer = await self._control.get("/_sim/deliveries", params={"event": event, "reference": reference})
        [delivery] = answer.raise_for_status().json()["deliveries"]
        return delivery["body"].encode(), {"X-Paystack-Signature": delivery["signature"]}

    async def _books(self) -> dict[str, Any]:
        books: dict[str, Any] = (await self._control.get("/_sim/books")).raise_for_status().json()["paystack"]
        return books

    async def _post(self, path: str, body: dict[str, object] | dict[str, str]) -> None:
        (await self._control.post(path, json=body)).raise_for_status()


@pytest.fixture(params=["fake", "sandbox"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield InMemory()
        return
    url: str = request.getfixturevalue("sandbox_url")
    settings = PaystackSettings(secret_key=KEY, webhook_secrets=(KEY,), base_url=f"{url}/paystack")
    async with Paystack(settings) as paystack, httpx2.AsyncClient(base_url=url) as control:
        yield OverHTTP(paystack.provider, control)


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())


async def start(world: World, reference: str) -> object:
    return await world.provider.checkout.start(
        reference=reference,
        amount=AMOUNT,
        payer_email="buyer@example.com",
        callback_url="http://127.0.0.1:3000/paid",
        metadata={"kind": "order"},
    )


async def send(world: World, reference: str, *, amount: Money = AMOUNT) -> TransferSendResult:
    return await world.provider.transfer_sender.send(
        reference=reference, amount=amount, account=SELLER, narration="KRO payout"
    )


class TestCollecting:
    async def test_a_page_nobody_paid_on_is_pending(self, world: World, reference: str) -> None:
        started = await start(world, reference)

        assert isinstance(started, CheckoutStarted)
        assert started.url.startswith("http")
        result = await world.provider.collections.verify(reference=reference)
        assert isinstance(result, Pending)
        assert result.code == "abandoned"

    async def test_a_payment_succeeds_with_its_facts_and_both_books_agree(self, world: World, reference: str) -> None:
        before = await world.balance()
        await start(world, reference)
        await world.pay(reference)

        result = await world.provider.collections.verify(reference=reference)

        assert isinstance(result, Succeeded)
        facts = result.facts
        assert (facts.reference, facts.amount_minor, facts.currency) == (reference, 15_201_563, "NGN")
        assert (facts.requested_minor, facts.fees_minor) == (15_201_563, charge_fee(15_201_563))
        assert (facts.channel, facts.payer.email) == ("card", "buyer@example.com")
        assert facts.paid_at is not None
        assert await world.balance() - before == 15_201_563 - charge_fee(15_201_563)

    async def test_each_payment_has_its_own_provider_reference_that_stays(self, world: World) -> None:
        seen: set[str] = set()
        for reference in (provider_reference_for(uuid4()) for _ in range(2)):
            await start(world, reference)
            await world.pay(reference)
            for _ in range(2):
                result = await world.provider.collections.verify(reference=reference)
                assert isinstance(result, Succeeded)
                seen.add(result.facts.provider_reference)

        assert len(seen) == 2

    async def test_a_declined_payment_may_still_succeed_on_the_same_page(self, world: World, reference: str) -> None:
        await start(world, reference)
        await world.decline(reference)
        declined = await world.provider.collections.verify(reference=reference)
        await world.pay(reference)

        assert isinstance(declined, FailedDefinitively)
        assert isinstance(await world.provider.collections.verify(reference=reference), Succeeded)

    async def test_a_reversal_is_neither_success_nor_failure(self, world: World, reference: str) -> None:
        await start(world, reference)
        await world.pay(reference)
        await world.reverse_payment(reference)

        assert isinstance(await world.provider.collections.verify(reference=reference), Reversed)

    async def test_an_unknown_reference_is_not_found(self, world: World, reference: str) -> None:
        assert await world.provider.collections.verify(reference=reference) == NotFound()

    async def test_a_reference_is_started_once(self, world: World, reference: str) -> None:
        await start(world, reference)

        assert await start(world, reference) == Unknown("duplicate_reference")

    async def test_a_page_whose_answer_was_lost_exists_all_the_same(self, world: World, reference: str) -> None:
        await world.lose_answers("start")

        assert isinstance(await start(world, reference), Unknown)
        assert isinstance(await world.provider.collections.verify(reference=reference), Pending)

    async def test_a_lost_answer_about_a_payment_is_unknown_until_asked_again(
        self, world: World, reference: str
    ) -> None:
        await start(world, reference)
        await world.pay(reference)
        await world.lose_answers("verify")

        assert isinstance(await world.provider.collections.verify(reference=reference), Unknown)
        assert isinstance(await world.provider.collections.verify(reference=reference), Succeeded)


class TestPayingOut:
    async def test_a_transfer_is_pending_until_the_bank_took_it(self, world: World, reference: str) -> None:
        before = await world.balance()

        sent = await send(world, reference)
        await world.end_transfer(reference, "success")
        ended = await world.provider.transfer_reader.status(reference=reference)

        assert isinstance(sent, Pending)
        assert isinstance(ended, Succeeded)
        assert (ended.facts.reference, ended.facts.amount_minor, ended.facts.currency) == (
            reference,
            15_201_563,
            "NGN",
        )
        assert ended.facts.fees_minor == transfer_fee(15_201_563)
        assert ended.facts.updated_at is not None
        assert before - await world.balance() == 15_201_563 + transfer_fee(15_201_563)

    @pytest.mark.parametrize("status", ["failed", "abandoned", "blocked", "rejected"])
    async def test_a_transfer_that_failed_gives_the_money_back(self, world: World, reference: str, status: str) -> None:
        before = await world.balance()
        await send(world, reference)
        await world.end_transfer(reference, status)

        result = await world.provider.transfer_reader.status(reference=reference)

        assert isinstance(result, FailedDefinitively)
        assert result.code == status
        assert await world.balance() == before

    async def test_a_success_can_be_reversed(self, world: World, reference: str) -> None:
        before = await world.balance()
        await send(world, reference)
        await world.end_transfer(reference, "success")
        await world.end_transfer(reference, "reversed")

        assert isinstance(await world.provider.transfer_reader.status(reference=reference), Reversed)
        assert await world.balance() == before

    async def test_the_same_reference_moves_money_once(self, world: World, reference: str) -> None:
        before = await world.balance()

        first, second = await send(world, reference), await send(world, reference)

        assert isinstance(first, Pending)
        assert isinstance(second, Pending)
        assert await world.transfer_count() == 1
        assert before - await world.balance() == 15_201_563 + transfer_fee(15_201_563)

    async def test_the_same_reference_with_another_amount_is_unknown(self, world: World, reference: str) -> None:
        await send(world, reference)

        assert await send(world, reference, amount=Money(15_201_564, "NGN")) == Unknown("amount_mismatch")
        assert await world.transfer_count() == 1

    async def test_a_transfer_whose_answer_was_lost_exists_and_is_not_sent_again(
        self, world: World, reference: str
    ) -> None:
        before = await world.balance()
        await world.lose_answers("send")

        lost = await send(world, reference)

        assert isinstance(lost, Unknown)
        assert isinstance(await world.provider.transfer_reader.status(reference=reference), Pending)
        assert await world.transfer_count() == 1
        assert before - await world.balance() == 15_201_563 + transfer_fee(15_201_563)

    async def test_an_unknown_reference_is_not_found(self, world: World, reference: str) -> None:
        assert await world.provider.transfer_reader.status(reference=reference) == NotFound()

    async def test_more_than_the_balance_is_refused_and_leaves_nothing(self, world: World, reference: str) -> None:
        before = await world.balance()

        result = await send(world, reference, amount=Money(before, "NGN"))

        assert isinstance(result, FailedDefinitively)
        assert result.code == "insufficient_balance"
        assert await world.provider.transfer_reader.status(reference=reference) == NotFound()
        assert await world.balance() == before


class TestBanks:
    async def test_the_directory_keeps_leading_zeros(self, world: World) -> None:
        banks = await world.provider.banks.list_banks(currency="NGN")

        assert {"044", "058"} <= {bank.code for bank in banks}
        assert [bank.name for bank in banks] == sorted(bank.name for bank in banks)

    async def test_an_account_has_an_owner(self, world: World) -> None:
        result = await world.provider.accounts.resolve(account_number="0001234567", bank_code="058")

        assert result == ResolvedAccount(account_number="0001234567", bank_code="058", account_name="DEMO SELLER")

    @pytest.mark.parametrize("account_number", ["1234560000", "123"])
    async def test_an_account_that_is_not_there_is_not_resolved(self, world: World, account_number: str) -> None:
        result = await world.provider.accounts.resolve(account_number=account_number, bank_code="058")

        assert isinstance(result, NotResolved)


class TestWebhooks:
    async def test_a_payment_is_announced_and_authentic(self, world: World, reference: str) -> None:
        await start(world, reference)
        await world.pay(reference)
        raw, headers = await world.webhook("charge.success", reference)

        verified = world.provider.webhooks.verify(raw=raw, headers=headers)

        assert (verified.event_type, verified.reference) == ("charge.success", reference)
        assert verified.subject is WebhookSubject.COLLECTION
        with pytest.raises(WebhookSignatureError):
            world.provider.webhooks.verify(raw=raw + b" ", headers=headers)

    async def test_a_transfer_is_announced_and_authentic(self, world: World, reference: str) -> None:
        await send(world, reference)
        await world.end_transfer(reference, "success")
        raw, headers = await world.webhook("transfer.success", reference)

        verified = world.provider.webhooks.verify(raw=raw, headers=headers)

        assert (verified.event_type, verified.reference) == ("transfer.success", reference)
        assert verified.subject is WebhookSubject.TRANSFER


def test_references_are_the_form_both_kinds_of_call_accept() -> None:
    assert provider_reference_for(UUID(int=10)) == "00000000-0000-0000-0000-00000000000a"
