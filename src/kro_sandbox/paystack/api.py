"""Paystack's API: HTTP in, documented envelope out."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.faults import HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import with_faults
from kro_sandbox.core.wire import JSONObject, MalformedBodyError, json_response, read_object
from kro_sandbox.paystack import banks, listing
from kro_sandbox.paystack.accounts_api import AccountsAPI
from kro_sandbox.paystack.errors import PaystackError, invalid_key, missing, rate_limited
from kro_sandbox.paystack.payloads import (
    dispute_body,
    recipient_body,
    refund_body,
    transaction_body,
    transfer_body,
    transfer_created_body,
)
from kro_sandbox.paystack.refunds import REFUND_FAULTS
from kro_sandbox.paystack.replies import ok
from kro_sandbox.paystack.service import Paystack
from kro_sandbox.paystack.state import TransferStatus
from kro_sandbox.paystack.transfers import TRANSFER_FAULTS

Handler = Callable[[Request], Awaitable[Response]]

OPERATIONS: dict[str, frozenset[FaultKind]] = {
    "initialize": HTTP,
    "verify": HTTP,
    "fetch_transaction": HTTP,
    "list_transactions": HTTP,
    "banks": HTTP,
    "resolve": HTTP,
    "recipient": HTTP,
    "transfer": HTTP | TRANSFER_FAULTS,
    "finalize_transfer": HTTP,
    "verify_transfer": HTTP,
    "fetch_transfer": HTTP,
    "list_transfers": HTTP,
    "list_settlements": HTTP,
    "balance": HTTP,
    "refund": HTTP | REFUND_FAULTS,
    "list_refunds": HTTP,
    "fetch_refund": HTTP,
    "retry_refund": HTTP,
    "dispute": HTTP,
    "list_disputes": HTTP,
    "resolve_dispute": HTTP,
    "customer": HTTP,
    "fetch_customer": HTTP,
    "dedicated_account": HTTP,
    "fetch_dedicated_account": HTTP,
}


class PaystackAPI:
    def __init__(self, *, paystack: Paystack, faults: FaultBook, public_url: Callable[[Request], str]) -> None:
        self._paystack = paystack
        self._faults = faults
        self._public_url = public_url

    def routes(self) -> list[Route]:
        post, get, put = "POST", "GET", "PUT"
        table: list[tuple[str, str, str, Handler]] = [
            (post, "/transaction/initialize", "initialize", self._initialize),
            (get, "/transaction/verify/{reference}", "verify", self._verify),
            (get, "/transaction", "list_transactions", self._list_transactions),
            (get, "/transaction/{id}", "fetch_transaction", self._fetch_transaction),
            (get, "/bank", "banks", self._banks),
            (get, "/bank/resolve", "resolve", self._resolve),
            (post, "/transferrecipient", "recipient", self._create_recipient),
            (get, "/transferrecipient/{code}", "recipient", self._fetch_recipient),
            (post, "/transfer", "transfer", self._create_transfer),
            (post, "/transfer/finalize_transfer", "finalize_transfer", self._finalize_transfer),
            (post, "/transfer/resend_otp", "finalize_transfer", self._resend_otp),
            (get, "/transfer/verify/{reference}", "verify_transfer", self._verify_transfer),
            (get, "/transfer", "list_transfers", self._list_transfers),
            (get, "/transfer/{id}", "fetch_transfer", self._fetch_transfer),
            (get, "/settlement", "list_settlements", self._list_settlements),
            (get, "/balance", "balance", self._balance),
            (get, "/balance/ledger", "balance", self._ledger),
            (post, "/refund", "refund", self._create_refund),
            (get, "/refund", "list_refunds", self._list_refunds),
            (get, "/refund/{id}", "fetch_refund", self._fetch_refund),
            (get, "/dispute", "list_disputes", self._list_disputes),
            (get, "/dispute/{id}", "dispute", self._fetch_dispute),
            (put, "/dispute/{id}/resolve", "resolve_dispute", self._resolve_dispute),
            (post, "/refund/retry_with_customer_details/{id}", "retry_refund", self._retry_refund),
            *AccountsAPI(paystack=self._paystack).table,
        ]
        return [
            Route(f"/paystack{path}", self._served(operation, handler), methods=[method])
            for method, path, operation, handler in table
        ]

    def _served(self, operation: str, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            try:
                # The list of banks is the one call that Paystack answers without a key.
                if operation != "banks":
                    self._authorize(request)
                return await handler(request)
            except PaystackError as error:
                return error.response()
            except MalformedBodyError as error:
                return PaystackError(str(error)).response()

        return with_faults(
            answer, faults=self._faults, vendor="paystack", operation=operation, rate_limited=rate_limited
        )

    def _authorize(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(
            key.strip().encode(), self._paystack.secret_key.encode()
        ):
            raise invalid_key()

    async def _initialize(self, request: Request) -> Response:
        transaction = self._paystack.charges.initialize(await read_object(request))
        data = {
            "authorization_url": f"{self._public_url(request)}/paystack/checkout/{transaction.access_code}",
            "access_code": transaction.access_code,
            "reference": transaction.reference,
        }
        return ok("Authorization URL created", data)

    async def _verify(self, request: Request) -> Response:
        transaction = self._paystack.charges.verify(request.path_params["reference"])
        return ok("Verification successful", transaction_body(transaction))

    async def _fetch_transaction(self, request: Request) -> Response:
        transaction = self._paystack.charges.fetch(request.path_params["id"])
        return ok("Transaction retrieved", transaction_body(transaction))

    async def _list_transactions(self, request: Request) -> Response:
        found = listing.transactions(self._paystack.state, request.query_params)
        page, meta = listing.by_page(found, request.query_params)
        return ok("Transactions retrieved", [transaction_body(transaction) for transaction in page], meta=meta)

    async def _banks(self, request: Request) -> Response:
        query = request.query_params
        found = [bank for bank in banks.BANKS if not query.get("currency") or query["currency"] == "NGN"]
        if query.get("country", "nigeria").lower() not in ("nigeria", "ng"):
            found = []
        with_nip = query.get("include_nip_sort_code") == "true"
        page, meta = listing.by_cursor(found, query)
        return ok("Banks retrieved", [bank.body(nip=with_nip) for bank in page], meta=meta)

    async def _resolve(self, request: Request) -> Response:
        query = request.query_params
        for name in ("account_number", "bank_code"):
            if not query.get(name):
                raise missing(name)
        data = banks.resolve(bank_code=query["bank_code"], account_number=query["account_number"])
        return ok("Account number resolved", data)

    async def _create_recipient(self, request: Request) -> Response:
        recipient, is_new = self._paystack.recipients.create(await read_object(request))
        message = "Transfer recipient created successfully"
        return ok(message, recipient_body(recipient), status=201 if is_new else 200)

    async def _fetch_recipient(self, request: Request) -> Response:
        recipient = self._paystack.recipients.find(request.path_params["code"])
        return ok("Recipient retrieved", recipient_body(recipient))

    async def _create_transfer(self, request: Request) -> Response:
        transfer = self._paystack.transfers.create(await read_object(request))
        waits = transfer.status is TransferStatus.OTP
        message = "Transfer requires OTP to continue" if waits else "Transfer has been queued"
        return ok(message, transfer_created_body(transfer))

    async def _finalize_transfer(self, request: Request) -> Response:
        transfer = self._paystack.transfers.finalize(await read_object(request))
        return ok("Transfer has been queued", transfer_created_body(transfer))

    async def _resend_otp(self, request: Request) -> Response:
        self._paystack.transfers.resend_otp(await read_object(request))
        return json_response({"status": True, "message": "OTP has been resent"})

    async def _verify_transfer(self, request: Request) -> Response:
        transfer = self._paystack.transfers.verify(request.path_params["reference"])
        return ok("Transfer retrieved", transfer_body(transfer))

    async def _fetch_transfer(self, request: Request) -> Response:
        transfer = self._paystack.transfers.fetch(request.path_params["id"])
        return ok("Transfer retrieved", transfer_body(transfer))

    async def _list_transfers(self, request: Request) -> Response:
        found = listing.transfers(self._paystack.state, request.query_params)
        page, meta = listing.by_page(found, request.query_params)
        return ok("Transfers retrieved", [transfer_body(transfer) for transfer in page], meta=meta)

    async def _list_settlements(self, request: Request) -> Response:
        # Settlements are not processed in test mode, so there are none to list.
        none: tuple[JSONObject, ...] = ()
        page, meta = listing.by_page(none, request.query_params)
        return ok("Settlements retrieved", list(page), meta=meta)

    async def _balance(self, request: Request) -> Response:  # noqa: ARG002  the signature of an endpoint
        balances = self._paystack.state.account.balances
        return ok("Balances retrieved", [{"currency": name, "balance": amount} for name, amount in balances.items()])

    async def _ledger(self, request: Request) -> Response:
        newest = list(reversed(self._paystack.state.account.ledger))
        page, meta = listing.by_page(newest, request.query_params)
        return ok("Balance ledger retrieved", page, meta=meta)

    async def _create_refund(self, request: Request) -> Response:
        refund = self._paystack.refunds.create(await read_object(request))
        return ok("Refund has been queued for processing", refund_body(refund, created=True))

    async def _list_refunds(self, request: Request) -> Response:
        found = self._paystack.refunds.find(transaction=request.query_params.get("transaction"))
        page, meta = listing.by_page(found, request.query_params)
        return ok("Refunds retrieved", [refund_body(refund, created=False) for refund in page], meta=meta)

    async def _fetch_refund(self, request: Request) -> Response:
        refund = self._paystack.refunds.fetch(request.path_params["id"])
        return ok("Refund retrieved", refund_body(refund, created=False))

    async def _retry_refund(self, request: Request) -> Response:
        refund = self._paystack.refunds.retry(request.path_params["id"], await read_object(request))
        return ok("Refund retried and has been queued for processing", refund_body(refund, created=False))

    async def _list_disputes(self, request: Request) -> Response:
        found = listing.disputes(self._paystack.state, request.query_params)
        page, meta = listing.by_page(found, request.query_params)
        return ok("Disputes retrieved", [dispute_body(dispute) for dispute in page], meta=meta)

    async def _fetch_dispute(self, request: Request) -> Response:
        return ok("Dispute retrieved", dispute_body(self._paystack.disputes.fetch(request.path_params["id"])))

    async def _resolve_dispute(self, request: Request) -> Response:
        dispute = self._paystack.disputes.answer(request.path_params["id"], await read_object(request))
        return ok("Dispute successfully resolved", dispute_body(dispute))
