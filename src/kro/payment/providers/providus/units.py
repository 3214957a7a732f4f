"""The bank's units: naira, as decimal texts where we send them, as texts or JSON numbers where they come."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from kro.core.money import MAX_AMOUNT_MINOR, Money
from kro.core.outgoing import JSONValue
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.providus.reading import OddAnswerError

CURRENCY: Final = "NGN"
_KOBO: Final = 100
_DECIMAL: Final = re.compile(r"[0-9]{1,16}(\.[0-9]{1,12})?")
_MOST_DIGITS: Final = 16


def to_naira(amount: Money) -> str:
    """Return an amount as the bank takes it: ``2000.45``.

    :raises UnsupportedAmountError: if it is not in naira, or not positive.
    """
    if amount.currency != CURRENCY or amount.amount <= 0:
        raise UnsupportedAmountError
    return f"{amount.amount // _KOBO}.{amount.amount % _KOBO:02d}"


def from_naira(value: JSONValue) -> int:
    """Return one of the bank's amounts in kobo, exactly.

    :raises OddAnswerError: if it is neither a decimal text nor a number, negative, or not a whole number of kobo.
    """
    kobo = _decimal(value) * _KOBO
    if kobo != kobo.to_integral_value() or kobo > MAX_AMOUNT_MINOR:
        raise OddAnswerError("amount")
    return int(kobo)


def _decimal(value: JSONValue) -> Decimal:
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        return Decimal(value.strip())
    if type(value) is int and 0 <= value <= MAX_AMOUNT_MINOR:
        return Decimal(value)
    # Before anything is written out: the digits of 1e999999 would fill the memory.
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MOST_DIGITS and _DECIMAL.fullmatch(f"{value:f}"):
        return value
    raise OddAnswerError("amount")
