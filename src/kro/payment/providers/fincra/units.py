"""Fincra's units: decimals of the major unit, as numbers in most places and as text in payouts."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final

from kro.core.money import MAX_AMOUNT_MINOR, Money
from kro.core.outgoing import JSONValue
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.fincra.reading import OddAnswerError

# The currencies of the checkout (docs.fincra.com/docs/checkout-redirect) that this program can hold, and their
# decimals; nothing is assumed about others.
_DECIMALS: Final = {
    "NGN": 2,
    "GHS": 2,
    "KES": 2,
    "ZAR": 2,
    "USD": 2,
    "TZS": 2,
    "UGX": 0,
    "XAF": 0,
    "XOF": 0,
}
CURRENCIES: Final = frozenset(_DECIMALS)
_MOST_DIGITS: Final = 18
_FEWEST_EXPONENT: Final = -12


def to_number(amount: Money) -> int | float:
    """Return an amount as the JSON number that says exactly it: ``1500`` or ``1500.5``.

    :raises UnsupportedAmountError: if Fincra does not take the currency, or the amount is not positive.
    """
    major = _to_major(amount)
    if major == major.to_integral_value():
        return int(major)
    # JSON has no decimals of its own; a float is written with the fewest digits that mean it, which have to be ours.
    number = float(major)
    if Decimal(repr(number)) != major:
        raise UnsupportedAmountError
    return number


def to_text(amount: Money) -> str:
    """Return an amount as payouts want it, a text without needless zeros: ``"1500"`` or ``"1500.50"``.

    :raises UnsupportedAmountError: if Fincra does not take the currency, or the amount is not positive.
    """
    major = _to_major(amount)
    return f"{major:f}" if major != major.to_integral_value() else str(int(major))


def from_major(value: JSONValue, *, currency: str) -> int:
    """Return one of Fincra's amounts in our minor units, exactly.

    :raises OddAnswerError: if it is no number, negative, no whole number of our units, or the currency is not listed.
    """
    minor = _to_minor(value, currency=currency)
    if minor != minor.to_integral_value() or minor < 0:
        raise OddAnswerError("amount")
    return int(minor)


def fee_from_major(value: JSONValue, *, currency: str) -> int | None:
    """Return one of Fincra's fees in our minor units, rounded half up: fees come with more decimals than money has.

    :raises OddAnswerError: as ``from_major``; no fee at all is ``None``.
    """
    if value is None:
        return None
    fee = _to_minor(value, currency=currency)
    if fee < 0:
        raise OddAnswerError("fee")
    return int(fee.to_integral_value(ROUND_HALF_UP))


def balance_from_major(value: JSONValue, *, currency: str) -> int:
    """Return a balance in our minor units, rounded down: a part of a unit cannot be paid out.

    :raises OddAnswerError: if it is no number or the currency is not listed.
    """
    return int(_to_minor(value, currency=currency).to_integral_value(ROUND_FLOOR))


def _to_major(amount: Money) -> Decimal:
    decimals = _DECIMALS.get(amount.currency)
    if decimals is None or amount.amount <= 0:
        raise UnsupportedAmountError
    return Decimal(amount.amount).scaleb(-decimals)


def _to_minor(value: JSONValue, *, currency: str) -> Decimal:
    decimals = _DECIMALS.get(currency)
    if decimals is None or isinstance(value, bool):
        raise OddAnswerError("amount")
    if isinstance(value, str) and value.isascii() and len(value) <= _MOST_DIGITS + 1:
        value = _read(value)
    if not isinstance(value, int | Decimal):
        raise OddAnswerError("amount")
    major = Decimal(value)
    exponent = major.as_tuple().exponent
    # Before anything is computed: the digits of 1e999999 would fill the memory.
    if not isinstance(exponent, int) or exponent < _FEWEST_EXPONENT or major.adjusted() >= _MOST_DIGITS:
        raise OddAnswerError("amount")
    minor = major.scaleb(decimals)
    if abs(minor) > MAX_AMOUNT_MINOR:
        raise OddAnswerError("amount")
    return minor


def _read(text: str) -> Decimal:
    whole, point, rest = text.partition(".")
    if not whole.isdigit() or (point and not rest.isdigit()):
        raise OddAnswerError("amount")
    return Decimal(text)
