"""Dedicated accounts: the samples of the reference field by field, and everything else Paystack might answer."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from uuid import UUID

import httpx2
import pytest

from kro.core.outgoing import RetryPolicy
from kro.payment.providers import (
    AccountHolder,
    FailedDefinitively,
    InvalidReferenceError,
    NotSent,
    PaymentProvider,
    Unknown,
    UnsupportedAmountError,
    VirtualAccount,
    VirtualAccountIssued,
    VirtualAccountResult,
    provider_reference_for,
)
from kro.payment.providers.paystack import Paystack, PaystackSettings

REFERENCE = provider_reference_for(UUID("0190a0b1-c2d3-7e4f-8a9b-0c1d2e3f4a5b"))
HOLDER = AccountHolder(first_name="Rhoda", last_name="Church", email="Rhoda@example.com", phone="+2349053267565")
CUSTOMER, FOUND, LEND = "/customer", "/customer/Rhoda@example.com", "/dedicated_account"

OK = Callable[[object], httpx2.Response]
Refusal = Callable[..., httpx2.Response]


class Scripted(Protocol):
    provider: PaymentProvider

    def answer(self, path: str, *answers: httpx2.Response | Exception) -> None: ...
    def asked(self, path: str) -> list[httpx2.Request]: ...
    def sent(self, path: str) -> dict[str, object]: ...


def customer(**changes: object) -> dict[str, object]:
    """Return what is told of a customer: paystack.com/docs/api/customer and …/payments/dedicated-virtual-accounts."""
    return {
        "transactions": [],
        "subscriptions": [],
        "authorizations": [],
        "first_name": None,
        "last_name": None,
        "email": "rhoda@example.com",
        "phone": None,
        "metadata": None,
        "domain": "test",
        "customer_code": "CUS_kpb3qj71u1m0rw8",
        "risk_action": "default",
        "id": 7454289,
        "integration": 100043,
        "createdAt": "2022-08-15T13:46:39.000Z",
        "updatedAt": "2022-08-15T13:46:39.000Z",
        "total_transactions": 0,
        "total_transaction_value": [],
        "dedicated_account": None,
        "identified": False,
        "identifications": None,
        **changes,
    }


def assigned(**changes: object) -> dict[str, object]:
    return {
        "bank": {"name": "Wema Bank", "id": 20, "slug": "wema-bank"},
        "account_name": "KAROKART / RHODA CHURCH",
        "account_number": "9930000737",
        "assigned": True,
        "currency": "NGN",
        "metadata": None,
        "active": True,
        "id": 253,
        "created_at": "2019-12-12T12:39:04.000Z",
        "updated_at": "2020-01-06T15:51:24.000Z",
        "assignment": {
            "integration": 100043,
            "assignee_id": 7454289,
            "assignee_type": "Customer",
            "expired": False,
            "account_type": "PAY-WITH-TRANSFER-RECURRING",
            "assigned_at": "2020-01-06T15:51:24.764Z",
        },
        **changes,
    }


def lent(**changes: object) -> dict[str, object]:
    """Return the documented answer of the call that lends."""
    of = {
        "id": 7454289,
        "email": "rhoda@example.com",
        "customer_code": "CUS_kpb3qj71u1m0rw8",
        "phone": "+2349053267565",
    }
    return assigned(customer={**of, "first_name": "RHODA", "last_name": "CHURCH", "risk_action": "default"}, **changes)


ACCOUNT = VirtualAccount(
    account_number="9930000737",
    account_name="KAROKART / RHODA CHURCH",
    bank_name="Wema Bank",
    provider_reference="253",
)


async def ask(paystack: Scripted, holder: AccountHolder = HOLDER) -> VirtualAccountResult:
    return await paystack.provider.permanent_accounts.issue_permanent(
        reference=REFERENCE, currency="NGN", holder=holder
    )


class TestLending:
    async def test_a_stranger_is_made_known_and_lent_an_account_as_documented(
        self, paystack: Scripted, ok: OK, refusal: Refusal
    ) -> None:
        paystack.answer(FOUND, refusal(404, "customer_not_found"))
        paystack.answer(
            CUSTOMER, ok({"email": "rhoda@example.com", "customer_code": "CUS_kpb3qj71u1m0rw8", "id": 1173})
        )
        paystack.answer(LEND, ok(lent()))

        assert await ask(paystack) == VirtualAccountIssued(ACCOUNT)
        person = {"first_name": "Rhoda", "last_name": "Church", "phone": "+2349053267565"}
        assert paystack.sent(CUSTOMER) == {"email": "Rhoda@example.com", **person}
        assert paystack.sent(LEND) == {"customer": "CUS_kpb3qj71u1m0rw8", "preferred_bank": "test-bank", **person}

    @pytest.mark.parametrize("phone", ["+2349053267565", "09053267565", "9053267565", "234 905 326 7565"])
    async def test_the_account_there_is_is_lent_again(self, paystack: Scripted, ok: OK, phone: str) -> None:
        paystack.answer(FOUND, ok(customer(phone=phone, dedicated_account=assigned())))

        assert await ask(paystack) == VirtualAccountIssued(ACCOUNT)
        assert paystack.asked(LEND) == []

    async def test_an_older_answer_names_the_bank_as_provider(self, paystack: Scripted, ok: OK) -> None:
        provider = {"id": 1, "provider_slug": "wema-bank", "bank_id": 20, "bank_name": "Wema Bank"}
        account = {**assigned(provider=provider), "bank": None}
        paystack.answer(FOUND, ok(customer(phone=HOLDER.phone, dedicated_account=account)))

        assert await ask(paystack) == VirtualAccountIssued(ACCOUNT)

    @pytest.mark.parametrize("given_up", [{"active": False}, {"assigned": False}])
    async def test_an_account_that_was_given_up_is_none(
        self, paystack: Scripted, ok: OK, given_up: dict[str, object]
    ) -> None:
        old = assigned(account_number="9930000001", **given_up)
        paystack.answer(FOUND, ok(customer(phone=HOLDER.phone, dedicated_account=old)))
        paystack.answer(LEND, ok(lent()))

        assert await ask(paystack) == VirtualAccountIssued(ACCOUNT)

    @pytest.mark.parametrize(
        "of",
        [
            customer(phone="+2348030000009", dedicated_account=assigned()),
            # Ends in the same digits, and is a number of another country.
            customer(phone="+19053267565", dedicated_account=assigned()),
            customer(phone=None, dedicated_account=assigned()),
            customer(phone="+2348030000009"),
        ],
    )
    async def test_an_address_of_somebody_else_lends_nothing(
        self, paystack: Scripted, ok: OK, of: dict[str, object]
    ) -> None:
        paystack.answer(FOUND, ok(of))

        result = await ask(paystack)

        assert isinstance(result, FailedDefinitively)
        assert result.code == "customer_mismatch"
        assert paystack.asked(LEND) == []

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(502, text="<html>"),
            httpx2.ReadTimeout("slow"),
            httpx2.Response(200, json={"status": True, "message": "ok", "data": {}}),
            httpx2.Response(200, json={"status": True, "message": "ok", "data": customer(email="other@example.com")}),
            httpx2.Response(200, json={"status": True, "message": "ok", "data": customer(customer_code=None)}),
            httpx2.Response(400, json={"status": False, "message": "No", "code": "something_new"}),
            httpx2.Response(404, text="<html>"),
        ],
    )
    @pytest.mark.parametrize("known", [True, False])
    async def test_without_a_customer_nothing_is_lent(
        self, paystack: Scripted, refusal: Refusal, answer: httpx2.Response | Exception, known: bool
    ) -> None:
        paystack.answer(FOUND, answer if known else refusal(404))
        paystack.answer(CUSTOMER, answer)

        assert isinstance(await ask(paystack), NotSent)
        assert paystack.asked(LEND) == []
        assert len(paystack.asked(CUSTOMER)) == int(not known)

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (400, "missing_params", FailedDefinitively("missing_params", "No")),
            (400, "invalid_params", FailedDefinitively("invalid_params", "No")),
            (401, None, NotSent("unauthorized")),
            (429, "rate_limited", NotSent("rate_limited")),
            (400, "feature_unavailable", Unknown("feature_unavailable")),
            (422, None, Unknown("refused_422")),
        ],
    )
    async def test_each_refusal(
        self, paystack: Scripted, ok: OK, refusal: Refusal, status: int, code: str | None, expected: object
    ) -> None:
        paystack.answer(FOUND, ok(customer()))
        paystack.answer(LEND, refusal(status, code))

        assert await ask(paystack) == expected

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(502, text="<html>"),
            httpx2.Response(200, json={"status": False, "message": "?"}),
            httpx2.Response(200, json={"status": True, "message": "Assign dedicated account in progress"}),
            httpx2.Response(200, text="[]"),
            httpx2.ReadTimeout("slow"),
        ],
    )
    async def test_what_is_not_understood_is_unknown_and_not_sent_again(
        self, paystack: Scripted, ok: OK, answer: httpx2.Response | Exception
    ) -> None:
        paystack.answer(FOUND, ok(customer()))
        paystack.answer(LEND, answer)

        assert isinstance(await ask(paystack), Unknown)
        assert len(paystack.asked(LEND)) == 1

    @pytest.mark.parametrize(
        "odd",
        [
            {"account_number": "993000073"},
            {"account_number": 9930000737},
            {"account_name": ""},
            {"currency": "GHS"},
            {"bank": None},
            {"id": None},
            {"active": False},
            {"assigned": False},
            {"customer": {"customer_code": "CUS_other"}},
        ],
        ids=str,
    )
    async def test_an_odd_account_is_told_to_nobody(self, paystack: Scripted, ok: OK, odd: dict[str, object]) -> None:
        paystack.answer(FOUND, ok(customer()))
        paystack.answer(LEND, ok({**lent(), **odd}))

        assert isinstance(await ask(paystack), Unknown)

    async def test_an_address_cannot_lead_elsewhere(self, paystack: Scripted, refusal: Refusal) -> None:
        paystack.answer("/customer/../transfer?x=#@example.com", refusal(401))

        await ask(paystack, replace(HOLDER, email="../transfer?x=#@example.com"))

        [request] = paystack.asked("/customer/../transfer?x=#@example.com")
        assert request.url.raw_path == b"/customer/..%2Ftransfer%3Fx%3D%23@example.com"

    async def test_nothing_is_asked_in_another_currency_or_under_another_reference(self, paystack: Scripted) -> None:
        issuer = paystack.provider.permanent_accounts
        with pytest.raises(UnsupportedAmountError):
            await issuer.issue_permanent(reference=REFERENCE, currency="GHS", holder=HOLDER)
        with pytest.raises(InvalidReferenceError):
            await issuer.issue_permanent(reference="mine", currency="NGN", holder=HOLDER)

    @pytest.mark.parametrize(
        ("key", "wished", "bank"),
        [
            ("sk_test_unit", None, "test-bank"),
            ("sk_test_unit", "titan-paystack", "test-bank"),
            ("sk_live_unit", None, "wema-bank"),
            ("sk_live_unit", "titan-paystack", "titan-paystack"),
        ],
    )
    async def test_the_bank_is_the_one_of_the_key(self, ok: OK, key: str, wished: str | None, bank: str) -> None:
        bodies: list[bytes] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            bodies.append(request.content)
            return ok(customer() if request.method == "GET" else lent())

        settings = PaystackSettings(secret_key=key, webhook_secrets=(key,), account_bank=wished)
        transport = httpx2.MockTransport(handle)
        async with Paystack(settings, transport=transport, retry=RetryPolicy(tries=1)) as paystack:
            await paystack.provider.permanent_accounts.issue_permanent(
                reference=REFERENCE, currency="NGN", holder=HOLDER
            )

        assert f'"preferred_bank": "{bank}"'.encode() in bodies[-1]
