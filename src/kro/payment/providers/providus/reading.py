"""Reading the bank's answers: untrusted input, taken field by field, odd until proven documented."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Final

from kro.core.outgoing import JSONValue, Reply

JSONObject = Mapping[str, JSONValue]

# Nigeria keeps one time all the year, so no time zone database is needed.
LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")
ACCOUNT_NUMBER: Final = re.compile(r"[0-9]{10}")
READABLE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

# All of them occur, some with a fraction of a second. Months come first in the one with slashes.
_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%y")
_FRACTION: Final = re.compile(r"(?<=:[0-9]{2})\.[0-9]{1,9}(?=$| )")
_EMPTY: Final = frozenset({"", "null"})
_CODE: Final = re.compile(r"[0-9A-Za-z]{1,8}")
_REASON_LENGTH: Final = 200
_TEXT_LENGTH: Final = 500


class OddAnswerError(Exception):
    """An answer is not shaped as documented. It never leaves this package: it becomes an unknown outcome."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.cause = f"odd_{what}"


def is_empty(value: JSONValue) -> bool:
    """Say whether a member is there and holds nothing: ``""``, ``" "`` and ``"null"`` all mean that."""
    return isinstance(value, str) and value.strip() in _EMPTY


def optional_text(data: JSONObject, key: str) -> str | None:
    """Return a text, or ``None`` where the bank leaves it out or writes one of its empty values."""
    value = data.get(key)
    if not isinstance(value, str) or is_empty(value) or len(value) > _TEXT_LENGTH:
        return None
    return value.strip()


def text(data: JSONObject, key: str) -> str:
    """Return a text that has to be there.

    :raises OddAnswerError: if it is missing, empty or too long.
    """
    found = optional_text(data, key)
    if found is None:
        raise OddAnswerError(key)
    return found


def account_number(data: JSONObject, key: str) -> str:
    """Return an account number (NUBAN).

    :raises OddAnswerError: if it is not one of ten digits.
    """
    found = text(data, key)
    if ACCOUNT_NUMBER.fullmatch(found) is None:
        raise OddAnswerError(key)
    return found


def moment(data: JSONObject, key: str) -> datetime | None:
    """Return a time of the bank's, which are all in Lagos; ``None`` for one in no form it is known to use."""
    written = _FRACTION.sub("", optional_text(data, key) or "")
    for form in _FORMATS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=LAGOS)
        except ValueError:
            continue
    return None


def response_code(reply: Reply) -> str:
    """Return the code of an answer of the transfer API, the only thing there that says how a call went.

    :raises OddAnswerError: if it is not the API that answers: any other HTTP status than 200, no code, or the form in
        which an exception comes through (``requestSuccessful``), whose codes mean something else.
    """
    code = reply.object.get("responseCode")
    if reply.status != HTTPStatus.OK:
        raise OddAnswerError(f"status_{reply.status}")
    if "requestSuccessful" in reply.object or not isinstance(code, str) or _CODE.fullmatch(code.strip()) is None:
        raise OddAnswerError("code")
    return code.strip()


def is_done(body: JSONObject) -> bool:
    """Say whether a call of the collection API succeeded; its HTTP status does not tell."""
    return body.get("requestSuccessful") is True and body.get("responseCode") == "00"


def refusal_code(body: JSONObject) -> str | None:
    """Return the code of the collection API's own refusal; ``None`` if this is something else."""
    code = body.get("responseCode")
    if body.get("requestSuccessful") is not False or not isinstance(code, str):
        return None
    return code.strip() if _CODE.fullmatch(code.strip()) and code.strip() != "00" else None


def reason(body: JSONObject) -> str:
    """Return the answer's sentence, for operators; nothing is decided by its wording."""
    message = body.get("responseMessage")
    return message[:_REASON_LENGTH] if isinstance(message, str) else ""
