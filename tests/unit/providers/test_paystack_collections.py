from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    CheckoutResult,
    CheckoutStarted,
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    InvalidReferenceError,
    NotFound,
    NotSent,
    Payer,
    Pending,
    Reversed,
    Succeeded,
    Unknown,
    UnsupportedAmountError,
    provider_reference_for,
)

REFERENCE = provider_reference_for(UUID("0190A0B1-c2d3-7e4f-8a9b-0c1d2e3f4a5b"))
INITIALIZE = "/transaction/initialize"
VERIFY = f"/transaction/verify/{REFERENCE}"
OK = Callable[[object], httpx2.Response]
Refusal = Callable[..., httpx2.Response]
# The fixture; its class lives in conftest, which tests cannot import.
Scripted = Any


async def start(paystack: Scripted, **changes: object) -> CheckoutResult:
    arguments: dict[str, object] = {
        "reference": REFERENCE,
        "amount": Money(15_201_563, "NGN"),
        "payer_email": "buyer@example.com",
        "callback_url": "https://app.example/paid",
    }
    result: CheckoutResult = await paystack.provider.checkout.start(**{**arguments, **changes})
    return result


async def verify(paystack: Scripted) -> CollectionResult:
    result: CollectionResult = await paystack.provider.collections.verify(reference=REFERENCE)
    return result


def checkout(**changes: object) -> dict[str, object]:
    return {
        "authorization_url": "https://checkout.paystack.com/3ni8k",
        "access_code": "3ni8k",
        "reference": REFERENCE,
        **changes,
    }


def transaction(**changes: object) -> dict[str, object]:
    """Return the documented answer of verify, with its quirks."""
    return {
        "id": 4099260516,
        "domain": "test",
        "status": "success",
        "reference": REFERENCE,
        "amount": 40333,
        "message": None,
        "gateway_response": "Successful",
        "paid_at": "2024-08-22T09:15:02.000Z",
        "channel": "card",
        "currency": "NGN",
        "metadata": "",
        "fees": 10283,
        "authorization": {"bank": "TEST BANK", "account_name": None},
        "customer": {"id": 1, "first_name": None, "last_name": None, "email": "buyer@example.com"},
        "requested_amount": 30050,
        "plan_object": {},
        **changes,
    }


class TestStart:
    async def test_a_page_is_opened_for_the_amount_in_kobo(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(INITIALIZE, ok(checkout()))

        result = await start(paystack, metadata={"order": "ord_1"})

        assert result == CheckoutStarted(url="https://checkout.paystack.com/3ni8k", provider_reference="3ni8k")
        assert paystack.sent(INITIALIZE) == {
            "reference": "0190a0b1-c2d3-7e4f-8a9b-0c1d2e3f4a5b",
            "amount": 15_201_563,
            "currency": "NGN",
            "email": "buyer@example.com",
            "callback_url": "https://app.example/paid",
            "metadata": {"order": "ord_1"},
        }
        assert paystack.requests[0].headers["authorization"] == "Bearer sk_test_unit"

    async def test_a_currency_without_decimals_is_sent_in_hundredths_all_the_same(
        self, paystack: Scripted, ok: OK
    ) -> None:
        paystack.answer(INITIALIZE, ok(checkout()))

        await start(paystack, amount=Money(500, "XOF"))

        assert paystack.sent(INITIALIZE)["amount"] == 50_000

    @pytest.mark.parametrize("amount", [Money(100, "EUR"), Money(0, "NGN"), Money(-1, "NGN")])
    async def test_an_amount_paystack_does_not_take_is_refused_before_any_call(
        self, paystack: Scripted, amount: Money
    ) -> None:
        with pytest.raises(UnsupportedAmountError):
            await start(paystack, amount=amount)
        assert paystack.requests == []

    @pytest.mark.parametrize("reference", ["", "ord_123", REFERENCE.upper(), REFERENCE + "\n", "../transfer"])
    async def test_a_reference_of_another_form_is_refused_before_any_call(
        self, paystack: Scripted, reference: str
    ) -> None:
        with pytest.raises(InvalidReferenceError):
            await start(paystack, reference=reference)
        assert paystack.requests == []

    @pytest.mark.parametrize(
        ("status", "code", "message", "expected"),
        [
            (400, "duplicate_reference", "Duplicate Transaction Reference", Unknown("duplicate_reference")),
            (400, None, "Duplicate Transaction Reference", Unknown("duplicate_reference")),
            (400, "invalid_params", "Bad email", FailedDefinitively("invalid_params", "Bad email")),
            (422, None, "Bad amount", FailedDefinitively("refused_422", "Bad amount")),
            (401, None, "Invalid key", NotSent("unauthorized")),
            (429, "rate_limited", "Slow down", NotSent("rate_limited")),
            (403, None, "IP not allowed", Unknown("refused_403")),
        ],
    )
    async def test_refusals(
        self, paystack: Scripted, refusal: Refusal, status: int, code: str | None, message: str, expected: object
    ) -> None:
        paystack.answer(INITIALIZE, refusal(status, code, message))

        assert await start(paystack) == expected
        assert len(paystack.requests) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"authorization_url": "javascript:alert(1)"},
            {"authorization_url": "http://checkout.example/3ni8k"},
            {"authorization_url": None},
            {"access_code": ""},
            {"reference": "another"},
        ],
    )
    async def test_an_odd_page_is_never_shown(self, paystack: Scripted, ok: OK, changes: dict[str, object]) -> None:
        paystack.answer(INITIALIZE, ok(checkout(**changes)))

        assert isinstance(await start(paystack), Unknown)

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(500, json={"status": False, "message": "oops"}),
            httpx2.Response(502, html="<h1>Bad gateway</h1>"),
            httpx2.Response(400, html="<h1>Blocked</h1>"),
            httpx2.Response(200, json={"status": False, "message": "?"}),
            httpx2.Response(200, json=[]),
            httpx2.ReadTimeout("slow"),
        ],
    )
    async def test_anything_unclear_is_unknown_and_not_repeated(
        self, paystack: Scripted, answer: httpx2.Response | Exception
    ) -> None:
        paystack.answer(INITIALIZE, answer)

        assert isinstance(await start(paystack), Unknown)
        assert len(paystack.requests) == 1

    async def test_no_connection_is_not_sent(self, paystack: Scripted) -> None:
        paystack.answer(INITIALIZE, httpx2.ConnectError("refused"))

        assert await start(paystack) == NotSent("ConnectError")


class TestVerify:
    async def test_a_success_carries_the_facts(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(VERIFY, ok(transaction()))

        assert await verify(paystack) == Succeeded(
            CollectionFacts(
                reference=REFERENCE,
                provider_reference="4099260516",
                amount_minor=40333,
                currency="NGN",
                requested_minor=30050,
                fees_minor=10283,
                channel="card",
                paid_at=datetime(2024, 8, 22, 9, 15, 2, tzinfo=UTC),
                payer=Payer(email="buyer@example.com", bank_name="TEST BANK"),
            )
        )

    async def test_a_bank_transfer_names_who_sent_it(self, paystack: Scripted, ok: OK) -> None:
        authorization = {
            "sender_name": "DEMO BUYER",
            "sender_bank": "Access Bank",
            "sender_bank_account_number": "XXXXXX4567",
        }
        paystack.answer(VERIFY, ok(transaction(authorization=authorization, customer=None, fees=None)))

        result = await verify(paystack)

        assert isinstance(result, Succeeded)
        assert result.facts.payer == Payer(name="DEMO BUYER", bank_name="Access Bank", account_number="XXXXXX4567")
        assert "DEMO" not in repr(result)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("success", Succeeded),
            ("failed", FailedDefinitively),
            ("abandoned", Pending),
            ("ongoing", Pending),
            ("pending", Pending),
            ("processing", Pending),
            ("queued", Pending),
            ("reversed", Reversed),
            ("something_new", Unknown),
            ("SUCCESS", Unknown),
            ("", Unknown),
        ],
    )
    async def test_each_status(self, paystack: Scripted, ok: OK, status: str, kind: type[object]) -> None:
        paystack.answer(VERIFY, ok(transaction(status=status)))

        result = await verify(paystack)

        assert type(result) is kind
        if isinstance(result, Pending):
            assert result.code == status

    @pytest.mark.parametrize(
        ("amount", "currency", "minor"),
        [(10000, "NGN", 10000), ("20000", "NGN", 20000), (50_000, "XOF", 500), (0, "NGN", 0)],
    )
    async def test_amounts_are_read_in_our_units(
        self, paystack: Scripted, ok: OK, amount: object, currency: str, minor: int
    ) -> None:
        paystack.answer(VERIFY, ok(transaction(amount=amount, currency=currency, requested_amount=None, fees=None)))

        result = await verify(paystack)

        assert isinstance(result, Succeeded)
        assert (result.facts.amount_minor, result.facts.currency) == (minor, currency)

    @pytest.mark.parametrize(
        "changes",
        [
            {"amount": 10000.0},
            {"amount": "10000.0"},
            {"amount": "1e4"},
            {"amount": "-1"},
            {"amount": -1},
            {"amount": True},
            {"amount": None},
            {"amount": "٣"},
            {"amount": 10**30},
            {"currency": "XOF", "amount": 50_050},
            {"currency": "EUR"},
            {"currency": None},
            {"fees": 1.5},
            {"id": None},
            {"id": 0},
            {"reference": "another"},
            {"status": None},
        ],
    )
    async def test_odd_facts_are_unknown_never_guessed(
        self, paystack: Scripted, ok: OK, changes: dict[str, object]
    ) -> None:
        paystack.answer(VERIFY, ok(transaction(**changes)))

        assert isinstance(await verify(paystack), Unknown)

    @pytest.mark.parametrize("status", [400, 404])
    async def test_no_such_transaction_is_not_a_failure(
        self, paystack: Scripted, refusal: Refusal, status: int
    ) -> None:
        paystack.answer(VERIFY, refusal(status, "transaction_not_found", "Transaction reference not found"))

        assert await verify(paystack) == NotFound()

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(401, json={"status": False, "message": "Invalid key"}),
            httpx2.Response(429, json={"status": False, "code": "rate_limited"}),
            httpx2.Response(404, html="<h1>Not found</h1>"),
            httpx2.Response(404, json={"error": "no route"}),
            httpx2.Response(500, json={"status": False}),
            httpx2.Response(200, json={"status": True, "data": []}),
            httpx2.Response(200, json={"status": "true", "data": {}}),
            httpx2.ReadTimeout("slow"),
            httpx2.ConnectError("refused"),
        ],
    )
    async def test_anything_unclear_is_unknown(self, paystack: Scripted, answer: httpx2.Response | Exception) -> None:
        paystack.answer(VERIFY, answer)

        assert isinstance(await verify(paystack), Unknown)

    async def test_a_read_is_repeated(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(VERIFY, httpx2.ReadTimeout("slow"), httpx2.Response(503), ok(transaction()))

        assert isinstance(await verify(paystack), Succeeded)
        assert len(paystack.requests) == 3

    async def test_a_foreign_reference_can_be_read_but_never_becomes_a_path(self, paystack: Scripted, ok: OK) -> None:
        foreign = "T2154954_412829_3be32076_6lcg3"
        paystack.answer(f"/transaction/verify/{foreign}", ok(transaction(reference=foreign)))

        assert isinstance(await paystack.provider.collections.verify(reference=foreign), Succeeded)
        for reference in ("", "..", "a/b", "a%2Fb", "a?b", "a" * 101):
            assert isinstance(await paystack.provider.collections.verify(reference=reference), Unknown)
        assert len(paystack.requests) == 1
