"""The adapter's forms, accounts and inflows against the bank's own samples, and against whatever else it says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.providers.providus.bank import (
    AMOUNT,
    API,
    AUTH_FAILED,
    DYNAMIC,
    EMPTY,
    HOLDER,
    INFLOW,
    REFERENCE,
    SPRING,
    VERIFIED,
    Bank,
)

from kro.core.clock import FrozenClock
from kro.core.money import Money
from kro.payment.providers import (
    CollectionFacts,
    FailedDefinitively,
    NotFound,
    NotSent,
    Payer,
    Succeeded,
    Unknown,
    UnsupportedAmountError,
    VirtualAccount,
    VirtualAccountIssued,
)
from kro.payment.providers.providus.accounts import Changed, Refused
from kro.payment.providers.providus.reading import OddAnswerError, moment
from kro.payment.providers.providus.references import Rail, from_wire, to_wire, transfer_from_wire, transfer_to_wire
from kro.payment.providers.providus.units import from_naira, to_naira


class TestUnits:
    @given(kobo=st.integers(min_value=1, max_value=2**53 - 1))
    def test_a_text_is_exact(self, kobo: int) -> None:
        written = to_naira(Money(kobo, "NGN"))

        assert Decimal(written) * 100 == kobo
        assert from_naira(written) == kobo

    @given(kobo=st.integers(min_value=0, max_value=10**15 - 1))
    def test_a_number_is_exact(self, kobo: int) -> None:
        assert from_naira(Decimal(f"{kobo // 100}.{kobo % 100:02d}")) == kobo

    @pytest.mark.parametrize(
        ("written", "kobo"),
        [
            *(("1", 100), ("1.2", 120), ("100.0", 10_000), ("2000.4500", 200_045), (45, 4_500)),
            *((Decimal("1000.0"), 100_000), (Decimal("1.0E7"), 1_000_000_000), (Decimal("0.0"), 0)),
        ],
    )
    def test_the_forms_that_occur(self, written: Any, kobo: int) -> None:
        assert from_naira(written) == kobo

    @pytest.mark.parametrize(
        "odd",
        [
            *("", "-1", "1.005", "1,000.00", "NaN", "1e3", "0x1", True, None, 1000.0, 10**16),
            *map(Decimal, ("-1.0", "1.005", "1e16", "1e999999", "1e-999999", "0e-999999")),
        ],
        ids=repr,
    )
    def test_anything_else_is_odd(self, odd: Any) -> None:
        with pytest.raises(OddAnswerError):
            from_naira(odd)

    @pytest.mark.parametrize("amount", [Money(100, "USD"), Money(0, "NGN")])
    def test_only_naira_leave(self, amount: Money) -> None:
        with pytest.raises(UnsupportedAmountError):
            to_naira(amount)


class TestReferences:
    @given(value=st.uuids())
    def test_are_short_letters_and_digits_and_read_back(self, value: UUID) -> None:
        reference, wire = str(value), to_wire(str(value))

        assert (len(wire), wire.isalnum(), wire.isascii()) == (25, True, True)
        assert from_wire(wire) == from_wire(wire.lower()) == reference
        for rail in Rail:
            assert transfer_from_wire(transfer_to_wire(reference, rail=rail)) == reference

    @pytest.mark.parametrize("foreign", ["", "kjhghjk", "EXAMPLE-2102120957317052", "Z" * 25, "²" * 25])
    def test_others_are_not_ours(self, foreign: str) -> None:
        assert from_wire(foreign) is None


class TestTimes:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("2024-01-19 09:04:37", datetime(2024, 1, 19, 8, 4, 37, tzinfo=UTC)),
            ("2020-05-04 14:12:11.0", datetime(2020, 5, 4, 13, 12, 11, tzinfo=UTC)),
            ("2024-01-19 09:04:37.000", datetime(2024, 1, 19, 8, 4, 37, tzinfo=UTC)),
            ("1/19/2024 10:12:53 AM", datetime(2024, 1, 19, 9, 12, 53, tzinfo=UTC)),
            ("02-Jan-06", datetime(2006, 1, 1, 23, tzinfo=UTC)),
            ("soon", None),
            (" ", None),
        ],
    )
    def test_are_in_lagos(self, written: str, expected: datetime | None) -> None:
        assert moment({"at": written}, "at") == expected


class TestInflow:
    async def test_the_documented_answer(self, bank: Bank) -> None:
        bank.answer(INFLOW, VERIFIED)

        found = await bank.providus.provider.inflows.inflow(provider_reference="210240119000176500002")

        assert found == Succeeded(
            CollectionFacts(
                reference="",
                provider_reference="210240119000176500002",
                amount_minor=100_000,
                currency="NGN",
                fees_minor=4_500,
                channel="bank_transfer",
                paid_at=datetime(2024, 1, 19, 8, 4, 37, tzinfo=UTC),
                payer=Payer(),
                receiving_account="9977904966",
            )
        )
        [request] = bank.requests
        assert request.url.params["settlement_id"] == "210240119000176500002"
        assert (request.headers["client-id"], len(request.headers["x-auth-signature"])) == ("123", 128)

    async def test_by_session(self, bank: Bank) -> None:
        bank.answer(f"{API}/PiPverifyTransaction_sessionid", {**VERIFIED, "initiationTranRef": to_wire(REFERENCE)})

        found = await bank.providus.inflows.inflow_of_session(session_id="09FG240119090404935XTTGA9")

        assert isinstance(found, Succeeded)
        assert found.facts.reference == REFERENCE

    @pytest.mark.parametrize("code", [200, 400])
    async def test_not_found_is_told_by_empty_members(self, bank: Bank, code: int) -> None:
        bank.answer(INFLOW, httpx2.Response(code, json={**EMPTY, "sessionId": " ", "settlementId": "null"}))

        assert await bank.providus.inflows.inflow(provider_reference="1") == NotFound()

    @pytest.mark.parametrize(
        "answer",
        [
            AUTH_FAILED,
            {"Message": "No HTTP resource was found that matches the request URI ''."},
            {},
            {**EMPTY, "transactionAmount": 1.0},
            {**VERIFIED, "settlementId": "another"},
            {**VERIFIED, "settlementId": ""},
            {**VERIFIED, "currency": "USD"},
            {**VERIFIED, "transactionAmount": 0.0},
            {**VERIFIED, "transactionAmount": 1000.001},
            {**VERIFIED, "settledAmount": 1000.01},
            {**VERIFIED, "accountNumber": "1"},
            httpx2.Response(500, json=EMPTY),
            httpx2.Response(502, text="<html>"),
            httpx2.ReadTimeout("slow"),
        ],
        ids=repr,
    )
    async def test_everything_else_is_unknown(self, bank: Bank, answer: Any) -> None:
        bank.answer(INFLOW, answer)

        assert isinstance(await bank.providus.inflows.inflow(provider_reference=str(VERIFIED["settlementId"])), Unknown)

    async def test_a_repush(self, bank: Bank) -> None:
        path = f"{API}/PiP_RepushTransaction_SettlementId"
        bank.answer(path, {"requestSuccessful": False, "responseCode": "01"}, {**AUTH_FAILED})

        assert await bank.providus.inflows.repush(settlement_id="1", session_id="2") == NotFound()
        assert await bank.providus.inflows.repush(settlement_id="1", session_id="2") == NotSent("unauthorized")


class TestAccounts:
    async def test_a_dynamic_one_carries_our_reference_and_ends(self, bank: Bank) -> None:
        bank.answer(
            DYNAMIC,
            {
                "account_number": "9978012701",
                "account_name": "lemuel",
                "requestSuccessful": True,
                "responseMessage": "OPERATION SUCCESSFUL",
                "responseCode": "00",
                "initiationTranRef": to_wire(REFERENCE),
            },
        )

        issued = await bank.providus.provider.one_time_accounts.issue_one_time(
            reference=REFERENCE, amount=AMOUNT, holder=HOLDER
        )

        assert issued == VirtualAccountIssued(
            VirtualAccount(
                account_number="9978012701",
                account_name="lemuel",
                bank_name="Providus Bank",
                provider_reference=to_wire(REFERENCE),
                bank_code="000023",
                expires_at=FrozenClock().now() + timedelta(minutes=10),
            )
        )
        assert bank.sent(DYNAMIC) == {"account_name": "Lemuel Obi", "payment_ref": to_wire(REFERENCE)}

    async def test_a_reserved_one_never_ends(self, bank: Bank) -> None:
        path = f"{API}/PiPCreateReservedAccountNumber"
        done = {"requestSuccessful": True, "responseCode": "00", "bvn": ""}
        bank.answer(path, {"account_number": "9977577067", "account_name": "MERCHANT(lemuel)", **done})

        issued = await bank.providus.virtual_accounts.issue_permanent(
            reference=REFERENCE, currency="NGN", holder=HOLDER
        )

        assert isinstance(issued, VirtualAccountIssued)
        assert (issued.account.provider_reference, issued.account.expires_at) == ("9977577067", None)
        assert bank.sent(path) == {"account_name": "Lemuel Obi", "bvn": ""}

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (AUTH_FAILED, NotSent),
            ({"requestSuccessful": False, "responseCode": "03"}, FailedDefinitively),
            ({"requestSuccessful": False, "responseCode": "77"}, Unknown),
            ({"requestSuccessful": True, "responseCode": "00", "initiationTranRef": "other"}, Unknown),
            (httpx2.Response(500, json=SPRING), Unknown),
            (httpx2.ConnectError("down"), NotSent),
        ],
    )
    async def test_refusals(self, bank: Bank, answer: Any, kind: type) -> None:
        bank.answer(DYNAMIC, answer)

        issued = await bank.providus.virtual_accounts.issue_one_time(reference=REFERENCE, amount=AMOUNT, holder=HOLDER)

        assert isinstance(issued, kind)

    async def test_blocking_what_is_blocked_is_done(self, bank: Bank) -> None:
        path = f"{API}/PiPBlacklistAccount"
        already = {"requestSuccessful": False, "responseCode": "02", "responseMessage": "already blcklisted"}
        bank.answer(path, already)

        assert await bank.providus.virtual_accounts.block(account_number="9977577067") == Changed()
        assert bank.sent(path) == {"account_number": "9977577067", "blacklist_flg": 1}

    async def test_renaming(self, bank: Bank) -> None:
        bank.answer(f"{API}/PiPUpdateAccountName", {"requestSuccessful": False, "responseCode": "03"})

        renamed = await bank.providus.virtual_accounts.rename(account_number="9977577067", account_name="Other")

        assert renamed == Refused("03")
