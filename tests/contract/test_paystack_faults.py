"""The production adapter against a Paystack that misbehaves: every operation, every fault, nothing done twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.core.outgoing import RetryPolicy
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    NotSent,
    PaymentProvider,
    Pending,
    ProviderUnavailableError,
    RefundInstruction,
    Succeeded,
    Unknown,
    VirtualAccountIssued,
    provider_reference_for,
)
from kro.payment.providers.paystack import Paystack, PaystackSettings

KEY = "sk_test_kro_sandbox_0000000000000000000000"
SELLER = BankAccount(account_number="0001234567", bank_code="058", account_name="DEMO SELLER")
AMOUNT = Money(1_000_000, "NGN")
GOOD_CARD = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
# Less than any of the faults lasts, and more than a deadline and the calls before it take.
SECONDS = 4.5

# Whether the vendor acted before it went wrong.
ACTED: list[dict[str, Any]] = [
    {"kind": "act_then_timeout", "seconds": 5},
    {"kind": "act_then_http_error", "status": 500},
    {"kind": "act_then_http_error", "status": 502},
    {"kind": "act_then_http_error", "status": 503, "html": False},
    {"kind": "truncated"},
    # Each byte comes before the wait for one is over: only the deadline ends it.
    {"kind": "slow_drip", "bytes_per_second": 10},
    {"kind": "late", "milliseconds": 5000},
]
NOT_ACTED: list[dict[str, Any]] = [
    {"kind": "timeout", "seconds": 5},
    {"kind": "http_error", "status": 500},
    {"kind": "http_error", "status": 500, "html": False},
    {"kind": "http_error", "status": 502},
    {"kind": "http_error", "status": 503, "html": False},
    {"kind": "http_error", "status": 504},
]
RATE_LIMITED: dict[str, Any] = {"kind": "rate_limited", "retry_after": 30}
WRONG_REFERENCE: dict[str, Any] = {"kind": "wrong_reference", "reference": "another-reference-of-someone"}
WRONG_CURRENCY: dict[str, Any] = {"kind": "wrong_currency", "currency": "GHS"}
WRONG_AMOUNT: dict[str, Any] = {"kind": "wrong_amount", "amount": 1}
READ_FAULTS = [*ACTED, *NOT_ACTED, RATE_LIMITED]


@pytest.fixture
async def vendor(sandbox_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox_url) as control:
        yield control


@pytest.fixture
async def patient(sandbox_url: str) -> AsyncIterator[PaymentProvider]:
    """The provider as it waits in production, for everything that is to succeed."""
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
    async with Paystack(settings, retry=RetryPolicy(jitter=lambda: 0.0)) as paystack:
        yield paystack.provider


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())


async def misbehave(vendor: httpx2.AsyncClient, operation: str, fault: dict[str, Any]) -> None:
    body = {"vendor": "paystack", "operation": operation, "times": 3, **fault}
    (await vendor.post("/_sim/faults", json=body)).raise_for_status()


async def calls_spoiled(vendor: httpx2.AsyncClient) -> int:
    [fault] = (await vendor.get("/_sim/faults")).raise_for_status().json()["faults"]
    return int(fault["used"])


async def made(vendor: httpx2.AsyncClient, kept: str, reference: str) -> int:
    """Count what the vendor has under a reference of ours: late answers of other tests are not ours."""
    books = (await vendor.get("/_sim/books")).raise_for_status().json()["paystack"]
    names = ("reference", "transaction_reference", "email")
    return sum(any(reference in str(one.get(name)) for name in names) for one in books[kept])


async def start(provider: PaymentProvider, reference: str) -> object:
    return await provider.checkout.start(
        reference=reference, amount=AMOUNT, payer_email="buyer@example.com", callback_url="http://127.0.0.1:3000/paid"
    )


async def send(provider: PaymentProvider, reference: str) -> object:
    return await provider.transfer_sender.send(
        reference=reference, amount=AMOUNT, account=SELLER, narration="KRO payout"
    )


async def lend(provider: PaymentProvider, reference: str) -> object:
    holder = AccountHolder(first_name="Ada", last_name="Obi", email=f"{reference}@example.com", phone="+2348030000001")
    return await provider.permanent_accounts.issue_permanent(reference=reference, currency="NGN", holder=holder)


async def refund(provider: PaymentProvider, reference: str) -> object:
    return await provider.refund_sender.send(await instruction(provider, reference))


async def instruction(provider: PaymentProvider, reference: str) -> RefundInstruction:
    """Return what to give back of the payment under the same reference."""
    paid = await provider.collections.verify(reference=reference)
    assert isinstance(paid, Succeeded)
    return RefundInstruction(reference=reference, transaction=paid.facts.provider_reference, amount=AMOUNT)


async def pay(vendor: httpx2.AsyncClient, patient: PaymentProvider, reference: str) -> None:
    await start(patient, reference)
    (await vendor.post(f"/_sim/paystack/transactions/{reference}/pay", json=GOOD_CARD)).raise_for_status()


Write = Callable[[PaymentProvider, str], Awaitable[object]]
WRITES: dict[str, tuple[Write, str]] = {
    "initialize": (start, "transactions"),
    "transfer": (send, "transfers"),
    "refund": (refund, "refunds"),
    "dedicated_account": (lend, "accounts"),
}
# What is asked before: as long as it goes wrong, the write is not sent.
BEFORE = {"recipient": "transfer", "list_refunds": "refund", "fetch_customer": "dedicated_account"}


async def write(
    operation: str, vendor: httpx2.AsyncClient, patient: PaymentProvider, hasty: PaymentProvider, reference: str
) -> Callable[[], Awaitable[object]]:
    """Prepare a write, so that only the write itself is left to go wrong."""
    if operation == "refund":
        await pay(vendor, patient, reference)
        found = await instruction(patient, reference)
        return lambda: hasty.refund_sender.send(found)
    return lambda: WRITES[operation][0](hasty, reference)


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", [*ACTED, *NOT_ACTED], ids=str)
async def test_a_request_that_went_wrong_is_unknown_in_time_and_was_sent_once(
    vendor: httpx2.AsyncClient,
    patient: PaymentProvider,
    hasty: PaymentProvider,
    reference: str,
    operation: str,
    fault: dict[str, Any],
) -> None:
    send_it = await write(operation, vendor, patient, hasty, reference)
    await misbehave(vendor, operation, fault)

    async with asyncio.timeout(SECONDS):
        result = await send_it()

    assert isinstance(result, Unknown)
    assert await calls_spoiled(vendor) == 1
    count = await made(vendor, WRITES[operation][1], reference)
    # A late answer may be acted upon after we have stopped waiting for it.
    assert count == int(fault in ACTED) or (fault["kind"] == "late" and count == 0)


@pytest.mark.parametrize("operation", WRITES)
async def test_a_rate_limited_request_is_not_sent(
    vendor: httpx2.AsyncClient, patient: PaymentProvider, hasty: PaymentProvider, reference: str, operation: str
) -> None:
    send_it = await write(operation, vendor, patient, hasty, reference)
    await misbehave(vendor, operation, RATE_LIMITED)

    assert await send_it() == NotSent("rate_limited", retry_after_seconds=30)
    assert await calls_spoiled(vendor) == 1
    assert await made(vendor, WRITES[operation][1], reference) == 0


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("initialize", WRONG_REFERENCE),
        ("transfer", WRONG_AMOUNT),
        ("transfer", WRONG_CURRENCY),
        ("transfer", WRONG_REFERENCE),
        ("refund", WRONG_AMOUNT),
        ("refund", WRONG_CURRENCY),
        ("dedicated_account", WRONG_CURRENCY),
    ],
    ids=str,
)
async def test_an_answer_about_something_else_is_unknown(
    vendor: httpx2.AsyncClient,
    patient: PaymentProvider,
    hasty: PaymentProvider,
    reference: str,
    operation: str,
    fault: dict[str, Any],
) -> None:
    send_it = await write(operation, vendor, patient, hasty, reference)
    await misbehave(vendor, operation, fault)

    assert isinstance(await send_it(), Unknown)
    assert await calls_spoiled(vendor) == 1


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("fault", READ_FAULTS, ids=str)
async def test_without_what_comes_before_nothing_is_sent(
    vendor: httpx2.AsyncClient,
    patient: PaymentProvider,
    hasty: PaymentProvider,
    reference: str,
    before: str,
    fault: dict[str, Any],
) -> None:
    operation = BEFORE[before]
    send_it = await write(operation, vendor, patient, hasty, reference)
    await misbehave(vendor, before, fault)

    async with asyncio.timeout(SECONDS):
        result = await send_it()

    assert isinstance(result, NotSent)
    assert await made(vendor, WRITES[operation][1], reference) == 0


@pytest.mark.parametrize("fault", READ_FAULTS, ids=str)
async def test_a_customer_that_was_not_made_known_is_lent_nothing_until_found(
    vendor: httpx2.AsyncClient,
    patient: PaymentProvider,
    hasty: PaymentProvider,
    reference: str,
    fault: dict[str, Any],
) -> None:
    await misbehave(vendor, "customer", {**fault, "times": 1})

    async with asyncio.timeout(SECONDS):
        result = await lend(hasty, reference)

    assert isinstance(result, NotSent)
    assert await calls_spoiled(vendor) == 1
    assert await made(vendor, "accounts", reference) == 0
    assert isinstance(await lend(patient, reference), VirtualAccountIssued)


async def arrival(vendor: httpx2.AsyncClient, patient: PaymentProvider, reference: str) -> str:
    issued = await lend(patient, reference)
    assert isinstance(issued, VirtualAccountIssued)
    path = f"/_sim/paystack/accounts/{issued.account.account_number}/pay"
    return str((await vendor.post(path, json={"amount": 5_000})).raise_for_status().json()["reference"])


async def contested(vendor: httpx2.AsyncClient, patient: PaymentProvider, reference: str) -> str:
    await pay(vendor, patient, reference)
    answer = await vendor.post(f"/_sim/paystack/transactions/{reference}/dispute", json={})
    return str(answer.raise_for_status().json()["id"])


Question = Callable[[], Awaitable[object]]


async def question(
    name: str, vendor: httpx2.AsyncClient, patient: PaymentProvider, hasty: PaymentProvider, reference: str
) -> Question:
    """Prepare a question about something that is there."""
    match name:
        case "payment":
            await pay(vendor, patient, reference)
            return lambda: hasty.collections.verify(reference=reference)
        case "inflow":
            theirs = await arrival(vendor, patient, reference)
            return lambda: hasty.inflows.inflow(provider_reference=theirs)
        case "transfer":
            await send(patient, reference)
            return lambda: hasty.transfer_reader.status(reference=reference)
        case "refund":
            await pay(vendor, patient, reference)
            await refund(patient, reference)
            found = await instruction(patient, reference)
            return lambda: hasty.refund_reader.status(found)
        case _:
            number = await contested(vendor, patient, reference)
            return lambda: hasty.disputes.dispute(provider_reference=number)


READS = {
    "payment": "verify",
    "inflow": "verify",
    "transfer": "verify_transfer",
    "refund": "list_refunds",
    "dispute": "dispute",
}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *((name, fault) for name in READS for fault in READ_FAULTS),
        *((name, WRONG_REFERENCE) for name in ("payment", "inflow", "transfer")),
        *((name, WRONG_CURRENCY) for name in ("refund",)),
    ],
    ids=str,
)
async def test_a_read_that_went_wrong_is_unknown_in_time(
    vendor: httpx2.AsyncClient,
    patient: PaymentProvider,
    hasty: PaymentProvider,
    reference: str,
    name: str,
    fault: dict[str, Any],
) -> None:
    ask = await question(name, vendor, patient, hasty, reference)
    await misbehave(vendor, READS[name], fault)

    async with asyncio.timeout(SECONDS):
        assert isinstance(await ask(), Unknown)


ASKS: dict[str, Callable[[PaymentProvider], Awaitable[object]]] = {
    "banks": lambda provider: provider.banks.list_banks(currency="NGN"),
    "resolve": lambda provider: provider.accounts.resolve(account_number="0001234567", bank_code="058"),
    "list_disputes": lambda provider: provider.dispute_list.disputes(since=SINCE, until=UNTIL),
    **dict.fromkeys(
        ("list_transactions", "list_transfers", "list_refunds", "list_settlements"),
        lambda provider: provider.history.history(since=SINCE, until=UNTIL),
    ),
}


@pytest.mark.parametrize("operation", ASKS)
@pytest.mark.parametrize("fault", READ_FAULTS, ids=str)
async def test_a_question_without_a_usable_answer_is_unavailable_in_time(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, operation: str, fault: dict[str, Any]
) -> None:
    await misbehave(vendor, operation, fault)

    async with asyncio.timeout(SECONDS):
        with pytest.raises(ProviderUnavailableError):
            await ASKS[operation](hasty)


@pytest.mark.parametrize("operation", WRITES)
async def test_while_one_operation_hangs_the_others_answer(
    vendor: httpx2.AsyncClient, patient: PaymentProvider, hasty: PaymentProvider, reference: str, operation: str
) -> None:
    send_it = await write(operation, vendor, patient, hasty, reference)
    await misbehave(vendor, operation, {"kind": "timeout", "seconds": 5})

    hanging = asyncio.ensure_future(send_it())
    banks = await hasty.banks.list_banks(currency="NGN")

    assert banks
    assert isinstance(await hanging, Unknown)


async def test_a_vendor_that_is_down_is_told_apart_from_one_that_does_not_answer(
    patient: PaymentProvider, reference: str, unused_tcp_port: int
) -> None:
    settings = PaystackSettings(
        secret_key=KEY, webhook_secrets=(KEY,), base_url=f"http://127.0.0.1:{unused_tcp_port}", deadline_seconds=5
    )
    async with Paystack(settings) as down:
        for name in ("transfer", "dedicated_account", "initialize"):
            assert isinstance(await WRITES[name][0](down.provider, reference), NotSent)

    assert isinstance(await send(patient, reference), Pending)
