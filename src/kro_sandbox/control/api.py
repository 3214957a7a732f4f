"""The control API: look inside, script faults, change options, start over."""

import dataclasses

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.control.books import paystack_books
from kro_sandbox.control.fincra import fincra_books
from kro_sandbox.control.providus import providus_books
from kro_sandbox.control.script import VENDORS, ScriptError, add_fault, fault_body
from kro_sandbox.core.options import Options, TransferMode
from kro_sandbox.core.wire import JSONObject, json_response, read_object
from kro_sandbox.sandbox import Sandbox

_LONGEST_WAIT = 30.0


class ControlAPI:
    def __init__(self, *, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        return [
            Route("/_sim/health", self._health, methods=["GET"]),
            Route("/_sim/reset", self._reset, methods=["POST"]),
            Route("/_sim/messages", self._messages, methods=["GET"]),
            Route("/_sim/deliveries", self._deliveries, methods=["GET"]),
            Route("/_sim/deliveries/{id}/resend", self._resend, methods=["POST"]),
            Route("/_sim/faults", self._list_faults, methods=["GET"]),
            Route("/_sim/faults", self._add_fault, methods=["POST"]),
            Route("/_sim/faults", self._clear_faults, methods=["DELETE"]),
            Route("/_sim/faults/{id}", self._remove_fault, methods=["DELETE"]),
            Route("/_sim/books", self._books, methods=["GET"]),
            Route("/_sim/options", self._show_options, methods=["GET"]),
            Route("/_sim/options", self._change_options, methods=["PATCH"]),
        ]

    async def _health(self, request: Request) -> Response:  # noqa: ARG002  the signature of an endpoint
        return json_response({"status": "ok"})

    async def _reset(self, request: Request) -> Response:  # noqa: ARG002  as above
        self._sandbox.reset()
        return json_response({"status": "reset"})

    async def _messages(self, request: Request) -> Response:
        query = request.query_params
        found = await self._sandbox.inbox.wait(
            seconds=min(_seconds(query.get("wait")), _LONGEST_WAIT),
            to=query.get("to"),
            channel=query.get("channel"),
            after=query.get("after"),
        )
        return json_response({"messages": [message.body() for message in found]})

    async def _deliveries(self, request: Request) -> Response:
        query = request.query_params
        found = self._sandbox.webhooks.find(
            vendor=query.get("vendor"), event=query.get("event"), reference=query.get("reference")
        )
        return json_response({"deliveries": [delivery.body() for delivery in found]})

    async def _resend(self, request: Request) -> Response:
        delivery = self._sandbox.webhooks.resend(request.path_params["id"])
        if delivery is None:
            return json_response({"error": "no such delivery"}, status=404)
        return json_response({"delivery": delivery.body()}, status=202)

    async def _list_faults(self, request: Request) -> Response:  # noqa: ARG002  as above
        possible = {
            vendor: {operation: sorted(kinds) for operation, kinds in operations.items()}
            for vendor, operations in VENDORS.items()
        }
        faults = [fault_body(fault) for fault in self._sandbox.faults.all()]
        return json_response({"faults": faults, "possible": possible})

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault = add_fault(self._sandbox.faults, await read_object(request))
        except ScriptError as error:
            return json_response({"error": str(error)}, status=422)
        return json_response({"fault": fault_body(fault)}, status=201)

    async def _clear_faults(self, request: Request) -> Response:  # noqa: ARG002  as above
        self._sandbox.faults.clear()
        return Response(status_code=204)

    async def _remove_fault(self, request: Request) -> Response:
        was_there = self._sandbox.faults.remove(request.path_params["id"])
        return Response(status_code=204 if was_there else 404)

    async def _books(self, request: Request) -> Response:  # noqa: ARG002  as above
        return json_response(
            {
                "paystack": paystack_books(self._sandbox.paystack.state),
                "fincra": fincra_books(self._sandbox.fincra),
                "providus": providus_books(self._sandbox.providus.state),
            }
        )

    async def _show_options(self, request: Request) -> Response:  # noqa: ARG002  as above
        return json_response(dataclasses.asdict(self._sandbox.options))

    async def _change_options(self, request: Request) -> Response:
        wanted = await read_object(request)
        error = _option_error(wanted)
        if error is not None:
            return json_response({"error": error}, status=422)
        for name, value in wanted.items():
            setattr(self._sandbox.options, name, TransferMode(value) if name == "transfer_mode" else value)
        return json_response(dataclasses.asdict(self._sandbox.options))


def _seconds(value: str | None) -> float:
    try:
        return max(0.0, float(value or 0))
    except ValueError:
        return 0.0


def _option_error(wanted: JSONObject) -> str | None:
    allowed: dict[str, tuple[type, ...]] = {
        "webhook_target": (str,),
        "transfer_mode": (str,),
        "transfer_delay": (int, float),
        "refund_delay": (int, float),
        "termii_webhooks": (bool,),
        "message_reports": (bool,),
        "message_report_delay": (int, float),
        "fincra_webhook_retry": (bool,),
        "fincra_ip_refused": (bool,),
        "providus_late_notices": (bool,),
        "providus_reference_once": (bool,),
    }
    assert allowed.keys() == set(Options.__slots__)  # noqa: S101  a new option has to be listed here
    for name, value in wanted.items():
        if name not in allowed:
            return f"option must be one of {', '.join(allowed)}, got {name}"
        if not isinstance(value, allowed[name]) or (name == "transfer_mode" and value not in list(TransferMode)):
            return f"option {name} has a value it cannot have: {value!r}"
    return None
