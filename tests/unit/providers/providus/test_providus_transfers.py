"""The adapter's transfers against the bank's own samples, and against whatever else it says."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from tests.unit.providers.providus.bank import (
    BALANCE,
    ENQUIRY,
    NIP,
    NOT_THERE,
    OWN,
    OWN_ACCOUNT,
    OWN_STATUS,
    OWNER,
    PAY,
    REFERENCE,
    SENT,
    SESSION,
    SPRING,
    STATUS,
    WITHIN,
    Bank,
    known,
    send,
    sent,
    status,
)

from kro.core.money import Money
from kro.payment.providers import (
    Capability,
    FailedDefinitively,
    NotResolved,
    NotSent,
    ProviderUnavailableError,
    Reversed,
    Succeeded,
    TransferFacts,
    Unknown,
)
from kro.payment.providers.providus.codes import CODES, Meaning


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
