"""What may be done to a value on its way: a closed list, exact, and never with floating point."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from kro.core.money import EXPONENTS, MAX_AMOUNT_MINOR
from kro.core.phone import InvalidPhoneError, to_e164
from kro.predecessor.errors import UnfitError
from kro.predecessor.mapping import Transform

_TRUE: Final = frozenset({"t", "true", "1", "yes", "y"})
_FALSE: Final = frozenset({"f", "false", "0", "no", "n"})
_BCRYPT: Final = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_ARGON2: Final = re.compile(r"\$argon2(id|i|d)\$v=\d+\$[\w=,]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
_NUMBER: Final = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s]{2,63}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LONGEST: Final = 5000


def minor_units(text: str, currency: str, *, is_major: bool) -> Decimal:
    """Return an amount in minor units as it was written, whole or not: ``"100.005"`` naira are 10000.5 kobo.

    :raises UnfitError: when it is no number, or nobody knows the currency.
    """
    if currency not in EXPONENTS:
        raise UnfitError("unknown_currency")
    if not _NUMBER.fullmatch(text.strip()):
        raise UnfitError("not_a_number")
    try:
        return Decimal(text.strip()).scaleb(EXPONENTS[currency] if is_major else 0)
    except InvalidOperation:
        raise UnfitError("not_a_number") from None


def whole(amount: Decimal) -> int:
    """Return an amount that is a whole number of minor units; nothing is ever rounded.

    :raises UnfitError: when it is not, or is larger than any amount here may be.
    """
    if amount != amount.to_integral_value():
        raise UnfitError("not_exact")
    if abs(amount) > MAX_AMOUNT_MINOR:
        raise UnfitError("out_of_range")
    return int(amount)


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Return a time in UTC; one without a zone was written in ``zone``.

    :raises UnfitError: when it is no time.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnfitError("not_a_time") from None


def _phone(text: str) -> str:
    try:
        return to_e164(text)
    except InvalidPhoneError:
        raise UnfitError("phone_invalid") from None


def _email(text: str) -> str:
    found = text.strip().lower()
    if not _EMAIL.fullmatch(found):
        raise UnfitError("email_invalid")
    return found


def _flag(text: str) -> bool:
    found = text.strip().casefold()
    if found not in _TRUE | _FALSE:
        raise UnfitError("not_a_flag")
    return found in _TRUE


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,9}", text.strip()):
        raise UnfitError("not_a_number")
    return int(text)


def _password(text: str) -> str:
    if not _BCRYPT.fullmatch(text) and not _ARGON2.fullmatch(text):
        raise UnfitError("password_unreadable")
    return text


def _text(text: str) -> str:
    return _CONTROL.sub("", text).strip()[:_LONGEST]


_PLAIN: Final[dict[Transform, Callable[[str], Any]]] = {
    Transform.TEXT: _text,
    Transform.PHONE: _phone,
    Transform.EMAIL: _email,
    Transform.FLAG: _flag,
    Transform.INTEGER: _integer,
    Transform.PASSWORD: _password,
    Transform.CURRENCY: lambda text: text.strip().upper(),
}


def plain(transform: Transform, text: str) -> Any:  # noqa: ANN401 - each transform has a type of its own
    """Do what needs nothing beside the value.

    :raises UnfitError: when the value does not fit.
    """
    return _PLAIN[transform](text)
