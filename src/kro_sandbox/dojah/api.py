"""Dojah's look-ups: the key in a header, the number in the query, a whole record in the answer."""

import hmac

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kro_sandbox.core.faults import HTTP, FaultBook, FaultKind
from kro_sandbox.core.faulty import Endpoint, hang, with_faults
from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject, json_response
from kro_sandbox.dojah.people import PEOPLE, Entry, Magic
from kro_sandbox.settings import SandboxSettings

OPERATIONS: dict[str, frozenset[FaultKind]] = {"bvn": HTTP, "nin": HTTP}
TIMEOUT_SECONDS = 60.0
DIGITS = 11
TROUBLE: dict[str, tuple[JSONObject, int]] = {
    Magic.SERVER_ERROR: ({"error": "Internal server error"}, 500),
    Magic.NO_CREDIT: ({"error": "Your balance is low, pls visit the dashboard to top up"}, 402),
    Magic.GARBAGE: ({"entity": "none"}, 200),
}


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    return json_response({"error": "Too many requests"}, status=429, headers={"retry-after": str(retry_after)})


class DojahAPI:
    def __init__(self, *, settings: SandboxSettings, faults: FaultBook) -> None:
        self._app_id = settings.dojah_app_id
        self._key = settings.dojah_key
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/dojah/api/v1/kyc/bvn/full", self._served("bvn"), methods=["GET"]),
            Route("/dojah/api/v1/kyc/nin", self._served("nin"), methods=["GET"]),
        ]

    def _served(self, kind: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            return await self._look_up(request, kind)

        return with_faults(answer, faults=self._faults, vendor="dojah", operation=kind, rate_limited=rate_limited)

    async def _look_up(self, request: Request, kind: str) -> Response:
        if not self._is_authorized(request):
            return json_response({"error": "Unauthorized"}, status=401)
        number = request.query_params.get(kind, "")
        if len(number) != DIGITS or not number.isdecimal():
            return json_response({"error": f"{kind} is not valid"}, status=400)
        if number == Magic.TIMEOUT:
            return await hang(request, seconds=TIMEOUT_SECONDS)
        if number in TROUBLE:
            body, status = TROUBLE[number]
            return json_response(body, status=status)
        entry = PEOPLE.get(number)
        if entry is None:
            return json_response({"error": f"{kind.upper()} not found"}, status=404)
        return json_response({"entity": _record(kind, number, entry), "reference_id": token(length=24)})

    def _is_authorized(self, request: Request) -> bool:
        app_id, key = request.headers.get("appid", ""), request.headers.get("authorization", "")
        return hmac.compare_digest(app_id.encode(), self._app_id.encode()) and hmac.compare_digest(
            key.encode(), self._key.encode()
        )


def _record(kind: str, number: str, entry: Entry) -> dict[str, str]:
    return {
        kind: number,
        "first_name": entry.first_name,
        "middle_name": entry.middle_name,
        "last_name": entry.last_name,
        "date_of_birth": entry.date_of_birth,
        "gender": "",
        "phone_number1": "",
    }
