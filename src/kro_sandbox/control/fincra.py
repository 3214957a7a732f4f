"""What only Fincra's own people, payers and banks could do."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.wire import JSONObject, json_response, read_object
from kro_sandbox.fincra.service import Fincra

_ENDS = {"succeed": "successful", "fail": "failed"}


class FincraControl:
    def __init__(self, *, fincra: Fincra) -> None:
        self._fincra = fincra

    def routes(self) -> list[Route]:
        return [
            Route("/_sim/fincra/charges/{reference}/{action}", self._move_charge, methods=["POST"]),
            Route("/_sim/fincra/accounts/{number}/pay", self._pay_to, methods=["POST"]),
            Route("/_sim/fincra/payouts/{reference}/{action}", self._end_payout, methods=["POST"]),
            Route("/_sim/webhooks/fincra", self._send_webhook, methods=["POST"]),
        ]

    async def _move_charge(self, request: Request) -> Response:
        """Play the payer (`pay`, with another `amount` in kobo if wished), the bank (`decline`) or time (`expire`)."""
        charge = self._fincra.state.charges.get(request.path_params["reference"])
        action = request.path_params["action"]
        if charge is None or action not in ("pay", "decline", "expire"):
            return json_response({"error": "no such charge, or not one of pay, decline, expire"}, status=404)
        refusal = None
        if action == "pay":
            refusal = self._fincra.collecting.pay(charge, amount=(await read_object(request)).get("amount"))
        elif action == "decline":
            self._fincra.collecting.decline(charge)
        else:
            self._fincra.collecting.expire(charge)
        body = {"reference": charge.reference, "status": charge.status, "refusal": refusal}
        return json_response(body, status=200 if refusal is None else 422)

    async def _pay_to(self, request: Request) -> Response:
        """Play somebody who sends `amount` kobo to a permanent account; `status` may be `failed`."""
        number, body = request.path_params["number"], await read_object(request)
        account = next((one for one in self._fincra.state.accounts.values() if one.number == number), None)
        amount, status = body.get("amount"), body.get("status", "successful")
        if account is None or type(amount) is not int or status not in _ENDS.values():
            return json_response({"error": "no such account, amount or status"}, status=404)
        collection = self._fincra.collecting.arrive(account, amount=amount, status=status)
        return json_response({"reference": collection.reference}, status=201)

    async def _end_payout(self, request: Request) -> Response:
        payout = self._fincra.state.payouts.get(request.path_params["reference"])
        status = _ENDS.get(request.path_params["action"])
        if payout is None or status is None:
            return json_response({"error": "no such payout, or not one of succeed, fail"}, status=404)
        self._fincra.payouts.end(payout, status)
        return json_response({"reference": payout.customer_reference, "status": payout.status})

    async def _send_webhook(self, request: Request) -> Response:
        body = await read_object(request)
        event, data = body.get("event"), body.get("data")
        if not isinstance(event, str) or not isinstance(data, dict):
            return json_response({"error": "event must be a string and data an object"}, status=400)
        reference = str(data.get("customerReference") or data.get("reference") or "")
        delivery = self._fincra.events.send(event, data, reference=reference, forged=body.get("forged") is True)
        return json_response({"delivery": delivery.body()}, status=201)


def fincra_books(fincra: Fincra) -> JSONObject:
    """Summarize the wallet and list every movement. All amounts in kobo."""
    state = fincra.state
    return {
        "balances": {"NGN": {"opening": state.opening, "available": state.balance}},
        "charges": [
            {"reference": one.reference, "status": one.status, "amount": one.amount, "received": one.received}
            for one in state.charges.values()
        ],
        "accounts": [{"id": one.id, "number": one.number} for one in state.accounts.values()],
        "collections": [
            {"reference": one.reference, "status": one.status, "amount": one.amount}
            for one in state.collections.values()
        ],
        "payouts": [
            {"reference": one.customer_reference, "status": one.status, "amount": one.amount, "fee": one.fee}
            for one in state.payouts.values()
        ],
    }
