"""The production adapter against a bank that misbehaves: every operation, every fault, at most one transfer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kro.core.money import Money
from kro.core.outgoing import RetryPolicy
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    FailedDefinitively,
    NotSent,
    ProviderUnavailableError,
    Reversed,
    Succeeded,
    Unknown,
    VirtualAccountIssued,
    provider_reference_for,
)
from kro.payment.providers.providus import Providus, ProvidusSettings
from kro.payment.providers.providus.accounts import Refused

GTB = BankAccount(account_number="0001234567", bank_code="058", account_name="Demo Seller")
OWN = BankAccount(account_number="5900000001", bank_code="101", account_name="Test Account 0001")
AMOUNT = Money(1_000_050, "NGN")
HOLDER = AccountHolder(first_name="Ada", last_name="Obi", email="ada@example.com", phone="08030000001")

# Whether the bank acted before it went wrong.
ACTED: list[dict[str, Any]] = [
    {"kind": "act_then_timeout", "seconds": 5},
    {"kind": "act_then_http_error", "status": 500},
    {"kind": "act_then_http_error", "status": 502},
    {"kind": "act_then_http_error", "status": 503, "html": False},
    {"kind": "truncated"},
    # Each byte comes before the wait for one is over: only the deadline ends it.
    {"kind": "slow_drip", "bytes_per_second": 10},
    {"kind": "late", "milliseconds": 3000},
    {"kind": "exception"},
    {"kind": "empty"},
]
NOT_ACTED: list[dict[str, Any]] = [
    {"kind": "timeout", "seconds": 5},
    {"kind": "http_error", "status": 500},
    {"kind": "http_error", "status": 500, "html": False},
    {"kind": "http_error", "status": 502},
    {"kind": "http_error", "status": 503, "html": False},
    {"kind": "http_error", "status": 504},
    # How the bank limits is not published, so nothing is concluded from it where money may have moved.
    {"kind": "rate_limited", "retry_after": 30},
]
OTHER_FORM: dict[str, Any] = {"kind": "other_form"}
OTHER_CODE: dict[str, Any] = {"kind": "other_code", "code": "96"}
WRONG_REFERENCE: dict[str, Any] = {"kind": "wrong_reference", "reference": "another-reference-of-someone"}
WRONG_CURRENCY: dict[str, Any] = {"kind": "wrong_currency", "currency": "GHS"}
WRONG_AMOUNT: dict[str, Any] = {"kind": "wrong_amount", "amount": 1}
READ_FAULTS = [*ACTED, *NOT_ACTED]
# Codes that say nothing for certain: of the published tables, of the bank's own samples, and of nobody.
UNSETTLED = (
    *("01", "06", "09", "11", "12", "14", "15", "17", "18", "25", "31", "34", "35", "36", "51", "68", "69", "70"),
    *("91", "96", "97", "909", "919", "999", "9999", "8003", "8004", "8803", "7706", "X1", "", "000", "a longer text"),
)


@pytest.fixture
async def vendor(sandbox_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=sandbox_url) as control:
        yield control


def settings_for(url: str) -> ProvidusSettings:
    return ProvidusSettings(
        base_url=f"{url}/providus/appdevapi/api",
        transfer_base_url=f"{url}/providus/postingrest",
        client_id="kro_sandbox_client",
        client_secret="kro_sandbox_client_secret_0000000000000000",
        webhook_secrets=("kro_sandbox_client_secret_0000000000000000",),
        user_name="test",
        password="test",
        account_number="5900085856",
        account_name="KROTrust",
    )


@pytest.fixture
async def hasty(sandbox_url: str) -> AsyncIterator[Providus]:
    """The adapter as one that soon gives up waiting, for faults that never answer."""
    settings = replace(settings_for(sandbox_url), read_seconds=0.4, transfer_read_seconds=0.4, deadline_seconds=0.8)
    async with Providus(settings, retry=RetryPolicy(jitter=lambda: 0.0)) as providus:
        yield providus


@pytest.fixture
async def patient(sandbox_url: str) -> AsyncIterator[Providus]:
    """The adapter as it waits in production, for everything that is to succeed."""
    async with Providus(settings_for(sandbox_url)) as providus:
        yield providus


async def misbehave(vendor: httpx2.AsyncClient, operation: str, fault: dict[str, Any]) -> None:
    body = {"vendor": "providus", "operation": operation, "times": 3, **fault}
    (await vendor.post("/_sim/faults", json=body)).raise_for_status()


async def calls_spoiled(vendor: httpx2.AsyncClient) -> int:
    [fault] = (await vendor.get("/_sim/faults")).raise_for_status().json()["faults"]
    return int(fault["used"])


async def books(vendor: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await vendor.get("/_sim/books")).raise_for_status().json()["providus"]
    return found


async def lend(providus: Providus, reference: str) -> object:
    return await providus.provider.one_time_accounts.issue_one_time(reference=reference, amount=AMOUNT, holder=HOLDER)


async def reserve(providus: Providus, reference: str) -> object:
    return await providus.provider.permanent_accounts.issue_permanent(
        reference=reference, currency="NGN", holder=HOLDER
    )


async def send(providus: Providus, reference: str, *, account: BankAccount = GTB) -> object:
    return await providus.provider.transfer_sender.send(
        reference=reference, amount=AMOUNT, account=account, narration="KRO payout"
    )


async def send_within(providus: Providus, reference: str) -> object:
    return await send(providus, reference, account=OWN)


async def status(providus: Providus, reference: str) -> object:
    return await providus.provider.transfer_reader.status(reference=reference)


async def paid(vendor: httpx2.AsyncClient, providus: Providus) -> dict[str, str]:
    issued = await lend(providus, provider_reference_for(uuid4()))
    assert isinstance(issued, VirtualAccountIssued)
    path = f"/_sim/providus/accounts/{issued.account.account_number}/pay"
    return dict((await vendor.post(path, json={"amount": AMOUNT.amount})).raise_for_status().json())


Call = Callable[[Providus, str], Awaitable[object]]
WRITES: dict[str, tuple[Call, str, str]] = {
    "lend": (lend, "dynamic_account", "accounts"),
    "reserve": (reserve, "reserved_account", "accounts"),
    "send": (send, "transfer", "transfers"),
    "send_within": (send_within, "transfer", "transfers"),
}
TRANSFERS: list[Call] = [send, send_within]


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("fault", [*ACTED, *NOT_ACTED], ids=str)
async def test_a_request_that_went_wrong_is_unknown_and_was_sent_once(
    vendor: httpx2.AsyncClient, hasty: Providus, name: str, fault: dict[str, Any]
) -> None:
    write, operation, kept = WRITES[name]
    await misbehave(vendor, operation, fault)

    result = await write(hasty, provider_reference_for(uuid4()))

    assert isinstance(result, Unknown)
    assert await calls_spoiled(vendor) == 1
    made = len((await books(vendor))[kept])
    # A late answer may be acted upon after we have stopped waiting for it.
    assert made == int(fault in ACTED) or (fault["kind"] == "late" and made == 0)


@pytest.mark.parametrize("transfer", TRANSFERS)
@pytest.mark.parametrize("fault", [OTHER_FORM, *({"kind": "other_code", "code": code} for code in UNSETTLED)], ids=str)
async def test_a_transfer_whose_answer_settles_nothing_is_unknown(
    vendor: httpx2.AsyncClient, patient: Providus, transfer: Call, fault: dict[str, Any]
) -> None:
    reference = provider_reference_for(uuid4())
    await misbehave(vendor, "transfer", fault)

    result = await transfer(patient, reference)

    assert isinstance(result, Unknown)
    assert await calls_spoiled(vendor) == 1
    assert [one["amount"] for one in (await books(vendor))["transfers"]] == [AMOUNT.amount]
    # Asking by the same reference is what finds the money.
    assert isinstance(await status(patient, reference), Succeeded)


@pytest.mark.parametrize("code", ["7709", "26", "94"])
async def test_an_answer_about_a_used_reference_is_settled_by_asking(
    vendor: httpx2.AsyncClient, patient: Providus, code: str
) -> None:
    await misbehave(vendor, "transfer", {"kind": "other_code", "code": code})

    assert isinstance(await send(patient, provider_reference_for(uuid4())), Succeeded)
    assert await calls_spoiled(vendor) == 1


@pytest.mark.parametrize("name", ["lend", "reserve"])
async def test_an_account_whose_code_is_not_documented_is_unknown(
    vendor: httpx2.AsyncClient, patient: Providus, name: str
) -> None:
    write, operation, _ = WRITES[name]
    await misbehave(vendor, operation, OTHER_CODE)

    assert await write(patient, provider_reference_for(uuid4())) == Unknown("code_96")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("lend", WRONG_REFERENCE),
        ("send", WRONG_REFERENCE),
        ("send_within", WRONG_REFERENCE),
        ("send_within", WRONG_AMOUNT),
        ("send_within", WRONG_CURRENCY),
    ],
    ids=str,
)
async def test_an_answer_about_something_else_is_unknown(
    vendor: httpx2.AsyncClient, patient: Providus, name: str, fault: dict[str, Any]
) -> None:
    write, operation, _ = WRITES[name]
    await misbehave(vendor, operation, fault)

    assert isinstance(await write(patient, provider_reference_for(uuid4())), Unknown)


@pytest.mark.parametrize(("transfer", "enquiry"), [(send, "resolve"), (send_within, "account")])
@pytest.mark.parametrize("fault", [*READ_FAULTS, OTHER_FORM, OTHER_CODE], ids=str)
async def test_without_the_owners_name_nothing_is_sent(
    vendor: httpx2.AsyncClient, hasty: Providus, transfer: Call, enquiry: str, fault: dict[str, Any]
) -> None:
    await misbehave(vendor, enquiry, fault)

    assert isinstance(await transfer(hasty, provider_reference_for(uuid4())), NotSent)
    assert (await books(vendor))["transfers"] == []


@pytest.mark.parametrize("transfer", TRANSFERS)
@pytest.mark.parametrize("fault", [*READ_FAULTS, WRONG_REFERENCE, WRONG_CURRENCY, OTHER_FORM, OTHER_CODE], ids=str)
async def test_a_status_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: Providus, patient: Providus, transfer: Call, fault: dict[str, Any]
) -> None:
    reference = provider_reference_for(uuid4())
    await transfer(patient, reference)
    # What is within the bank is found by the second of two calls.
    await misbehave(vendor, "status", {**fault, "skip": 0 if transfer is send else 1})

    assert isinstance(await status(hasty, reference), Unknown)


@pytest.mark.parametrize("fault", [*READ_FAULTS, WRONG_REFERENCE, WRONG_CURRENCY], ids=str)
async def test_an_inflow_read_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: Providus, patient: Providus, fault: dict[str, Any]
) -> None:
    settlement = (await paid(vendor, patient))["settlement_id"]
    await misbehave(vendor, "inflow", fault)

    assert isinstance(await hasty.provider.inflows.inflow(provider_reference=settlement), Unknown)


@pytest.mark.parametrize("fault", [*READ_FAULTS, OTHER_CODE], ids=str)
async def test_a_push_that_went_wrong_is_no_success_and_was_asked_for_once(
    vendor: httpx2.AsyncClient, hasty: Providus, patient: Providus, fault: dict[str, Any]
) -> None:
    ids = await paid(vendor, patient)
    await misbehave(vendor, "repush", fault)

    result = await hasty.inflows.repush(**ids)

    assert await calls_spoiled(vendor) == 1
    if fault is OTHER_CODE:
        assert isinstance(result, Refused)
    else:
        assert isinstance(result, Unknown)


CHANGES: dict[str, Callable[[Providus, str], Awaitable[object]]] = {
    "rename_account": lambda providus, number: providus.virtual_accounts.rename(
        account_number=number, account_name="Bola Ade"
    ),
    "blacklist": lambda providus, number: providus.virtual_accounts.block(account_number=number),
}


@pytest.mark.parametrize("operation", CHANGES)
@pytest.mark.parametrize("fault", READ_FAULTS, ids=str)
async def test_a_change_of_an_account_that_went_wrong_is_unknown(
    vendor: httpx2.AsyncClient, hasty: Providus, patient: Providus, operation: str, fault: dict[str, Any]
) -> None:
    issued = await reserve(patient, provider_reference_for(uuid4()))
    assert isinstance(issued, VirtualAccountIssued)
    await misbehave(vendor, operation, fault)

    assert isinstance(await CHANGES[operation](hasty, issued.account.account_number), Unknown)


ASKS: dict[str, tuple[str, Callable[[Providus], Awaitable[object]]]] = {
    "banks": ("banks", lambda providus: providus.provider.banks.list_banks(currency="NGN")),
    "interbank owner": (
        "resolve",
        lambda providus: providus.provider.accounts.resolve(account_number="0001234567", bank_code="058"),
    ),
    "own owner": (
        "account",
        lambda providus: providus.provider.accounts.resolve(account_number="5900000001", bank_code="101"),
    ),
    "balance": ("account", lambda providus: providus.provider.balances.balance(currency="NGN")),
}


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.parametrize("fault", [*READ_FAULTS, OTHER_FORM, OTHER_CODE], ids=str)
async def test_a_question_without_a_usable_answer_is_unavailable(
    vendor: httpx2.AsyncClient, hasty: Providus, name: str, fault: dict[str, Any]
) -> None:
    operation, ask = ASKS[name]
    await misbehave(vendor, operation, fault)

    with pytest.raises(ProviderUnavailableError):
        await ask(hasty)


@pytest.mark.parametrize("transfer", TRANSFERS)
@pytest.mark.parametrize("code", ["32", "05", "57", "61", "8005"])
async def test_a_documented_refusal_is_definitive_and_moves_nothing(
    vendor: httpx2.AsyncClient, patient: Providus, transfer: Call, code: str
) -> None:
    before = (await books(vendor))["balances"]
    await misbehave(vendor, "transfer", {"kind": "decline", "code": code})

    result = await transfer(patient, provider_reference_for(uuid4()))

    assert isinstance(result, FailedDefinitively)
    assert result.code == code
    assert (await books(vendor))["balances"] == before


@pytest.mark.parametrize("transfer", TRANSFERS)
@pytest.mark.parametrize(("kind", "end"), [("stuck", Unknown), ("reversed", Reversed)])
async def test_what_becomes_of_a_transfer_is_told_by_its_status(
    vendor: httpx2.AsyncClient, patient: Providus, transfer: Call, kind: str, end: type
) -> None:
    await vendor.patch("/_sim/options", json={"transfer_delay": 0})
    reference = provider_reference_for(uuid4())
    await misbehave(vendor, "transfer", {"kind": kind})

    sent = await transfer(patient, reference)

    assert isinstance(sent, Unknown if kind == "stuck" else Succeeded)
    assert isinstance(await status(patient, reference), end)


async def test_a_bank_that_is_down_is_told_apart_from_one_that_does_not_answer(
    patient: Providus, unused_tcp_port: int
) -> None:
    reference = provider_reference_for(uuid4())
    async with Providus(settings_for(f"http://127.0.0.1:{unused_tcp_port}")) as down:
        result = await send(down, reference)

    assert isinstance(result, NotSent)
    assert isinstance(await send(patient, reference), Succeeded)
