"""The bank as a merchant's server sees it: forms as documented, notices that go by the body of the reply."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from kro_sandbox.core.replies import Verdict
from kro_sandbox.providus.events import judge
from kro_sandbox.settings import PROVIDUS_ACCOUNT, PROVIDUS_CLIENT

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Bank, Control, Receiver

# developer.providusbank.com, the samples of the calls; only names and types are compared.
DYNAMIC = {
    "account_number": "9978012701",
    "account_name": "lemuel",
    "requestSuccessful": True,
    "responseMessage": "OPERATION SUCCESSFUL",
    "responseCode": "00",
    "initiationTranRef": "Prov2312",
}
RESERVED = {
    "account_number": "9977577067",
    "account_name": "MERCHANT(lemuel)",
    "bvn": "",
    "requestSuccessful": True,
    "responseMessage": "Reserved Account Generated Successfully",
    "responseCode": "00",
}
NOTICE = {
    "sessionId": "000004210301180534806663649508",
    "accountNumber": "9977581536",
    "tranRemarks": "FROM UBA/ CREDIT-EASY LOAN-NIP/",
    "transactionAmount": "1",
    "settledAmount": "1",
    "feeAmount": "0",
    "vatAmount": "0",
    "currency": "NGN",
    "initiationTranRef": "kjhghjk",
    "settlementId": "202210301006807600001432",
    "sourceAccountNumber": "2093566866",
    "sourceAccountName": "CASAFINA CREDIT-EASY LOAN",
    "sourceBankName": "UNITED BANK FOR AFRICA",
    "channelId": "1",
    "tranDateTime": "2021-03-01 18:06:20",
}
VERIFIED = {
    **NOTICE,
    **dict.fromkeys(("transactionAmount", "settledAmount", "feeAmount", "vatAmount"), 1.0),
    "sourceBankCode": "701",
    "settlementDateTime": "1/19/2024 10:12:53 AM",
    "stamp_duty_flg": 0,
    "post_flg": 0,
    "notification_acknowledgement": 1,
}
SENT = {
    "transactionReference": "20191119143854",
    "sessionId": "999037230913163757005000082268",
    "responseMessage": "Approved or completed successfully",
    "responseCode": "00",
}
STATUS = {
    "amount": "2000.45",
    "recipientBankCode": "000013",
    "recipientAccountNumber": "0045434120",
    "transactionReference": "20191119143854|999037230913163757005000082268",
    "transactionDateTime": "2023-09-13 16:30:32",
    "currency": "NGN",
    "responseMessage": "Approved or completed successfully",
    "responseCode": "00",
}


def form(body: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in body.items()}


def told(code: str) -> bytes:
    return json.dumps({"requestSuccessful": True, "sessionId": "", "responseCode": code}).encode()


class TestForms:
    async def test_accounts(self, bank: Bank) -> None:
        dynamic = await bank.call("PiPCreateDynamicAccountNumber", {"account_name": "lemuel", "payment_ref": "r1"})
        reserved = await bank.call("PiPCreateReservedAccountNumber", {"account_name": "lemuel", "bvn": ""})

        assert form(dynamic) == form(DYNAMIC)
        assert form(reserved) == form(RESERVED)
        assert (dynamic["initiationTranRef"], reserved["account_name"]) == ("r1", "MERCHANT(lemuel)")
        assert dynamic["account_number"].startswith("99")

    async def test_an_inflow_is_texts_in_the_notice_and_numbers_in_the_verification(
        self, bank: Bank, receiver: Receiver
    ) -> None:
        receiver.answers = [told("00")]
        paid = await bank.pay(await bank.lend(), amount=100_050)

        [notice] = await receiver.wait_for(1)
        verified = await bank.verify(paid["settlement_id"])

        assert form(notice.body) == form(NOTICE)
        assert form(verified) == form(VERIFIED)
        assert (notice.body["transactionAmount"], notice.body["settledAmount"]) == ("1000.5", "955.5")
        assert (verified["transactionAmount"], verified["settledAmount"]) == (1000.5, 955.5)
        assert notice.body["initiationTranRef"] == "order1"

    async def test_what_is_not_there_has_the_same_members(self, bank: Bank) -> None:
        nothing = await bank.verify("1")

        assert nothing.keys() == VERIFIED.keys()
        assert (nothing["settlementId"], nothing["tranRemarks"]) == ("", "Transaction not found!!!")

    async def test_transfers(self, bank: Bank) -> None:
        sent = await bank.pay_out("NIPFundTransfer", **TRANSFER)
        status = await bank.pay_out("GetNIPTransactionStatus", transactionReference="20191119143854")

        assert form(sent) == form(SENT)
        assert form(status) == form(STATUS)
        assert status["transactionReference"] == f"20191119143854|{sent['sessionId']}"
        assert status["amount"] == "2000.45"

    async def test_a_chosen_debit_account_must_be_ours_and_names_no_session(self, bank: Bank) -> None:
        name = "NIPFundTransferMultipleDebitAccounts"

        other = await bank.pay_out(name, **TRANSFER, debitAccount="0000000001")
        own = await bank.pay_out(name, **TRANSFER, debitAccount=PROVIDUS_ACCOUNT)

        assert other["responseCode"] == "7701"
        assert (own["responseCode"], "sessionId" in own) == ("00", False)

    async def test_an_unknown_call_is_named(self, bank: Bank) -> None:
        answer = await bank.call("PiPCreateDnamicAccountNumber", {})

        assert answer["Message"].startswith("No HTTP resource was found that matches the request URI 'http://")

    async def test_who_it_is_has_to_be_said(self, bank: Bank) -> None:
        stranger = await replace(bank, signature="0" * 128).call("PiPBlacklistAccount", {})
        anonymous = await bank.pay_out("GetProvidusAccount", password="wrong", accountNumber=PROVIDUS_ACCOUNT)
        lower = await replace(bank, signature=bank.signature.lower()).call("PiPBlacklistAccount", {})

        assert (stranger["responseCode"], stranger["responseMessage"]) == ("05", "Authentication Failed")
        assert anonymous["responseCode"] == "63"
        assert lower["responseCode"] == "03"


TRANSFER = {
    "beneficiaryAccountName": "NNAJI, JOSHUA & VIVIAN",
    "transactionAmount": "2000.45",
    "currencyCode": "NGN",
    "narration": "Testing",
    "sourceAccountName": "KRO",
    "beneficiaryAccountNumber": "0045434120",
    "beneficiaryBank": "000013",
    "transactionReference": "20191119143854",
}


class TestReplies:
    async def test_notices_bear_the_constant(self, bank: Bank, receiver: Receiver) -> None:
        await bank.pay(await bank.lend())

        notice, *_ = await receiver.wait_for(1)
        assert notice.path == "/v1/webhooks/providus"
        assert (notice.headers["client-id"], notice.headers["x-auth-signature"]) == (PROVIDUS_CLIENT, bank.signature)

    @pytest.mark.parametrize("code", ["00", "01"])
    async def test_an_accepted_notice_has_the_money_swept(self, bank: Bank, receiver: Receiver, code: str) -> None:
        receiver.answers = [told(code)]
        before = (await bank.books())["balances"]["NGN"]["available"]

        paid = await bank.pay(await bank.lend(), amount=100_000)
        await bank.notice_is("acknowledged")

        assert (await bank.books())["balances"]["NGN"]["available"] - before == 95_500
        assert (await bank.verify(paid["settlement_id"]))["notification_acknowledgement"] == 1

    async def test_a_rejected_notice_is_not_sent_again_and_nothing_is_swept(
        self, bank: Bank, receiver: Receiver, control: Control
    ) -> None:
        receiver.answers = [told("02"), told("00")]
        before = (await bank.books())["balances"]

        await bank.pay(await bank.lend())
        await bank.notice_is("rejected")

        assert len((await control.until_delivery_is("refused"))["attempts"]) == 1
        assert (await bank.books())["balances"] == before

    @pytest.mark.parametrize(
        "answer",
        [told("03"), told("99"), b"", b"<html>", b"[]", b"null", b'{"responseCode":0}', 500, 503, 404, 201],
        ids=repr,
    )
    async def test_anything_else_has_it_sent_again(
        self, bank: Bank, receiver: Receiver, control: Control, answer: int | bytes
    ) -> None:
        receiver.answers = [answer, told("00")]

        await bank.pay(await bank.lend())

        received = await receiver.wait_for(2)
        assert received[0].raw == received[1].raw
        verdicts = [attempt["verdict"] for attempt in (await control.until_delivery_is("delivered"))["attempts"]]
        assert verdicts == ["repeat", "received"]

    @pytest.mark.parametrize("status", [201, 400, 500, 503])
    def test_a_good_code_under_another_status_settles_nothing(self, status: int) -> None:
        assert judge(status, told("00")) is Verdict.REPEAT

    async def test_a_notice_is_repeated_four_times_and_pushed_again_when_asked(
        self, bank: Bank, receiver: Receiver
    ) -> None:
        receiver.answers = [told("03")] * 5
        paid = await bank.pay(await bank.lend())
        await bank.notice_is("pending")
        assert len(receiver.received) == 5
        receiver.answers = [told("00")]

        unknown = await bank.call("PiP_RepushTransaction_SettlementId", {**paid, "session_id": "1"})
        pushed = await bank.call("PiP_RepushTransaction_SettlementId", paid)

        assert (unknown["responseCode"], pushed["responseCode"]) == ("01", "00")
        await bank.notice_is("acknowledged")


class TestUnreliable:
    async def test_a_forged_notice_lacks_the_constant(self, bank: Bank, receiver: Receiver, control: Control) -> None:
        await control.fault("webhook", "forged", "providus")

        await bank.pay(await bank.lend())

        notice, *_ = await receiver.wait_for(1)
        assert len(notice.headers["x-auth-signature"]) == 128
        assert notice.headers["x-auth-signature"] != bank.signature

    async def test_a_notice_about_another_settlement_bears_it(
        self, bank: Bank, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("webhook", "wrong_reference", "providus", reference="99")

        await bank.pay(await bank.lend())

        notice, *_ = await receiver.wait_for(1)
        assert (notice.body["settlementId"], notice.headers["x-auth-signature"]) == ("99", bank.signature)
        assert (await bank.verify("99"))["settlementId"] == ""

    async def test_a_wrong_amount_stays_a_text(self, bank: Bank, receiver: Receiver, control: Control) -> None:
        await control.fault("webhook", "wrong_amount", "providus")

        await bank.pay(await bank.lend(), amount=100_050)

        notice, *_ = await receiver.wait_for(1)
        assert notice.body["transactionAmount"] == "1001"

    async def test_a_lost_notice_can_be_sent_by_hand(
        self, client: httpx2.AsyncClient, bank: Bank, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("webhook", "lost", "providus")
        paid = await bank.pay(await bank.lend())
        assert [one["notice"] for one in (await bank.books())["inflows"]] == ["lost"]
        receiver.answers = [told("00")]

        await client.post(f"/_sim/providus/inflows/{paid['settlement_id']}/notify")

        await bank.notice_is("acknowledged")

    async def test_duplicates_are_identical(self, bank: Bank, receiver: Receiver, control: Control) -> None:
        await control.fault("webhook", "duplicate", "providus", copies=5)
        receiver.answers = [told("00"), *[told("01")] * 4]

        await bank.pay(await bank.lend())

        assert len({one.raw for one in await receiver.wait_for(5)}) == 1
        await bank.notice_is("acknowledged")

    async def test_any_notice_can_be_made_up(self, client: httpx2.AsyncClient, bank: Bank, receiver: Receiver) -> None:
        body = {"event": "settlement", "data": {"settlementId": "1", "transactionAmount": "5"}}
        receiver.answers = [told("00")]

        assert (await client.post("/_sim/webhooks/providus", json=body)).status_code == 201

        [notice] = await receiver.wait_for(1)
        assert form(notice.body) == form(NOTICE)
        assert notice.headers["x-auth-signature"] == bank.signature
