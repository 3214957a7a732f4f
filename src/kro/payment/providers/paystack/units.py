"""Paystack's units. Each enabled currency is listed with its factor; nothing is assumed about the others."""

from __future__ import annotations

from typing import Final

from kro.core.money import MAX_AMOUNT_MINOR, Money
from kro.core.outgoing import JSONValue
from kro.payment.providers.errors import UnsupportedAmountError
from kro.payment.providers.paystack.reading import OddAnswerError

# Paystack counts in hundredths whatever the currency has (paystack.com/docs/api, introduction). XOF has no decimals
# in ISO 4217, so one of our units is a hundred of theirs.
_SUBUNITS_PER_MINOR: Final = {"NGN": 1, "USD": 1, "GHS": 1, "ZAR": 1, "KES": 1, "XOF": 100}
CURRENCIES: Final = frozenset(_SUBUNITS_PER_MINOR)
_MAX_DIGITS: Final = 18


def to_subunits(amount: Money) -> int:
    """Return an amount in Paystack's units.

    :raises UnsupportedAmountError: if Paystack does not take the currency, or the amount is not positive.
    """
    factor = _SUBUNITS_PER_MINOR.get(amount.currency)
    if factor is None or amount.amount <= 0:
        raise UnsupportedAmountError
    return amount.amount * factor


def from_subunits(value: JSONValue, *, currency: str) -> int:
    """Return one of Paystack's amounts in our minor units.

    Amounts come as integers, and as numeric strings in some webhooks; a decimal or a boolean is never an amount.

    :raises OddAnswerError: if it is neither, or not a whole number of our units, or the currency is not listed.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        value = int(value)
    factor = _SUBUNITS_PER_MINOR.get(currency)
    if factor is None or type(value) is not int or not 0 <= value <= MAX_AMOUNT_MINOR:
        raise OddAnswerError("amount")
    minor, rest = divmod(value, factor)
    if rest:
        raise OddAnswerError("amount")
    return minor
