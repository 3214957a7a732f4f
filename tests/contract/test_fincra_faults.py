"""The production adapter against a Fincra that misbehaves: every operation, every fault, at most one payout."""

from collections.abc import AsyncIterator, Awaitable, Callable
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
    ProviderUnavailableError,
    Unknown,
    VirtualAccountIssued,
    provider_reference_for,
)
from kro.payment.providers.fincra import Fincra, FincraSettings

SELLER = BankAccount(account_number="2345678901", bank_code="058", account_name="Chinwe Eze")
AMOUNT = Money(1_000_000, "NGN")
HOLDER = AccountHolder(
    first_name="Ada", last_name="Obi", email="ada@example.com", phone="08030000001", bvn="22222222222"
)

# Whether the vendor acted before it went wrong.
ACTED: list[dict[str, Any]] = [
    {"kind": "act_then_timeout", "seconds": 5},
    {"kind": "act_then_http_error", "status": 500},
    {"kind": "act_then_http_error", "status": 502},
    {"kind": "act_then_http_error", "status": 503, "html": False},
    {"kind": "truncated"},
    # Each byte comes before the wait for one is over: only the deadline ends it.
    {"kind": "slow_drip", "bytes_per_second": 10},
    {"kind": "late", "milliseconds": 3000},
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
async def hasty(sandbox_url: str) -> AsyncIterator[PaymentProvider]:
    """A provider that soon gives up waiting, for faults that never answer."""
    settings = FincraSettings(
        secret_key="fincra_kro_sandbox_secret_000000000000",
        public_key="pk_test_kro_sandbox_fincra_00000000000",
        business_id="64f1c2a4b7d9e30012ab4567",
        webhook_secrets=("fincra_kro_sandbox_webhook_00000000000",),
        base_url=f"{sandbox_url}/fincra",
        read_seconds=0.4,
        transfer_read_seconds=0.4,
        deadline_seconds=0.8,
    )
    async with Fincra(settings, retry=RetryPolicy(jitter=lambda: 0.0)) as fincra:
        yield fincra.provider


async def misbehave(vendor: httpx2.AsyncClient, operation: str, fault: dict[str, Any]) -> None:
    body = {"vendor": "fincra", "operation": operation, "times": 3, **fault}
    (await vendor.post("/_sim/faults", json=body)).raise_for_status()


async def books(vendor: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await vendor.get("/_sim/books")).raise_for_status().json()["fincra"]
    return found


async def start(provider: PaymentProvider, reference: str) -> object:
    return await provider.checkout.start(
        reference=reference, amount=AMOUNT, payer_email="buyer@example.com", callback_url="http://127.0.0.1:3000/paid"
    )


async def lend(provider: PaymentProvider, reference: str) -> object:
    return await provider.one_time_accounts.issue_one_time(reference=reference, amount=AMOUNT, holder=HOLDER)


async def open_account(provider: PaymentProvider, reference: str) -> object:
    return await provider.permanent_accounts.issue_permanent(reference=reference, currency="NGN", holder=HOLDER)


async def send(provider: PaymentProvider, reference: str) -> object:
    return await provider.transfer_sender.send(
        reference=reference, amount=AMOUNT, account=SELLER, narration="KRO payout"
    )


Write = Callable[[PaymentProvider, str], Awaitable[object]]
WRITES: dict[str, tuple[Write, str]] = {
    "initiate": (start, "charges"),
    "charge": (lend, "charges"),
    "virtual_account": (open_account, "accounts"),
    "payout": (send, "payouts"),
}


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", [*ACTED, *NOT_ACTED], ids=str)
async def test_a_request_that_went_wrong_is_unknown_and_was_acted_upon_at_most_once(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, operation: str, fault: dict[str, Any]
) -> None:
    write, kept = WRITES[operation]
    await misbehave(vendor, operation, fault)

    result = await write(hasty, provider_reference_for(uuid4()))

    assert isinstance(result, Unknown)
    made = len((await books(vendor))[kept])
    # A late answer may be acted upon after we have stopped waiting for it.
    assert made == int(fault in ACTED) or (fault["kind"] == "late" and made == 0)


@pytest.mark.parametrize("operation", WRITES)
async def test_a_rate_limited_request_is_not_sent(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, operation: str
) -> None:
    write, kept = WRITES[operation]
    await misbehave(vendor, operation, RATE_LIMITED)

    result = await write(hasty, provider_reference_for(uuid4()))

    assert result == NotSent("rate_limited", retry_after_seconds=30)
    assert (await books(vendor))[kept] == []


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("charge", WRONG_AMOUNT),
        ("charge", WRONG_CURRENCY),
        ("charge", WRONG_REFERENCE),
        ("virtual_account", WRONG_CURRENCY),
        ("virtual_account", WRONG_REFERENCE),
        ("payout", WRONG_REFERENCE),
    ],
    ids=str,
)
async def test_an_answer_about_something_else_is_unknown(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, operation: str, fault: dict[str, Any]
) -> None:
    await misbehave(vendor, operation, fault)

    assert isinstance(await WRITES[operation][0](hasty, provider_reference_for(uuid4())), Unknown)


@pytest.mark.parametrize("fault", [*READ_FAULTS, WRONG_REFERENCE], ids=str)
@pytest.mark.parametrize("begin", [start, lend])
async def test_a_payment_read_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, begin: Write, fault: dict[str, Any]
) -> None:
    reference = provider_reference_for(uuid4())
    await begin(hasty, reference)
    # A direct charge is found by the second of two reads.
    await misbehave(vendor, "verify", {**fault, "skip": 0 if begin is start else 1})

    assert isinstance(await hasty.collections.verify(reference=reference), Unknown)


@pytest.mark.parametrize("fault", [*READ_FAULTS, WRONG_REFERENCE], ids=str)
async def test_a_payout_read_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, fault: dict[str, Any]
) -> None:
    reference = provider_reference_for(uuid4())
    await send(hasty, reference)
    await misbehave(vendor, "verify_payout", fault)

    assert isinstance(await hasty.transfer_reader.status(reference=reference), Unknown)


@pytest.mark.parametrize("fault", [*READ_FAULTS, WRONG_REFERENCE], ids=str)
async def test_an_inflow_read_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, fault: dict[str, Any]
) -> None:
    issued = await open_account(hasty, provider_reference_for(uuid4()))
    assert isinstance(issued, VirtualAccountIssued)
    path = f"/_sim/fincra/accounts/{issued.account.account_number}/pay"
    theirs = (await vendor.post(path, json={"amount": 5_000})).raise_for_status().json()["reference"]
    await misbehave(vendor, "collection", fault)

    assert isinstance(await hasty.inflows.inflow(provider_reference=theirs), Unknown)


ASKS: dict[str, Callable[[PaymentProvider], Awaitable[object]]] = {
    "banks": lambda provider: provider.banks.list_banks(currency="NGN"),
    "resolve": lambda provider: provider.accounts.resolve(account_number="2345678901", bank_code="058"),
    "wallets": lambda provider: provider.balances.balance(currency="NGN"),
}


@pytest.mark.parametrize("operation", ASKS)
@pytest.mark.parametrize("fault", READ_FAULTS, ids=str)
async def test_a_question_without_a_usable_answer_is_unavailable(
    vendor: httpx2.AsyncClient, hasty: PaymentProvider, operation: str, fault: dict[str, Any]
) -> None:
    await misbehave(vendor, operation, fault)

    with pytest.raises(ProviderUnavailableError):
        await ASKS[operation](hasty)
