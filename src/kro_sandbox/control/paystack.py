"""What only Paystack's own people could do: move transfers, rewrite a status, send any webhook."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.wire import json_response, read_object
from kro_sandbox.paystack.checkout import pay_by_machine
from kro_sandbox.paystack.errors import PaystackError
from kro_sandbox.paystack.payloads import dispute_body
from kro_sandbox.paystack.service import Paystack
from kro_sandbox.paystack.state import TransactionStatus, TransferStatus

_ACTIONS = {
    "reverse": TransferStatus.REVERSED,
    "fail": TransferStatus.FAILED,
    "succeed": TransferStatus.SUCCESS,
    "abandon": TransferStatus.ABANDONED,
    "block": TransferStatus.BLOCKED,
    "reject": TransferStatus.REJECTED,
}


class PaystackControl:
    def __init__(self, *, paystack: Paystack) -> None:
        self._paystack = paystack

    def routes(self) -> list[Route]:
        return [
            Route("/_sim/paystack/transfers/{reference}/{action}", self._move_transfer, methods=["POST"]),
            Route("/_sim/paystack/transactions/{reference}/pay", self._pay, methods=["POST"]),
            Route("/_sim/paystack/transactions/{reference}/status", self._set_status, methods=["POST"]),
            Route("/_sim/paystack/transactions/{reference}/dispute", self._contest, methods=["POST"]),
            Route("/_sim/paystack/disputes/{id}/{action}", self._decide_dispute, methods=["POST"]),
            Route("/_sim/paystack/accounts/{number}/pay", self._pay_to, methods=["POST"]),
            Route("/_sim/webhooks/paystack", self._send_webhook, methods=["POST"]),
        ]

    async def _move_transfer(self, request: Request) -> Response:
        transfer = self._paystack.state.transfers.get(request.path_params["reference"])
        status = _ACTIONS.get(request.path_params["action"])
        if transfer is None or status is None:
            return json_response(
                {"error": f"no such transfer, or the action is not one of {', '.join(_ACTIONS)}"}, status=404
            )
        self._paystack.transfers.end(transfer, status)
        return json_response({"reference": transfer.reference, "status": transfer.status})

    async def _pay(self, request: Request) -> Response:
        transaction = self._paystack.state.transactions.get(request.path_params["reference"])
        if transaction is None:
            return json_response({"error": "no such transaction"}, status=404)
        return await pay_by_machine(self._paystack, transaction, request)

    async def _set_status(self, request: Request) -> Response:
        transaction = self._paystack.state.transactions.get(request.path_params["reference"])
        status = (await read_object(request)).get("status")
        if transaction is None or status not in list(TransactionStatus):
            return json_response({"error": "no such transaction or status"}, status=404)
        transaction.status = TransactionStatus(status)
        return json_response({"reference": transaction.reference, "status": transaction.status})

    async def _contest(self, request: Request) -> Response:
        """Play the payer who contests a payment, or `amount` of it, at the bank."""
        transaction = self._paystack.state.transactions.get(request.path_params["reference"])
        if transaction is None:
            return json_response({"error": "no such transaction"}, status=404)
        amount = (await read_object(request)).get("amount")
        try:
            dispute = self._paystack.disputes.open(transaction, amount=amount if type(amount) is int else None)
        except PaystackError as error:
            return error.response()
        return json_response(dispute_body(dispute), status=201)

    async def _decide_dispute(self, request: Request) -> Response:
        """Play the bank: `remind`, or one of Paystack's resolutions with the `amount` that goes to the payer."""
        action, amount = request.path_params["action"], (await read_object(request)).get("amount")
        disputes = self._paystack.disputes
        try:
            dispute = disputes.fetch(request.path_params["id"])
            if action == "remind":
                disputes.remind(dispute)
            else:
                disputes.resolve(dispute, action, amount=amount if type(amount) is int else None)
        except PaystackError as error:
            return error.response()
        return json_response(dispute_body(dispute))

    async def _pay_to(self, request: Request) -> Response:
        """Play somebody who sends `amount` kobo to a dedicated account, as `sender_name` if one is given."""
        account = self._paystack.state.accounts.get(request.path_params["number"])
        if account is None:
            return json_response({"error": "no such account"}, status=404)
        body = await read_object(request)
        amount, name = body.get("amount"), body.get("sender_name", "DEMO PAYER")
        if type(amount) is not int or not isinstance(name, str):
            return json_response({"error": "amount must be a whole number, sender_name a text"}, status=422)
        try:
            transaction = self._paystack.accounts.arrive(account, amount=amount, sender_name=name)
        except PaystackError as error:
            return error.response()
        return json_response({"reference": transaction.reference, "id": transaction.id}, status=201)

    async def _send_webhook(self, request: Request) -> Response:
        body = await read_object(request)
        event, data = body.get("event"), body.get("data")
        if not isinstance(event, str) or not isinstance(data, dict):
            return PaystackError("event must be a string and data an object").response()
        reference = str(data.get("reference") or data.get("transaction_reference") or "")
        delivery = self._paystack.events.send(event, data, reference=reference, forged=body.get("forged") is True)
        return json_response({"delivery": delivery.body()}, status=201)
