"""The adapter against the bank's own samples, and against everything else it might say."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.clock import FrozenClock
from kro.core.money import Money
from kro.core.outgoing import RetryPolicy
from kro.payment.providers import (
    AccountHolder,
    BankAccount,
    Capability,
    CollectionFacts,
    FailedDefinitively,
    NotFound,
    NotResolved,
    NotSent,
    Payer,
    ProviderUnavailableError,
    Reversed,
    Succeeded,
    TransferFacts,
    Unknown,
    UnsupportedAmountError,
    VirtualAccount,
    VirtualAccountIssued,
    provider_reference_for,
)
from kro.payment.providers.providus import Providus, ProvidusSettings
from kro.payment.providers.providus.accounts import Changed, Refused
from kro.payment.providers.providus.codes import CODES, Meaning
from kro.payment.providers.providus.reading import OddAnswerError, moment
from kro.payment.providers.providus.references import Rail, from_wire, to_wire, transfer_from_wire, transfer_to_wire
from kro.payment.providers.providus.units import from_naira, to_naira

REFERENCE = provider_reference_for(UUID("0190a0b1-c2d3-7e4f-8a9b-0c1d2e3f4a5b"))
SENT = transfer_to_wire(REFERENCE, rail=Rail.INTERBANK)
WITHIN = transfer_to_wire(REFERENCE, rail=Rail.WITHIN_THE_BANK)
SESSION = "999037230913163757005000082268"
AMOUNT = Money(200_045, "NGN")
HOLDER = AccountHolder(first_name="Lémuel", last_name="Ọbi", email="l@example.com", phone="+2348030000001")
GTB = BankAccount(account_number="0045434120", bank_code="058", account_name="NNAJI JOSHUA VIVIAN")
OWN = BankAccount(account_number="5900085856", bank_code="101", account_name="MERCHANT LEMUEL")
API, PAY = "/api", "/pay"
NIP, STATUS, ENQUIRY = f"{PAY}/NIPFundTransfer", f"{PAY}/GetNIPTransactionStatus", f"{PAY}/GetNIPAccount"
OWN_STATUS, OWN_ACCOUNT = f"{PAY}/GetProvidusTransactionStatus", f"{PAY}/GetProvidusAccount"
DYNAMIC, INFLOW = f"{API}/PiPCreateDynamicAccountNumber", f"{API}/PiPverifyTransaction_settlementid"
NOT_THERE = {"responseMessage": "Transaction does not exist.", "responseCode": "01"}
OWNER = {
    "bankCode": "000013",
    "accountName": "NNAJI, JOSHUA & VIVIAN",
    "transactionReference": "",
    "bvn": "",
    "responseMessage": "Approved or completed successfully",
    "accountNumber": "0045434120",
    "responseCode": "00",
}
BALANCE = {
    "accountStatus": "ACTIVE",
    "accountName": "MERCHANT(lemuel)",
    "accountNumber": "5900085856",
    "responseMessage": "SUCCESSFUL",
    "availableBalance": "996856.76",
    "responseCode": "00",
}
VERIFIED: dict[str, Any] = {
    "sessionId": "09FG240119090404935XTTGA9",
    "initiationTranRef": "",
    "accountNumber": "9977904966",
    "tranRemarks": "FROM 701/null/AT124_TRF|2MPT1xc5r|1748255361543127040/09FG240119090404935XTTGA9",
    "transactionAmount": 1000.0,
    "settledAmount": 955.0,
    "feeAmount": 45.0,
    "vatAmount": 0.0,
    "currency": "NGN",
    "settlementId": "210240119000176500002",
    "sourceAccountNumber": " ",
    "sourceAccountName": "null",
    "sourceBankCode": "701",
    "sourceBankName": "",
    "channelId": "1",
    "tranDateTime": "2024-01-19 09:04:37",
    "settlementDateTime": "1/19/2024 10:12:53 AM",
    "stamp_duty_flg": 0,
    "post_flg": 0,
    "notification_acknowledgement": 1,
}
EMPTY = {
    key: "Transaction not found!!!" if key == "tranRemarks" else "" if isinstance(value, str) else 0.0
    for key, value in VERIFIED.items()
}
AUTH_FAILED = {
    "account_number": "",
    "account_name": "",
    "requestSuccessful": False,
    "responseMessage": "Authentication Failed",
    "responseCode": "05",
    "initiationTranRef": "",
}
SPRING = {"timestamp": "2023-12-02T18:50:09.932+0000", "status": 500, "message": "java.lang.NullPointerException"}


@dataclass
class Bank:
    """Answers each path from its own list, the last answer again and again."""

    answers: dict[str, list[httpx2.Response | Exception]] = field(default_factory=dict)
    requests: list[httpx2.Request] = field(default_factory=list)
    providus: Providus = field(init=False)

    def answer(self, path: str, *answers: Any) -> None:
        self.answers[path] = [one if not isinstance(one, dict) else httpx2.Response(200, json=one) for one in answers]

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answers = self.answers[request.url.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def sent(self, path: str) -> dict[str, Any]:
        [request] = [one for one in self.requests if one.url.path == path]
        body = json.loads(request.content)
        assert isinstance(body, dict)
        return body


async def _no_sleep(_: float) -> None:
    return


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    script = Bank()
    settings = ProvidusSettings(
        base_url="https://pip.example/api",
        transfer_base_url="https://post.example/pay",
        client_id="123",
        client_secret="456",
        webhook_secrets=("456",),
        user_name="test",
        password="secret-canary",
        account_number="5900085856",
        account_name="KROTrust",
    )
    async with Providus(
        settings,
        clock=FrozenClock(),
        transport=httpx2.MockTransport(script.handle),
        retry=RetryPolicy(jitter=lambda: 0.0),
        sleep=_no_sleep,
    ) as client:
        script.providus = client
        script.answer(ENQUIRY, OWNER)
        script.answer(OWN_ACCOUNT, BALANCE)
        yield script


async def send(bank: Bank, account: BankAccount = GTB) -> Any:
    sender = bank.providus.provider.transfer_sender
    return await sender.send(reference=REFERENCE, amount=AMOUNT, account=account, narration="Payout № 7 — Ọbi")


async def status(bank: Bank) -> Any:
    return await bank.providus.provider.transfer_reader.status(reference=REFERENCE)


def sent(code: str, **more: object) -> dict[str, object]:
    return {"transactionReference": SENT, "responseMessage": "?", "responseCode": code, **more}


def known(code: str, **more: object) -> dict[str, object]:
    return {
        "amount": "2000.45",
        "recipientBankCode": "000013",
        "recipientAccountNumber": "0045434120",
        "transactionReference": f"{SENT}|{SESSION}",
        "transactionDateTime": "2023-09-13 16:30:32",
        "currency": "NGN",
        "responseMessage": "?",
        "responseCode": code,
        **more,
    }


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


class TestTransfer:
    async def test_the_documented_call(self, bank: Bank) -> None:
        bank.answer(NIP, sent("00", sessionId=SESSION))

        assert await send(bank) == Succeeded(
            TransferFacts(
                reference=REFERENCE,
                provider_reference=SENT,
                amount_minor=200_045,
                currency="NGN",
                session_id=SESSION,
            )
        )
        assert bank.sent(NIP) == {
            "beneficiaryAccountName": "NNAJI, JOSHUA & VIVIAN",
            "transactionAmount": "2000.45",
            "currencyCode": "NGN",
            "narration": "Payout No 7 Obi",
            "sourceAccountName": "KROTrust",
            "beneficiaryAccountNumber": "0045434120",
            "beneficiaryBank": "000013",
            "transactionReference": SENT,
            "userName": "test",
            "password": "secret-canary",
        }

    async def test_within_the_bank(self, bank: Bank) -> None:
        path = f"{PAY}/ProvidusFundTransfer"
        bank.answer(path, sent("00", transactionReference=WITHIN, amount="2000.45", currency="NGN"))

        assert isinstance(await send(bank, OWN), Succeeded)
        body = bank.sent(path)
        assert (body["creditAccount"], body["debitAccount"]) == ("5900085856", "5900085856")

    @pytest.mark.parametrize("code", sorted(CODES))
    async def test_each_code_means_what_the_table_says(self, bank: Bank, code: str) -> None:
        bank.answer(NIP, sent(code, sessionId="Transfer_Not_Successful"))
        bank.answer(STATUS, NOT_THERE)
        bank.answer(OWN_STATUS, NOT_THERE)

        result = await send(bank)

        if code == "00":
            assert isinstance(result, Succeeded)
        elif CODES[code].meaning is Meaning.FAILED and code not in {"26", "94", "91"}:
            assert isinstance(result, FailedDefinitively)
        else:
            assert isinstance(result, Unknown)

    @pytest.mark.parametrize(
        "answer",
        [
            sent("00", transactionReference="another"),
            {"responseCode": "00"},
            sent("00", amount="1.00"),
            sent("123"),
            {"requestSuccessful": False, "responseMessage": "Exception; Failed", "responseCode": "03"},
            httpx2.Response(400, json=sent("32")),
            httpx2.Response(429, json=sent("32")),
            httpx2.Response(500, json=SPRING),
            httpx2.Response(200, text=""),
            httpx2.ReadTimeout("slow"),
        ],
        ids=repr,
    )
    async def test_what_is_not_understood_is_unknown_and_not_sent_again(self, bank: Bank, answer: Any) -> None:
        bank.answer(NIP, answer)

        assert isinstance(await send(bank), Unknown)
        assert len([one for one in bank.requests if one.url.path == NIP]) == 1

    async def test_a_used_reference_is_asked_for(self, bank: Bank) -> None:
        bank.answer(NIP, sent("7709"))
        bank.answer(STATUS, known("00"), known("00", amount="1.00"))

        assert isinstance(await send(bank), Succeeded)
        assert await send(bank) == Unknown("amount_mismatch")

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            ({**OWNER, "responseCode": "07"}, FailedDefinitively),
            ({**OWNER, "responseCode": "8803"}, NotSent),
            ({**OWNER, "accountNumber": "0045434121"}, NotSent),
            ({**OWNER, "accountName": "SOMEBODY ELSE"}, FailedDefinitively),
            (httpx2.Response(500, json=SPRING), NotSent),
        ],
    )
    async def test_without_the_owners_name_nothing_is_sent(self, bank: Bank, answer: Any, expected: type) -> None:
        bank.answer(ENQUIRY, answer)

        assert isinstance(await send(bank), expected)
        assert not [one for one in bank.requests if one.url.path == NIP]


class TestStatus:
    async def test_the_documented_answer(self, bank: Bank) -> None:
        bank.answer(STATUS, known("00", currency="1"))

        assert await status(bank) == Succeeded(
            TransferFacts(
                reference=REFERENCE,
                provider_reference=SENT,
                amount_minor=200_045,
                currency="NGN",
                session_id=SESSION,
                updated_at=datetime(2023, 9, 13, 15, 30, 32, tzinfo=UTC),
            )
        )

    async def test_what_one_rail_does_not_know_the_other_is_asked_for(self, bank: Bank) -> None:
        bank.answer(STATUS, NOT_THERE)
        bank.answer(OWN_STATUS, known("00", transactionReference=WITHIN), NOT_THERE)

        assert isinstance(await status(bank), Succeeded)
        assert await status(bank) == Unknown("not_found")

    @pytest.mark.parametrize(
        ("code", "kind"), [("09", Unknown), ("32", FailedDefinitively), ("31", Reversed), ("91", Unknown)]
    )
    async def test_codes(self, bank: Bank, code: str, kind: type) -> None:
        bank.answer(STATUS, known(code))

        assert isinstance(await status(bank), kind)

    @pytest.mark.parametrize(
        "answer",
        [
            known("00", transactionReference="x"),
            known("32", transactionReference=f"x|{SESSION}"),
            known("00", amount="x"),
            known("00", currency="USD"),
            httpx2.Response(500, json=SPRING),
        ],
        ids=repr,
    )
    async def test_odd_answers_are_unknown(self, bank: Bank, answer: Any) -> None:
        bank.answer(STATUS, answer)

        assert isinstance(await status(bank), Unknown)


class TestBanks:
    async def test_are_listed_without_credentials(self, bank: Bank) -> None:
        path = f"{PAY}/GetNIPBanks"
        bank.answer(path, {"banks": [{"bankCode": "000014", "bankName": "ACCESS BANK"}, {}], "responseCode": "00"})

        [access] = await bank.providus.provider.banks.list_banks(currency="NGN")

        assert (access.code, access.name, access.slug) == ("000014", "ACCESS BANK", "access-bank")
        assert bank.requests[0].content == b""

    async def test_names_are_asked_for_by_either_code(self, bank: Bank) -> None:
        for code in ("058", "000013"):
            found = await bank.providus.provider.accounts.resolve(account_number="0045434120", bank_code=code)
            assert not isinstance(found, NotResolved)
            assert (found.bank_code, found.account_name) == (code, "NNAJI, JOSHUA & VIVIAN")
        assert isinstance(
            await bank.providus.provider.accounts.resolve(account_number="0045434120", bank_code="x"), NotResolved
        )

    async def test_the_balance(self, bank: Bank) -> None:
        assert await bank.providus.provider.balances.balance(currency="NGN") == Money(99_685_676, "NGN")
        bank.answer(OWN_ACCOUNT, {**BALANCE, "responseCode": "8803"})
        with pytest.raises(ProviderUnavailableError):
            await bank.providus.provider.balances.balance(currency="NGN")


async def test_what_the_bank_lacks_is_not_offered(bank: Bank) -> None:
    assert set(Capability) - bank.providus.provider.capabilities == {
        Capability.CHECKOUT,
        Capability.COLLECTIONS,
        Capability.REFUND_SENDER,
        Capability.REFUND_READER,
        Capability.HISTORY,
        Capability.DISPUTES,
        Capability.DISPUTE_LIST,
    }


async def test_no_password_reaches_a_log(bank: Bank, caplog: pytest.LogCaptureFixture) -> None:
    bank.answer(NIP, httpx2.ReadTimeout("slow"))

    await send(bank)

    assert "providus transfer" in caplog.text
    assert "secret-canary" not in caplog.text
    assert "0045434120" not in caplog.text
