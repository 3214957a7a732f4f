"""A transfer leaves once. Every answer that could hide a second one, or a lost one, is tried here."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    BankAccount,
    FailedDefinitively,
    InvalidReferenceError,
    NotFound,
    NotSent,
    Pending,
    Reversed,
    Succeeded,
    TransferFacts,
    TransferSendResult,
    TransferStatusResult,
    Unknown,
    provider_reference_for,
)

REFERENCE = provider_reference_for(UUID("0190a0b1-c2d3-7e4f-8a9b-0c1d2e3f4a5b"))
RECIPIENT = "/transferrecipient"
TRANSFER = "/transfer"
VERIFY = f"/transfer/verify/{REFERENCE}"
ACCOUNT = BankAccount(account_number="0001234567", bank_code="058", account_name="DEMO SELLER")
AMOUNT = Money(14_798_438, "NGN")
OK = Callable[[object], httpx2.Response]
Refusal = Callable[..., httpx2.Response]
# The fixture; its class lives in conftest, which tests cannot import.
Scripted = Any

FACTS = TransferFacts(
    reference=REFERENCE,
    provider_reference="TRF_v5tip3zx8nna9o78",
    amount_minor=14_798_438,
    currency="NGN",
    fees_minor=5_000,
    session_id="000013",
    updated_at=datetime(2025, 8, 4, 10, 32, 40, tzinfo=UTC),
)


def transfer(**changes: object) -> dict[str, object]:
    return {
        "domain": "test",
        "amount": 14_798_438,
        "currency": "NGN",
        "reference": REFERENCE,
        "status": "pending",
        "transfer_code": "TRF_v5tip3zx8nna9o78",
        "transferred_at": None,
        "id": 860703114,
        "recipient": 56824902,
        "fee_charged": 5_000,
        "session": {"provider": "nip", "id": "000013"},
        "updatedAt": "2025-08-04T10:32:40.000Z",
        **changes,
    }


def recipient(**details: object) -> dict[str, object]:
    return {
        "recipient_code": "RCP_gd9vgag7n5lr5ix",
        "type": "nuban",
        "details": {"account_number": "0001234567", "account_name": None, "bank_code": "058", **details},
    }


async def send(paystack: Scripted, **changes: object) -> TransferSendResult:
    arguments = {"reference": REFERENCE, "amount": AMOUNT, "account": ACCOUNT, "narration": "KRO payout"}
    result: TransferSendResult = await paystack.provider.transfer_sender.send(**{**arguments, **changes})
    return result


async def status_of(paystack: Scripted) -> TransferStatusResult:
    result: TransferStatusResult = await paystack.provider.transfer_reader.status(reference=REFERENCE)
    return result


@pytest.fixture
def ready(paystack: Scripted, ok: OK) -> Scripted:
    """Paystack that knows the recipient."""
    paystack.answer(RECIPIENT, httpx2.Response(201, json={"status": True, "data": recipient()}))
    return paystack


class TestSend:
    async def test_the_recipient_is_made_and_the_money_sent_in_kobo(self, ready: Scripted, ok: OK) -> None:
        ready.answer(TRANSFER, ok(transfer()))

        assert await send(ready) == Pending("pending", FACTS)
        assert ready.sent(RECIPIENT) == {
            "type": "nuban",
            "name": "DEMO SELLER",
            "account_number": "0001234567",
            "bank_code": "058",
            "currency": "NGN",
        }
        assert ready.sent(TRANSFER) == {
            "source": "balance",
            "amount": 14_798_438,
            "currency": "NGN",
            "recipient": "RCP_gd9vgag7n5lr5ix",
            "reference": REFERENCE,
            "reason": "KRO payout",
        }

    @pytest.mark.parametrize(
        "failure",
        [
            httpx2.ReadTimeout("slow"),
            httpx2.ReadError("reset"),
            httpx2.WriteError("reset"),
            httpx2.RemoteProtocolError("closed"),
            httpx2.Response(500, json={"status": False, "message": "oops"}),
            httpx2.Response(502, html="<h1>Bad gateway</h1>"),
            httpx2.Response(200, html="<h1>Welcome</h1>"),
            httpx2.Response(400, html="<h1>Blocked</h1>"),
            httpx2.Response(302, headers={"Location": "https://elsewhere.example/"}),
            httpx2.Response(200, json={"status": True, "data": {}}),
            httpx2.Response(200, json={"status": False, "message": "?"}),
        ],
    )
    async def test_anything_unclear_is_unknown_and_never_sent_again(
        self, ready: Scripted, failure: httpx2.Response | Exception
    ) -> None:
        ready.answer(TRANSFER, failure)

        assert isinstance(await send(ready), Unknown)
        assert len(ready.asked(TRANSFER)) == 1

    async def test_a_transfer_that_never_left_is_repeated(self, ready: Scripted, ok: OK) -> None:
        ready.answer(TRANSFER, httpx2.ConnectError("refused"), httpx2.ConnectTimeout("slow"), ok(transfer()))

        assert isinstance(await send(ready), Pending)
        assert len(ready.asked(TRANSFER)) == 3

    async def test_a_transfer_that_cannot_leave_is_not_sent(self, ready: Scripted) -> None:
        ready.answer(TRANSFER, httpx2.ConnectError("refused"))

        assert await send(ready) == NotSent("ConnectError")

    @pytest.mark.parametrize(
        "changes",
        [{"amount": 14_798_437}, {"currency": "GHS"}, {"reference": "another"}, {"amount": 14_798_438.0}],
    )
    async def test_an_answer_about_other_money_is_unknown(
        self, ready: Scripted, ok: OK, changes: dict[str, object]
    ) -> None:
        ready.answer(TRANSFER, ok(transfer(status="success", **changes)))

        assert isinstance(await send(ready), Unknown)

    async def test_a_reference_of_another_form_is_refused_before_any_call(self, ready: Scripted) -> None:
        with pytest.raises(InvalidReferenceError):
            await send(ready, reference="PYT_1")
        assert ready.requests == []


class TestRecipient:
    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (httpx2.ReadTimeout("slow"), NotSent("recipient_ReadTimeout")),
            (httpx2.Response(500), NotSent("recipient_status_500")),
            (httpx2.Response(200, json={"status": True, "data": None}), NotSent("recipient_odd_data")),
            (httpx2.Response(401, json={"status": False, "message": "Invalid key"}), NotSent("unauthorized")),
            (
                httpx2.Response(400, json={"status": False, "code": "invalid_params", "message": "Bad account"}),
                FailedDefinitively("invalid_params", "Bad account"),
            ),
        ],
    )
    async def test_without_a_recipient_nothing_is_sent(
        self, paystack: Scripted, answer: httpx2.Response | Exception, expected: object
    ) -> None:
        paystack.answer(RECIPIENT, answer)

        assert await send(paystack) == expected
        assert paystack.asked(TRANSFER) == []

    @pytest.mark.parametrize("details", [{"account_number": "0001234568"}, {"bank_code": "044"}])
    async def test_a_recipient_that_is_someone_else_gets_nothing(
        self, paystack: Scripted, ok: OK, details: dict[str, object]
    ) -> None:
        paystack.answer(RECIPIENT, ok(recipient(**details)))

        result = await send(paystack)

        assert isinstance(result, FailedDefinitively)
        assert result.code == "recipient_mismatch"
        assert paystack.asked(TRANSFER) == []


class TestRefusals:
    """A refused transfer is asked for by reference before it counts as refused."""

    @pytest.mark.parametrize(
        ("status", "code", "message", "expected"),
        [
            (400, "invalid_transfer_recipient", "Recipient specified is invalid", "invalid_transfer_recipient"),
            (400, "missing_params", "No", "missing_params"),
            (400, "invalid_params", "No", "invalid_params"),
            (400, None, "Your balance is not enough to fulfill this request", "insufficient_balance"),
            (400, "insufficient_balance", "No", "insufficient_balance"),
        ],
    )
    async def test_a_documented_refusal_of_an_unknown_reference_is_definitive(
        self, ready: Scripted, refusal: Refusal, status: int, code: str | None, message: str, expected: str
    ) -> None:
        ready.answer(TRANSFER, refusal(status, code, message))
        ready.answer(VERIFY, refusal(404, None, "Transfer not found"))

        assert await send(ready) == FailedDefinitively(expected, message)
        assert len(ready.asked(TRANSFER)) == 1

    @pytest.mark.parametrize(("status", "code"), [(400, "unknown"), (403, None), (422, "something_new"), (409, None)])
    async def test_any_other_refusal_stays_unknown(
        self, ready: Scripted, refusal: Refusal, status: int, code: str | None
    ) -> None:
        ready.answer(TRANSFER, refusal(status, code))
        ready.answer(VERIFY, refusal(404, None, "Transfer not found"))

        assert isinstance(await send(ready), Unknown)

    @pytest.mark.parametrize("code", [None, "duplicate_reference", "invalid_params"])
    async def test_a_used_reference_is_what_exists_under_it(
        self, ready: Scripted, ok: OK, refusal: Refusal, code: str | None
    ) -> None:
        ready.answer(TRANSFER, refusal(400, code, "Transfer reference already used"))
        ready.answer(VERIFY, ok(transfer(status="success", recipient={"recipient_code": "RCP_x"})))

        assert await send(ready) == Succeeded(FACTS)

    async def test_a_used_reference_with_another_amount_is_unknown(
        self, ready: Scripted, ok: OK, refusal: Refusal
    ) -> None:
        ready.answer(TRANSFER, refusal(400, "duplicate_reference"))
        ready.answer(VERIFY, ok(transfer(status="success", amount=1)))

        assert await send(ready) == Unknown("amount_mismatch")

    async def test_a_refusal_that_cannot_be_confirmed_is_unknown(self, ready: Scripted, refusal: Refusal) -> None:
        ready.answer(TRANSFER, refusal(400, "invalid_params"))
        ready.answer(VERIFY, httpx2.ReadTimeout("slow"))

        assert isinstance(await send(ready), Unknown)

    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [(401, None, NotSent("unauthorized")), (429, "rate_limited", NotSent("rate_limited"))],
    )
    async def test_a_refusal_at_the_door_is_not_sent(
        self, ready: Scripted, refusal: Refusal, status: int, code: str | None, expected: NotSent
    ) -> None:
        ready.answer(TRANSFER, refusal(status, code))

        assert await send(ready) == expected


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("pending", Pending("pending", FACTS)),
            ("otp", Pending("otp", FACTS)),
            ("received", Pending("received", FACTS)),
            ("success", Succeeded(FACTS)),
            ("reversed", Reversed(FACTS)),
            ("failed", FailedDefinitively("failed", "", FACTS)),
            ("abandoned", FailedDefinitively("abandoned", "", FACTS)),
            ("blocked", FailedDefinitively("blocked", "", FACTS)),
            ("rejected", FailedDefinitively("rejected", "", FACTS)),
            ("something_new", Unknown("odd_status")),
        ],
    )
    async def test_each_status(self, paystack: Scripted, ok: OK, status: str, expected: object) -> None:
        paystack.answer(VERIFY, ok(transfer(status=status)))

        assert await status_of(paystack) == expected

    async def test_not_found_is_not_a_failure(self, paystack: Scripted, refusal: Refusal) -> None:
        paystack.answer(VERIFY, refusal(404, None, "Transfer not found"))

        assert await status_of(paystack) == NotFound()

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(404, html="<h1>Not found</h1>"),
            httpx2.Response(404, json={"error": "no route"}),
            httpx2.Response(400, json={"status": False, "message": "?"}),
            httpx2.Response(401, json={"status": False, "message": "Invalid key"}),
            httpx2.Response(429, json={"status": False, "code": "rate_limited"}),
            httpx2.Response(500),
            httpx2.ConnectError("refused"),
            httpx2.ReadTimeout("slow"),
        ],
    )
    async def test_anything_unclear_is_unknown(self, paystack: Scripted, answer: httpx2.Response | Exception) -> None:
        paystack.answer(VERIFY, answer)

        assert isinstance(await status_of(paystack), Unknown)
