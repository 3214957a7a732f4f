"""Fincra's three ways of refusing: the core's, the checkout's and the gateway's in front of both.

Where the documentation does not give a text, the one used here is a likely one: callers must not match on it.
"""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from kro_sandbox.core.tokens import token
from kro_sandbox.core.wire import JSONObject, json_response


class FincraError(Exception):
    """Raised by an operation that Fincra refuses; carries the answer."""

    def __init__(self, body: JSONObject, *, status: int) -> None:
        super().__init__(str(body))
        self.body = body
        self.status = status

    def response(self) -> Response:
        return json_response(self.body, status=self.status)


def core_error(message: str, code: str, *, status: int = 422) -> FincraError:
    """Refuse as payouts, accounts and wallets do."""
    return FincraError({"success": False, "error": message, "errorType": code}, status=status)


def checkout_error(message: str | list[str], *, status: int = 400) -> FincraError:
    """Refuse as the checkout does."""
    return FincraError({"message": message, "error": HTTPStatus(status).phrase, "statusCode": status}, status=status)


def gateway_error(message: str) -> FincraError:
    return FincraError({"message": message, "request_id": token(length=32, alphabet="0123456789abcdef")}, status=401)


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    answer = core_error("Too many requests", "TOO_MANY_REQUESTS", status=429).response()
    answer.headers["retry-after"] = str(retry_after)
    return answer
