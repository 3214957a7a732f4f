from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from kro.payment.providers import Bank, NotResolved, ProviderUnavailableError, ResolvedAccount

OK = Callable[[object], httpx2.Response]
Refusal = Callable[..., httpx2.Response]
# The fixture; its class lives in conftest, which tests cannot import.
Scripted = Any

UNUSABLE = [
    httpx2.Response(500),
    httpx2.Response(401, json={"status": False, "message": "Invalid key"}),
    httpx2.Response(429, headers={"Retry-After": "60"}, json={"status": False, "code": "rate_limited"}),
    httpx2.Response(200, json={"status": True, "data": "odd"}),
    httpx2.Response(404, html="<h1>Not found</h1>"),
    httpx2.ReadTimeout("slow"),
    httpx2.ConnectError("refused"),
]


def page(*banks: object, following: str | None) -> httpx2.Response:
    return httpx2.Response(200, json={"status": True, "data": list(banks), "meta": {"next": following}})


def bank(code: object, name: str, **changes: object) -> dict[str, object]:
    return {"id": 1, "code": code, "name": name, "slug": name.lower(), "active": True, "is_deleted": None, **changes}


class TestListBanks:
    async def test_all_pages_by_name_with_leading_zeros_and_without_the_unusable(self, paystack: Scripted) -> None:
        paystack.answer(
            "/bank",
            page(
                bank("057", "Zenith"),
                bank("044", "Access"),
                bank("1", "Closed", active=False),
                bank("2", "Deleted", is_deleted=True),
                bank("3", "Deposits only", supports_transfer=False),
                following="c2",
            ),
            page(bank("50211", "Kuda"), bank(58, "Numeric code"), "rubbish", following=None),
        )

        banks = await paystack.provider.banks.list_banks(currency="NGN")

        assert banks == (
            Bank("044", "Access", "access"),
            Bank("50211", "Kuda", "kuda"),
            Bank("057", "Zenith", "zenith"),
        )
        queries = [dict(request.url.params) for request in paystack.requests]
        assert queries == [
            {"currency": "NGN", "perPage": "100", "use_cursor": "true", "country": "nigeria"},
            {"currency": "NGN", "perPage": "100", "use_cursor": "true", "country": "nigeria", "next": "c2"},
        ]

    async def test_a_cursor_that_never_ends_is_not_followed_for_ever(self, paystack: Scripted) -> None:
        paystack.answer("/bank", page(bank("044", "Access"), following="again"))

        assert await paystack.provider.banks.list_banks(currency="NGN") == (Bank("044", "Access", "access"),)
        assert len(paystack.requests) == 20

    @pytest.mark.parametrize("answer", UNUSABLE)
    async def test_no_usable_answer_is_an_error(self, paystack: Scripted, answer: httpx2.Response | Exception) -> None:
        paystack.answer("/bank", answer)

        with pytest.raises(ProviderUnavailableError):
            await paystack.provider.banks.list_banks(currency="NGN")


class TestResolve:
    async def test_a_known_account_has_a_name(self, paystack: Scripted, ok: OK) -> None:
        paystack.answer(
            "/bank/resolve", ok({"account_number": "0001234567", "account_name": "DEMO SELLER", "bank_id": 1})
        )

        result = await paystack.provider.accounts.resolve(account_number="0001234567", bank_code="058")

        assert result == ResolvedAccount(account_number="0001234567", bank_code="058", account_name="DEMO SELLER")
        assert dict(paystack.requests[0].url.params) == {"account_number": "0001234567", "bank_code": "058"}
        assert "0001234567" not in repr(result)
        assert "DEMO" not in repr(result)

    @pytest.mark.parametrize("status", [400, 404, 422])
    async def test_an_unknown_account_is_not_resolved(self, paystack: Scripted, refusal: Refusal, status: int) -> None:
        paystack.answer("/bank/resolve", refusal(status, None, "Could not resolve account name."))

        result = await paystack.provider.accounts.resolve(account_number="0001234567", bank_code="058")

        assert result == NotResolved("account_not_found")

    @pytest.mark.parametrize(
        ("number", "code"), [("123", "058"), ("00012345678", "058"), ("٠٠٠١٢٣٤٥٦٧", "058"), ("0001234567", "")]
    )
    async def test_an_impossible_account_is_not_asked_for(self, paystack: Scripted, number: str, code: str) -> None:
        assert await paystack.provider.accounts.resolve(account_number=number, bank_code=code) == NotResolved(
            "invalid_account"
        )
        assert paystack.requests == []

    @pytest.mark.parametrize(
        "answer",
        [
            *UNUSABLE,
            httpx2.Response(200, json={"status": True, "data": {"account_number": "0001234567", "account_name": " "}}),
            httpx2.Response(200, json={"status": True, "data": {"account_number": "9999999999", "account_name": "X"}}),
        ],
    )
    async def test_no_usable_answer_is_an_error_not_a_missing_account(
        self, paystack: Scripted, answer: httpx2.Response | Exception
    ) -> None:
        paystack.answer("/bank/resolve", answer)

        with pytest.raises(ProviderUnavailableError) as caught:
            await paystack.provider.accounts.resolve(account_number="0001234567", bank_code="058")
        assert "0001234567" not in str(caught.value)

    async def test_the_wait_asked_for_is_passed_on(self, paystack: Scripted) -> None:
        paystack.answer("/bank/resolve", UNUSABLE[2])

        with pytest.raises(ProviderUnavailableError) as caught:
            await paystack.provider.accounts.resolve(account_number="0001234567", bank_code="058")
        assert caught.value.retry_after_seconds == 60
