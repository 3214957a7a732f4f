"""The collection service (DCS, "PiP"): outcomes are in the body, and its HTTP status says next to nothing."""

import hmac

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.faults import HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint, with_faults
from kro_sandbox.core.wire import MalformedBodyError, json_response, read_object
from kro_sandbox.providus import payloads
from kro_sandbox.providus.collecting import ACCOUNT_FAULTS
from kro_sandbox.providus.errors import CollectionError, authentication_failed, rate_limited
from kro_sandbox.providus.odd import ODD, with_odd_answers
from kro_sandbox.providus.service import Providus

BASE = "/providus/appdevapi/api"
_ODD = ODD - {FaultKind.OTHER_FORM}
OPERATIONS: dict[str, frozenset[FaultKind]] = {
    "dynamic_account": HTTP | _ODD | ACCOUNT_FAULTS,
    "reserved_account": HTTP | _ODD | ACCOUNT_FAULTS,
    "rename_account": HTTP | _ODD,
    "blacklist": HTTP | _ODD,
    # The verification has no response code that could be another one.
    "inflow": HTTP | _ODD - {FaultKind.OTHER_CODE},
    "repush": HTTP | _ODD,
}


class CollectionAPI:
    def __init__(self, *, providus: Providus, faults: FaultBook) -> None:
        self._providus = providus
        self._faults = faults

    def routes(self) -> list[Route]:
        post, get = "POST", "GET"
        table: list[tuple[str, str, str, Endpoint]] = [
            (post, "PiPCreateDynamicAccountNumber", "dynamic_account", self._lend),
            (post, "PiPCreateReservedAccountNumber", "reserved_account", self._reserve),
            (post, "PiPUpdateAccountName", "rename_account", self._rename),
            (post, "PiPBlacklistAccount", "blacklist", self._blacklist),
            (get, "PiPverifyTransaction_settlementid", "inflow", self._by_settlement),
            (get, "PiPverifyTransaction_sessionid", "inflow", self._by_session),
            (get, "PiPverifyTransaction", "inflow", self._by_session),
            (post, "PiP_RepushTransaction_SettlementId", "repush", self._repush),
        ]
        return [
            *(
                Route(f"{BASE}/{name}", self._served(operation, handler), methods=[method])
                for method, name, operation, handler in table
            ),
            Route(f"{BASE}/{{rest:path}}", self._no_such_call, methods=[get, post]),
        ]

    def _served(self, operation: str, handler: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            try:
                self._authorize(request)
                return await handler(request)
            except CollectionError as error:
                return error.response()
            except MalformedBodyError:
                return CollectionError("03", "Error Completing Operation").response()

        return with_faults(
            with_odd_answers(answer, faults=self._faults, operation=operation),
            faults=self._faults,
            vendor="providus",
            operation=operation,
            rate_limited=rate_limited,
        )

    def _authorize(self, request: Request) -> None:
        given = request.headers.get("client-id", ""), request.headers.get("x-auth-signature", "").upper()
        wanted = self._providus.client_id, self._providus.signature
        if not all(hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(given, wanted, strict=True)):
            raise authentication_failed()

    async def _lend(self, request: Request) -> Response:
        return json_response(payloads.dynamic_body(self._providus.collecting.lend(await read_object(request))))

    async def _reserve(self, request: Request) -> Response:
        return json_response(payloads.reserved_body(self._providus.collecting.reserve(await read_object(request))))

    async def _rename(self, request: Request) -> Response:
        self._providus.collecting.rename(await read_object(request))
        return json_response(payloads.done())

    async def _blacklist(self, request: Request) -> Response:
        self._providus.collecting.blacklist(await read_object(request))
        return json_response(payloads.done())

    async def _by_settlement(self, request: Request) -> Response:
        asked = request.query_params.get("settlement_id", "")
        return json_response(payloads.inflow_body(self._providus.collecting.find(settlement_id=asked)))

    async def _by_session(self, request: Request) -> Response:
        asked = request.query_params.get("session_id", "")
        return json_response(payloads.inflow_body(self._providus.collecting.find(session_id=asked)))

    async def _repush(self, request: Request) -> Response:
        self._providus.collecting.repush(await read_object(request))
        return json_response(payloads.done())

    async def _no_such_call(self, request: Request) -> Response:
        message = f"No HTTP resource was found that matches the request URI '{request.url}'."
        return json_response({"Message": message}, status=404)
