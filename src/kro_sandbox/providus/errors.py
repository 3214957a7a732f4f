"""The bank's ways of refusing, nearly all of them under HTTP 200.

Where its documentation gives no text or code, a likely one stands here: callers must not match on texts, and a code
that the published tables do not settle means nothing to them.
"""

from starlette.requests import Request
from starlette.responses import Response

from kro_sandbox.core.wire import JSONObject, json_response

# As published: of the bank where it has the code, of the interbank tables elsewhere.
_MESSAGES = {
    "01": "Transaction does not exist.",
    "07": "Invalid account",
    "08": "Account name mismatch",
    "09": "Request processing in progress",
    "13": "Invalid amount",
    "16": "Unknown bank code",
    "30": "Format error",
    "31": "Reversed",
    "32": "Transaction not successful",
    "63": "Security violation",
    "7701": "DEBIT ACCOUNT INVALID",
    "7702": "CREDIT ACCOUNT INVALID",
    "7704": "INSUFFICIENT BALANCE",
    "7708": "CURRENCY MISMATCH",
    "7709": "TRANSACTION REFERENCE EXISTS",
    "8803": "NO CONNECTION",
}
APPROVED = "Approved or completed successfully"


def message_for(code: str) -> str:
    return APPROVED if code == "00" else _MESSAGES.get(code, "Unknown response")


class CollectionError(Exception):
    """Raised by a call of the collection service that is refused; carries the answer."""

    def __init__(self, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.body: JSONObject = {**more, "requestSuccessful": False, "responseMessage": message, "responseCode": code}

    def response(self) -> Response:
        return json_response(self.body)


def authentication_failed() -> CollectionError:
    return CollectionError("05", "Authentication Failed", account_number="", account_name="", initiationTranRef="")


class TransferError(Exception):
    """Raised by a call of the transfer service that is refused; carries the code."""

    def __init__(self, code: str, *, reference: str | None = None) -> None:
        super().__init__(code)
        self.body: JSONObject = {
            **({} if reference is None else {"transactionReference": reference}),
            "responseMessage": message_for(code),
            "responseCode": code,
        }

    def response(self) -> Response:
        return json_response(self.body)


def spring_error(request: Request, *, status: int = 500, error: str = "Internal Server Error") -> Response:
    """Answer as the framework of the transfer service does for what it did not foresee."""
    body = {
        "timestamp": "2023-12-02T18:50:09.932+0000",
        "status": status,
        "error": error,
        "message": "java.lang.NullPointerException",
        "path": request.url.path.removeprefix("/providus"),
    }
    return json_response(body, status=status)


def rate_limited(request: Request, retry_after: int) -> Response:
    answer = spring_error(request, status=429, error="Too Many Requests")
    answer.headers["retry-after"] = str(retry_after)
    return answer
