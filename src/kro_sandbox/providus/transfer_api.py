"""The transfer service ("postingrest"): the credentials are in each body, the outcome is a code."""

import hmac
import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.faults import HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint, with_faults
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.providus import payloads
from kro_sandbox.providus.directory import BANKS, OWN_BANK, holder
from kro_sandbox.providus.errors import TransferError, rate_limited, spring_error
from kro_sandbox.providus.odd import ODD, with_odd_answers
from kro_sandbox.providus.service import Providus
from kro_sandbox.providus.transfers import TRANSFER_FAULTS

BASE = "/providus/postingrest"
OPERATIONS: dict[str, frozenset[FaultKind]] = {
    "transfer": HTTP | ODD | TRANSFER_FAULTS,
    "status": HTTP | ODD,
    "resolve": HTTP | ODD,
    "account": HTTP | ODD,
    "banks": HTTP | ODD,
    "bvn": HTTP | ODD,
}
_BVN = re.compile(r"[0-9]{11}")


class TransferAPI:
    def __init__(self, *, providus: Providus, faults: FaultBook) -> None:
        self._providus = providus
        self._faults = faults

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Endpoint]] = [
            ("GetNIPAccount", "resolve", self._resolve),
            ("NIPFundTransfer", "transfer", self._send_interbank),
            ("NIPFundTransferMultipleDebitAccounts", "transfer", self._send_from),
            ("ProvidusFundTransfer", "transfer", self._send_within),
            ("GetNIPTransactionStatus", "status", self._interbank_status),
            ("GetProvidusTransactionStatus", "status", self._within_status),
            ("GetProvidusAccount", "account", self._account),
            ("GetBVNDetails", "bvn", self._bvn),
        ]
        return [
            Route(f"{BASE}/GetNIPBanks", self._served("banks", self._banks), methods=["GET"]),
            *(
                Route(f"{BASE}/{name}", self._served(operation, self._ours(handler)), methods=["POST"])
                for name, operation, handler in table
            ),
        ]

    def _served(self, operation: str, handler: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except TransferError as error:
                return error.response()
            except MalformedBodyError:
                return spring_error(request, status=400, error="Bad Request")

        return with_faults(
            with_odd_answers(answer, faults=self._faults, operation=operation),
            faults=self._faults,
            vendor="providus",
            operation=operation,
            rate_limited=rate_limited,
        )

    def _ours(self, handler: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            body = await read_object(request)
            given = str(body.get("userName", "")), str(body.get("password", ""))
            pairs = zip(given, self._providus.login, strict=True)
            if not all(hmac.compare_digest(one.encode(), other.encode()) for one, other in pairs):
                # Not documented; the interbank tables have this code for it.
                raise TransferError("63")
            return await handler(request)

        return answer

    async def _banks(self, request: Request) -> Response:  # noqa: ARG002  the signature of an endpoint
        banks = [{"bankCode": code, "bankName": name} for code, name in BANKS.items()]
        return json_response({"banks": banks, "responseMessage": "SUCCESS", "responseCode": "00"})

    async def _resolve(self, request: Request) -> Response:
        body = await read_object(request)
        number, bank = str(body.get("accountNumber", "")), str(body.get("beneficiaryBank", ""))
        if bank not in BANKS:
            raise TransferError("16")
        name = holder(number=number, bank=bank)
        if name is None:
            raise TransferError("07")
        return json_response(payloads.owner_body(name=name, number=number, bank=bank))

    async def _send_interbank(self, request: Request) -> Response:
        transfer = self._providus.transfers.send_interbank(await read_object(request))
        return json_response(payloads.sent_body(transfer))

    async def _send_from(self, request: Request) -> Response:
        """Send from an account of ours that the call names; the bank's sample of the answer has no session."""
        transfer = self._providus.transfers.send_interbank(await read_object(request))
        answer = payloads.sent_body(transfer)
        return json_response({name: value for name, value in answer.items() if name != "sessionId"})

    async def _send_within(self, request: Request) -> Response:
        transfer = self._providus.transfers.send_within(await read_object(request))
        return json_response(payloads.sent_body(transfer))

    async def _interbank_status(self, request: Request) -> Response:
        return await self._status(request, is_within=False)

    async def _within_status(self, request: Request) -> Response:
        return await self._status(request, is_within=True)

    async def _status(self, request: Request, *, is_within: bool) -> Response:
        body = await read_object(request)
        transfer = self._providus.transfers.find(body.get("transactionReference"), is_within=is_within)
        return json_response(payloads.status_body(transfer, debit_account=self._providus.account_number))

    async def _account(self, request: Request) -> Response:
        number = str((await read_object(request)).get("accountNumber", ""))
        is_own = number == self._providus.account_number
        name = "KRO SANDBOX" if is_own else self._name_of(number)
        if name is None:
            raise TransferError("7702")
        balance = self._providus.state.available if is_own else 0
        return json_response(payloads.account_body(name=name, number=number, balance=balance))

    def _name_of(self, number: str) -> str | None:
        lent = self._providus.state.accounts.get(number)
        return holder(number=number, bank=OWN_BANK) if lent is None else lent.name

    async def _bvn(self, request: Request) -> Response:
        bvn = str((await read_object(request)).get("bvn", ""))
        if _BVN.fullmatch(bvn) is None:
            raise TransferError("30")
        return json_response(_person(bvn))


def _person(bvn: str) -> JSONObject:
    name = {"firstName": "TEST", "middleName": "", "surname": f"PERSON {bvn[-4:]}", "dateOfBirth": "02-Jan-90"}
    return {"bvn": bvn, **name, "responseCode": "00", "responseMessage": "SUCCESSFUL"}
