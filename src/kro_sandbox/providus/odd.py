"""Answers in none of the documented forms, after the bank has done what it was asked for."""

import json

from starlette.requests import Request
from starlette.responses import Response

from kro_sandbox.core.faults import Fault, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint
from kro_sandbox.core.wire import JSONObject, json_response
from kro_sandbox.providus.errors import message_for, spring_error

ODD = frozenset({FaultKind.EXCEPTION, FaultKind.OTHER_FORM, FaultKind.OTHER_CODE, FaultKind.EMPTY})


def with_odd_answers(endpoint: Endpoint, *, faults: FaultBook, operation: str) -> Endpoint:
    """Wrap an endpoint so that it acts and answers oddly when the script says so."""

    async def serve(request: Request) -> Response:
        fault = faults.take(vendor="providus", operations=(operation, "*"), kinds=ODD)
        answer = await endpoint(request)
        return answer if fault is None else _odd(answer, request, fault)

    return serve


def _odd(answer: Response, request: Request, fault: Fault) -> Response:
    match fault.kind:
        case FaultKind.EXCEPTION:
            return spring_error(request)
        case FaultKind.OTHER_FORM:
            # The collection service's form comes out of the transfer service too, with a code that means less there.
            failed = {"requestSuccessful": False, "responseMessage": "Exception; Failed", "responseCode": "03"}
            return json_response(failed)
        case FaultKind.OTHER_CODE:
            return json_response(_recoded(json.loads(bytes(answer.body)), fault.text("code", "96")))
        case _:
            return Response(media_type="application/json")


def _recoded(body: JSONObject, code: str) -> JSONObject:
    changed = body | {"responseCode": code, "responseMessage": message_for(code)}
    return changed | ({"requestSuccessful": False} if "requestSuccessful" in body else {})
