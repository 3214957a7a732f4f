"""Reading Fincra's answers: untrusted input, taken field by field, odd until proven documented.

There are two envelopes. Payouts, accounts and wallets say ``success`` and refuse with an ``errorType``; the checkout
says ``status`` and refuses with a ``statusCode``. In front of both stands a gateway that says only ``message``.
"""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from typing import Final, NoReturn

from kro.core.outgoing import JSONValue, Reply

JSONObject = dict[str, JSONValue]

_OK: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_CODE: Final = re.compile(r"[A-Z0-9_]{1,64}")
_REASON_LENGTH: Final = 200
_TEXT_LENGTH: Final = 500
# References of things we did not start may hold underscores; none may be a path.
_READABLE_REFERENCE: Final = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,99}")


class OddAnswerError(Exception):
    """An answer is not shaped as documented. It never leaves this package: it becomes an unknown outcome."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.cause = f"odd_{what}"


def data_of(reply: Reply) -> JSONObject:
    """Return ``data`` of a successful call; the flag is that of the call, never of the money.

    :raises OddAnswerError: if the call did not succeed or there is no such object.
    """
    _ensure_success(reply)
    return child(reply.object, "data") or _odd("data")


def items_of(reply: Reply) -> list[JSONObject]:
    """Return ``data`` of a successful call that lists.

    :raises OddAnswerError: if the call did not succeed or ``data`` is not a list of objects.
    """
    _ensure_success(reply)
    listed = reply.object.get("data")
    if not isinstance(listed, list):
        raise OddAnswerError("data")
    items = [item for item in listed if isinstance(item, dict)]
    if len(items) != len(listed):
        raise OddAnswerError("item")
    return items


def is_refusal(reply: Reply) -> bool:
    """Say whether this is Fincra's own refusal, rather than something in between answering for it."""
    is_client_error = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    body = reply.object
    says_so = body.get("success") is False or body.get("status") is False or body.get("statusCode") == reply.status
    return is_client_error and says_so and body.get("success") is not True and body.get("status") is not True


def is_turned_away(reply: Reply) -> bool:
    """Say whether the door was shut before the request was looked at: no valid key, too many requests, unlisted IP."""
    if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS}:
        return isinstance(reply.object.get("message"), str) or is_refusal(reply)
    return is_refusal(reply) and error_type(reply) in {"ACCESS_DENIED", "TOO_MANY_REQUESTS"}


def is_missing(reply: Reply) -> bool:
    """Say whether Fincra itself says that it has nothing under what was asked for."""
    return is_refusal(reply) and (reply.status == HTTPStatus.NOT_FOUND or error_type(reply) == "RESOURCE_NOT_FOUND")


def door_cause(reply: Reply) -> str:
    """Return a word for why the door was shut, for ``is_turned_away``."""
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return "unauthorized"
    return "access_denied" if error_type(reply) == "ACCESS_DENIED" else "rate_limited"


def error_type(reply: Reply) -> str:
    """Return the refusal's code as documented, in capitals; empty where there is none."""
    code = reply.object.get("errorType")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def refusal_code(reply: Reply) -> str:
    """Return the refusal's code in our spelling; the checkout has none."""
    return error_type(reply).lower() or f"refused_{reply.status}"


def refusal_reason(reply: Reply) -> str:
    """Return the refusal's sentence, for operators; nothing is decided by its wording."""
    body = reply.object
    message = body.get("message") if "errorType" not in body else body.get("error")
    if isinstance(message, list):
        message = "; ".join(part for part in message if isinstance(part, str))
    return message[:_REASON_LENGTH] if isinstance(message, str) else ""


def child(data: JSONObject, key: str) -> JSONObject:
    """Return a nested object, or an empty one where Fincra sends null, a number or text instead."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def text(data: JSONObject, key: str) -> str:
    """Return a text that has to be there.

    :raises OddAnswerError: if it is missing, empty or too long.
    """
    return optional_text(data, key) or _odd(key)


def optional_text(data: JSONObject, *keys: str) -> str | None:
    """Return the first of the keys that holds a usable text."""
    for key in keys:
        value = data.get(key)
        if isinstance(value, str) and 0 < len(value.strip()) <= _TEXT_LENGTH:
            return value.strip()
    return None


def identifier(data: JSONObject, key: str) -> str:
    """Return an id as text: payouts and charges have numbers, accounts have texts.

    :raises OddAnswerError: if there is none.
    """
    value = data.get(key)
    return str(value) if type(value) is int and value > 0 else optional_text(data, key) or _odd(key)


def moment(data: JSONObject, *keys: str) -> datetime | None:
    """Return the first of the keys that holds a time with its zone."""
    for key in keys:
        value = data.get(key)
        if not isinstance(value, str):
            continue
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            continue
        if parsed.tzinfo is not None:
            return parsed
    return None


def is_readable_reference(reference: str) -> bool:
    """Say whether a reference can be asked for as one segment of a path."""
    return _READABLE_REFERENCE.fullmatch(reference) is not None


def _ensure_success(reply: Reply) -> None:
    flags = [reply.object.get(name) for name in ("success", "status")]
    if reply.status not in _OK or True not in flags or False in flags:
        raise OddAnswerError("envelope")


def _odd(what: str) -> NoReturn:
    raise OddAnswerError(what)
