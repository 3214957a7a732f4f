"""What only the bank's own people, payers and time could do."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.wire import JSONObject, json_response, read_object
from kro_sandbox.providus.events import EVENT
from kro_sandbox.providus.payloads import made_up_notice, notice_body
from kro_sandbox.providus.service import Providus
from kro_sandbox.providus.state import ProvidusState, TransferState

_ENDS = {"succeed": TransferState.SUCCEEDED, "fail": TransferState.FAILED, "reverse": TransferState.REVERSED}
_PAYMENT: dict[str, type] = {
    "amount": int,
    "fee": int,
    "payer_name": str,
    "payer_account": str,
    "hidden_reads": int,
}


class ProvidusControl:
    def __init__(self, *, providus: Providus) -> None:
        self._providus = providus

    def routes(self) -> list[Route]:
        return [
            Route("/_sim/providus/accounts/{number}/pay", self._pay, methods=["POST"]),
            Route("/_sim/providus/accounts/{number}/expire", self._expire, methods=["POST"]),
            Route("/_sim/providus/inflows/{settlement}/notify", self._notify, methods=["POST"]),
            Route("/_sim/providus/transfers/{reference}/{action}", self._end_transfer, methods=["POST"]),
            Route("/_sim/webhooks/providus", self._send_webhook, methods=["POST"]),
        ]

    async def _pay(self, request: Request) -> Response:
        """Play somebody who sends `amount` kobo, of which the bank keeps `fee`."""
        account = self._providus.state.accounts.get(request.path_params["number"])
        wanted = await read_object(request)
        if account is None:
            return json_response({"error": "no such account"}, status=404)
        if _wrong(wanted) or wanted.get("amount", 0) <= 0:
            return json_response({"error": f"a payment has an amount, and may have {', '.join(_PAYMENT)}"}, status=422)
        inflow = self._providus.collecting.arrive(account, **wanted)
        return json_response({"settlement_id": inflow.settlement_id, "session_id": inflow.session_id}, status=201)

    async def _expire(self, request: Request) -> Response:
        account = self._providus.state.accounts.get(request.path_params["number"])
        if account is None:
            return json_response({"error": "no such account"}, status=404)
        self._providus.collecting.expire(account)
        return json_response({"number": account.number})

    async def _notify(self, request: Request) -> Response:
        """Have the bank tell of an inflow again, as its own people could."""
        inflow = self._providus.state.inflows.get(request.path_params["settlement"])
        if inflow is None:
            return json_response({"error": "no such inflow"}, status=404)
        self._providus.collecting.tell(inflow)
        return json_response({"notice": inflow.notice}, status=202)

    async def _end_transfer(self, request: Request) -> Response:
        transfer = self._providus.state.transfers.get(request.path_params["reference"])
        state = _ENDS.get(request.path_params["action"])
        if transfer is None or state is None:
            return json_response({"error": f"no such transfer, or not one of {', '.join(_ENDS)}"}, status=404)
        self._providus.transfers.end(transfer, state)
        return json_response({"reference": transfer.reference, "state": transfer.state})

    async def _send_webhook(self, request: Request) -> Response:
        """Send any notice: what `data` leaves out is taken from the inflow it names, or made up."""
        body = await read_object(request)
        event, data = body.get("event"), body.get("data")
        if event != EVENT or not isinstance(data, dict):
            return json_response({"error": f"event must be {EVENT} and data an object"}, status=400)
        inflow = self._providus.state.inflows.get(str(data.get("settlementId")))
        notice = (made_up_notice() if inflow is None else notice_body(inflow)) | data
        delivery = self._providus.events.send(notice, forged=body.get("forged") is True)
        return json_response({"delivery": delivery.body()}, status=201)


def providus_books(state: ProvidusState) -> JSONObject:
    """Summarize our account and list every movement. All amounts in kobo."""
    return {
        "balances": {"NGN": {"opening": state.opening, "available": state.available}},
        "accounts": [
            {"number": one.number, "payment_ref": one.payment_ref, "is_dynamic": one.expires_at is not None}
            for one in state.accounts.values()
        ],
        "inflows": [
            {
                "settlement_id": one.settlement_id,
                "session_id": one.session_id,
                "account_number": one.account.number,
                "amount": one.amount,
                "fee": one.fee,
                "notice": one.notice,
            }
            for one in state.inflows.values()
        ],
        "transfers": [
            {"reference": one.reference, "status": one.state, "amount": one.amount, "code": one.code}
            for one in state.transfers.values()
        ],
    }


def _wrong(wanted: JSONObject) -> bool:
    return any(type(value) is not _PAYMENT.get(name) for name, value in wanted.items())
