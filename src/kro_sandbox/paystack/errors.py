"""Paystack's error answers.

The envelope is `{"status": false, "message", "meta": {"nextStep"}, "type", "code"}`; a few old endpoints
send only the first two. Where the documentation does not give a text, the one used here is a likely one: callers must
not match on it.
"""

from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from kro_sandbox.core.wire import JSONObject, json_response


class ErrorType(StrEnum):
    API = "api_error"
    VALIDATION = "validation_error"
    PROCESSOR = "processor_error"


class PaystackError(Exception):
    """Raised by an operation that Paystack refuses; carries the answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = "invalid_params",
        kind: ErrorType = ErrorType.VALIDATION,
        next_step: str = "Ensure that the value(s) you're passing are valid.",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.kind = kind
        self.next_step = next_step

    def response(self) -> Response:
        body: JSONObject = {"status": False, "message": self.message}
        if self.code is not None:
            body |= {"meta": {"nextStep": self.next_step}, "type": self.kind, "code": self.code}
        return json_response(body, status=self.status)


def invalid_key() -> PaystackError:
    return PaystackError("Invalid key", status=401, code=None)


def missing(name: str) -> PaystackError:
    return PaystackError(
        f"{name} is required", code="missing_params", next_step="Ensure that you're passing all required parameters."
    )


def not_found(message: str, *, code: str | None = None, status: int = 404) -> PaystackError:
    return PaystackError(message, status=status, code=code)


def rate_limited(request: Request, retry_after: int) -> Response:  # noqa: ARG001  the signature all vendors share
    body = {
        "status": False,
        "message": "You have exceeded the number of requests allowed. Please try again later.",
        "meta": {"nextStep": "Reduce the number of requests you send."},
        "type": ErrorType.API,
        "code": "rate_limited",
    }
    headers = {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(retry_after),
        "retry-after": str(retry_after),
    }
    return json_response(body, status=429, headers=headers)
