"""The bank's side as a script, with its own samples."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from kro.core.money import Money
from kro.payment.providers import AccountHolder, BankAccount, provider_reference_for
from kro.payment.providers.providus import Providus
from kro.payment.providers.providus.references import Rail, transfer_to_wire

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
