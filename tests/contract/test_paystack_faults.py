"""The production adapter against a vendor that misbehaves: whatever is told, at most one transfer exists."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    BankAccount,
    NotSent,
    PaymentProvider,
    Pending,
    Unknown,
    provider_reference_for,
)
from kro.payment.providers.paystack import Paystack, PaystackSettings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
SELLER = BankAccount(account_number="0001234567", bank_code="058", account_name="DEMO SELLER")

# Whether the vendor acted before it went wrong.
ACTED: list[dict[str, Any]] = [
    {"kind": "act_then_timeout", "seconds": 5},
    {"kind": "act_then_http_error", "status": 500},
    {"kind": "act_then_http_error", "status": 502},
    {"kind": "truncated"},
    {"kind": "slow_drip", "bytes_per_second": 10},
    {"kind": "wrong_amount", "amount": 1},
    {"kind": "wrong_currency", "currency": "GHS"},
    {"kind": "wrong_reference", "reference": "another-reference-of-someone"},
]
NOT_ACTED: list[dict[str, Any]] = [
    {"kind": "timeout", "seconds": 5},
    {"kind": "http_error", "status": 500},
    {"kind": "http_error", "status": 502, "html": True},
]


@pytest.fixture
async def vendor(sandbox_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox_url) as control:
        yield control


@pytest.fixture
async def provider(sandbox_url: str) -> AsyncIterator[PaymentProvider]:
    settings = PaystackSettings(secret_key=KEY, webhook_secrets=(KEY,), base_url=f"{sandbox_url}/paystack")
    async with Paystack(settings) as paystack:
        yield paystack.provider


@pytest.fixture
async def hasty(sandbox_url: str) -> AsyncIterator[PaymentProvider]:
    """A provider that soon gives up waiting, for faults that never answer."""
    settings = PaystackSettings(
        secret_key=KEY,
        webhook_secrets=(KEY,),
        base_url=f"{sandbox_url}/paystack",
        read_seconds=0.5,
        transfer_read_seconds=0.5,
        deadline_seconds=1.0,
    )
    async with Paystack(settings) as paystack:
        yield paystack.provider


async def misbehave(vendor: httpx2.AsyncClient, operation: str, fault: dict[str, Any]) -> None:
    answer = await vendor.post("/_sim/faults", json={"vendor": "paystack", "operation": operation, **fault})
    answer.raise_for_status()


async def transfers(vendor: httpx2.AsyncClient) -> list[str]:
    books = (await vendor.get("/_sim/books")).raise_for_status().json()["paystack"]
    return [transfer["reference"] for transfer in books["transfers"]]


@pytest.mark.parametrize("fault", [*ACTED, *NOT_ACTED], ids=str)
async def test_a_transfer_that_went_wrong_is_unknown_and_exists_at_most_once(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, fault: dict[str, Any]
) -> None:
    reference = provider_reference_for(uuid4())
    await misbehave(vendor, "transfer", fault)

    result = await hasty.transfer_sender.send(
        reference=reference, amount=Money(1_000_000, "NGN"), account=SELLER, narration="KRO payout"
    )

    assert isinstance(result, Unknown)
    assert await transfers(vendor) == ([reference] if fault in ACTED else [])


async def test_a_rate_limited_transfer_is_not_sent(vendor: httpx2.AsyncClient, provider: PaymentProvider) -> None:
    await misbehave(vendor, "transfer", {"kind": "rate_limited", "retry_after": 7})

    result = await provider.transfer_sender.send(
        reference=provider_reference_for(uuid4()),
        amount=Money(1_000_000, "NGN"),
        account=SELLER,
        narration="KRO payout",
    )

    assert result == NotSent("rate_limited", retry_after_seconds=7)
    assert await transfers(vendor) == []


@pytest.mark.parametrize("fault", [*ACTED[:5], *NOT_ACTED], ids=str)
async def test_without_a_recipient_no_transfer_is_sent(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, fault: dict[str, Any]
) -> None:
    await misbehave(vendor, "recipient", {**fault, "times": 3})

    result = await hasty.transfer_sender.send(
        reference=provider_reference_for(uuid4()),
        amount=Money(1_000_000, "NGN"),
        account=SELLER,
        narration="KRO payout",
    )

    assert isinstance(result, NotSent)
    assert await transfers(vendor) == []


# The caller compares the amounts of collections, since paying too little or too much is business.
@pytest.mark.parametrize(
    "fault",
    [
        *(fault for fault in ACTED if fault["kind"] not in {"wrong_amount", "wrong_currency"}),
        *NOT_ACTED,
        {"kind": "rate_limited", "retry_after": 30},
    ],
    ids=str,
)
async def test_a_payment_read_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, fault: dict[str, Any]
) -> None:
    reference = provider_reference_for(uuid4())
    await hasty.checkout.start(
        reference=reference,
        amount=Money(1_000_000, "NGN"),
        payer_email="buyer@example.com",
        callback_url="http://127.0.0.1:3000/paid",
    )
    await misbehave(vendor, "verify", {**fault, "times": 3})

    assert isinstance(await hasty.collections.verify(reference=reference), Unknown)


async def test_a_vendor_that_is_down_is_told_apart_from_one_that_does_not_answer(
    provider: PaymentProvider, unused_tcp_port: int
) -> None:
    settings = PaystackSettings(
        secret_key=KEY, webhook_secrets=(KEY,), base_url=f"http://127.0.0.1:{unused_tcp_port}", deadline_seconds=5
    )
    reference = provider_reference_for(uuid4())
    async with Paystack(settings) as down:
        result = await down.provider.transfer_sender.send(
            reference=reference, amount=Money(1_000_000, "NGN"), account=SELLER, narration="KRO payout"
        )
    later = await provider.transfer_sender.send(
        reference=reference, amount=Money(1_000_000, "NGN"), account=SELLER, narration="KRO payout"
    )

    assert isinstance(result, NotSent)
    assert isinstance(later, Pending)
