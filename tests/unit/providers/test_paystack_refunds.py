"""A refund is looked for before it is asked for. Every answer that could hide a second one is tried here."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from kro.core.money import Money
from kro.payment.providers import (
    FailedDefinitively,
    InvalidReferenceError,
    NotFound,
    NotSent,
    Pending,
    RefundFacts,
    RefundInstruction,
    RefundSendResult,
    RefundStatusResult,
    Succeeded,
    Unknown,
    UnsupportedAmountError,
    provider_reference_for,
)

REFERENCE = provider_reference_for(UUID("0190a0b1-c2d3-7e4f-8a9b-0c1d2e3f4a5b"))
REFUND = "/refund"
ORDER = RefundInstruction(REFERENCE, "1004723697", Money(10_000, "NGN"))
FACTS = RefundFacts("3018284", 10_000, "NGN", datetime(2021, 12, 7, 9, 21, 17, 122_000, tzinfo=UTC))
OK = Callable[[object], httpx2.Response]
Refusal = Callable[..., httpx2.Response]
# The fixture; its class lives in conftest, which tests cannot import.
Scripted = Any


def refund(**changes: object) -> dict[str, object]:
    """Return a refund as it is listed."""
    return {
        "id": 3018284,
        "transaction": 1004723697,
        "amount": 10_000,
        "currency": "NGN",
        "status": "pending",
        "merchant_note": REFERENCE,
        "customer_note": "Refund",
        "updatedAt": "2021-12-07T09:21:17.122Z",
        **changes,
    }


def created(**changes: object) -> dict[str, object]:
    """Return a refund as it is answered when it is made."""
    return refund(transaction={"id": 1004723697, "reference": "T685312322670591"}, **changes)


async def send(paystack: Scripted, order: RefundInstruction = ORDER) -> RefundSendResult:
    result: RefundSendResult = await paystack.provider.refund_sender.send(order)
    return result


async def status_of(paystack: Scripted, order: RefundInstruction = ORDER) -> RefundStatusResult:
    result: RefundStatusResult = await paystack.provider.refund_reader.status(order)
    return result


def posted(paystack: Scripted) -> int:
    return sum(request.method == "POST" for request in paystack.asked(REFUND))


class TestSend:
    async def test_asks_what_is_there_and_then_for_the_refund_in_kobo(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([]), ok(created()))

        assert await send(paystack) == Pending("pending", FACTS)
        listed, made = paystack.asked(REFUND)
        assert dict(listed.url.params) == {"transaction": "1004723697", "perPage": "100"}
        assert b'"merchant_note": "0190a0b1' in made.content
        assert b'"amount": 10000' in made.content

    async def test_what_is_there_is_not_asked_for_again(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([refund(status="processed")]))

        assert await send(paystack) == Succeeded(FACTS)
        assert posted(paystack) == 0

    async def test_another_refund_of_the_same_payment_and_amount_is_not_ours(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([refund(id=1, merchant_note="by hand")]), ok(created()))

        assert isinstance(await send(paystack), Pending)
        assert posted(paystack) == 1

    async def test_a_failed_try_of_ours_does_not_answer_for_the_next(self, paystack: Scripted, ok: OK) -> None:
        retry = RefundInstruction(REFERENCE, ORDER.transaction, ORDER.amount, failed=frozenset({"7"}))
        paystack.answer(REFUND, ok([refund(id=7, status="failed")]), ok(created()))

        assert isinstance(await send(paystack, retry), Pending)
        assert posted(paystack) == 1

    @pytest.mark.parametrize(
        "failure", [httpx2.ReadTimeout("slow"), httpx2.ReadError("reset"), httpx2.Response(502), httpx2.Response(200)]
    )
    async def test_an_unclear_answer_is_unknown_and_asked_once(
        self, paystack: Scripted, ok: OK, failure: httpx2.Response | Exception
    ) -> None:
        paystack.answer(REFUND, ok([]), failure)

        assert isinstance(await send(paystack), Unknown)
        assert posted(paystack) == 1

    @pytest.mark.parametrize("failure", [httpx2.ReadTimeout("slow"), httpx2.Response(500), httpx2.Response(200)])
    async def test_nothing_is_asked_for_while_nobody_knows_what_is_there(
        self, paystack: Scripted, failure: httpx2.Response | Exception
    ) -> None:
        paystack.answer(REFUND, failure)

        assert isinstance(await send(paystack), NotSent)
        assert posted(paystack) == 0

    @pytest.mark.parametrize(
        ("status", "result"),
        [
            (401, NotSent("unauthorized")),
            (429, NotSent("rate_limited")),
            (400, FailedDefinitively("invalid_params", "No")),
            (404, FailedDefinitively("invalid_params", "No")),
            (422, FailedDefinitively("invalid_params", "No")),
            (409, Unknown("invalid_params")),
        ],
    )
    async def test_a_refusal_counts_when_nothing_is_there_after_it(
        self, paystack: Scripted, ok: OK, refusal: Refusal, status: int, result: object
    ) -> None:
        paystack.answer(REFUND, ok([]), refusal(status, "invalid_params"), ok([]))

        assert await send(paystack) == result

    async def test_a_refusal_of_what_exists_all_the_same_does_not_count(
        self, paystack: Scripted, ok: OK, refusal: Refusal
    ) -> None:
        paystack.answer(REFUND, ok([]), refusal(400, "invalid_params"), ok([refund()]))

        assert await send(paystack) == Pending("pending", FACTS)

    @pytest.mark.parametrize(
        "odd",
        [
            {"transaction": {"id": 1, "reference": "other"}},
            {"merchant_note": "other"},
            {"amount": 9_999},
            {"currency": "GHS"},
            {"status": "done"},
            {"id": None},
            {"amount": 100.0},
        ],
    )
    async def test_an_answer_about_something_else_is_unknown(
        self, paystack: Scripted, ok: OK, odd: dict[str, object]
    ) -> None:
        paystack.answer(REFUND, ok([]), ok({**created(), **odd}))

        assert isinstance(await send(paystack), Unknown)

    async def test_a_foreign_reference_or_currency_never_leaves(self, paystack: Scripted) -> None:
        with pytest.raises(InvalidReferenceError):
            await send(paystack, RefundInstruction("dashboard", "1", Money(1, "NGN")))
        with pytest.raises(UnsupportedAmountError):
            await send(paystack, RefundInstruction(REFERENCE, "1", Money(1, "JPY")))
        assert paystack.requests == []


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "result"),
        [
            ("pending", Pending("pending", FACTS)),
            ("processing", Pending("processing", FACTS)),
            ("needs-attention", Pending("needs-attention", FACTS)),
            ("processed", Succeeded(FACTS)),
            ("failed", FailedDefinitively("failed", "", FACTS)),
            ("reversed", Unknown("odd_status")),
        ],
    )
    async def test_every_documented_word(self, paystack: Scripted, ok: OK, word: str, result: object) -> None:
        paystack.answer(REFUND, ok([refund(status=word)]))

        assert await status_of(paystack) == result

    async def test_nothing_under_our_note_is_not_found(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([refund(merchant_note=None)]))

        assert await status_of(paystack) == NotFound()

    async def test_two_under_our_note_are_for_a_person(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([refund(id=1), refund(id=2)]))

        assert await status_of(paystack) == Unknown("several_refunds")

    async def test_a_failed_try_that_went_on_is_for_a_person(self, paystack: Scripted, ok: OK) -> None:
        retry = RefundInstruction(REFERENCE, ORDER.transaction, ORDER.amount, failed=frozenset({"7"}))
        paystack.answer(REFUND, ok([refund(id=7, status="processed")]))

        assert await status_of(paystack, retry) == Unknown("failed_refund_went_on")

    async def test_a_list_that_may_be_cut_says_nothing(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([refund(id=number + 1, merchant_note="by hand") for number in range(100)]))

        assert await status_of(paystack) == Unknown("list_may_be_cut")

    async def test_a_list_of_another_payment_says_nothing(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(REFUND, ok([refund(transaction=5, merchant_note="by hand")]))

        assert await status_of(paystack) == Unknown("transaction_mismatch")

    @pytest.mark.parametrize("data", [None, {}, [1], [None], "none"])
    async def test_an_odd_list_is_unknown(self, paystack: Scripted, ok: OK, data: object) -> None:
        paystack.answer(REFUND, ok(data))

        assert isinstance(await status_of(paystack), Unknown)

    async def test_a_refused_list_is_unknown(self, paystack: Scripted, refusal: Refusal) -> None:
        paystack.answer(REFUND, refusal(404, "transaction_not_found"))

        assert await status_of(paystack) == Unknown("transaction_not_found")
