"""Reading Paystack's answers: untrusted input, taken field by field, odd until proven documented."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from typing import Final, NoReturn

from kro.core.outgoing import JSONValue, Reply
from kro.payment.providers.results import NotSent

JSONObject = dict[str, JSONValue]

_OK: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
_CODE: Final = re.compile(r"[a-z0-9_]{1,64}")
_REASON_LENGTH: Final = 200
_TEXT_LENGTH: Final = 500
# References of payments we did not start (from the dashboard) may hold underscores; none may be a path.
_READABLE_REFERENCE: Final = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,99}")


class OddAnswerError(Exception):
    """An answer is not shaped as documented. It never leaves this package: it becomes an unknown outcome."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.cause = f"odd_{what}"


def data_of(reply: Reply) -> JSONObject:
    """Return ``data`` of a successful call; ``status`` is that of the call, never of the money (introduction).

    :raises OddAnswerError: if the call did not succeed or there is no such object.
    """
    if reply.status not in _OK or reply.object.get("status") is not True:
        raise OddAnswerError("envelope")
    return child(reply.object, "data") or _odd("data")


def items_of(reply: Reply) -> list[JSONObject]:
    """Return ``data`` of a successful call that lists.

    :raises OddAnswerError: if the call did not succeed or ``data`` is not a list of objects.
    """
    if reply.status not in _OK or reply.object.get("status") is not True:
        raise OddAnswerError("envelope")
    listed = reply.object.get("data")
    if not isinstance(listed, list):
        raise OddAnswerError("data")
    items = [item for item in listed if isinstance(item, dict)]
    if len(items) != len(listed):
        raise OddAnswerError("item")
    return items


def is_refusal(reply: Reply) -> bool:
    """Say whether this is Paystack's own refusal, rather than something in between answering for it."""
    is_client_error = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_client_error and reply.object.get("status") is False


def held_back(reply: Reply) -> NotSent | None:
    """Recognize refusals made at the door, before the instruction is looked at."""
    if is_refusal(reply) and reply.status == HTTPStatus.UNAUTHORIZED:
        return NotSent("unauthorized")
    if is_refusal(reply) and reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return NotSent("rate_limited", retry_after_seconds=reply.retry_after_seconds)
    return None


def refusal_code(reply: Reply) -> str:
    """Return the refusal's code, which some old endpoints leave out."""
    code = reply.object.get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else f"refused_{reply.status}"


def refusal_reason(reply: Reply) -> str:
    """Return the refusal's sentence, for operators; nothing is decided by its wording."""
    message = reply.object.get("message")
    return message[:_REASON_LENGTH] if isinstance(message, str) else ""


def child(data: JSONObject, key: str) -> JSONObject:
    """Return a nested object, or an empty one where Paystack sends null, a number or text instead."""
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
    """Return a numeric id as text; ids need 64 unsigned bits.

    :raises OddAnswerError: if there is none.
    """
    value = data.get(key)
    return str(value) if type(value) is int and value > 0 else optional_text(data, key) or _odd(key)


def moment(data: JSONObject, *keys: str) -> datetime | None:
    """Return the first of the keys that holds a time with its zone; both ``paid_at`` and ``paidAt`` occur."""
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


def _odd(what: str) -> NoReturn:
    raise OddAnswerError(what)
