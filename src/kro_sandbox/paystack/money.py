"""Amounts in the smallest unit, Paystack's limits and its public price list for Nigeria."""

from math import inf
from typing import Any

from kro_sandbox.paystack.errors import PaystackError, missing

MINIMUM_CHARGE = {"NGN": 50_00, "USD": 2_00, "GHS": 10, "ZAR": 1_00, "KES": 3_00, "XOF": 1_00}
MAXIMUM_CHARGE = 10_000_000_00
MINIMUM_TRANSFER = 100_00

_LOCAL_FLAT = 100_00
_LOCAL_FLAT_WAIVED_BELOW = 2_500_00
_LOCAL_CAP = 2_000_00
_INFLOW_CAP = 300_00
_TRANSFER_BANDS = ((5_000_00, 10_00), (50_000_00, 25_00), (inf, 50_00))


def read_amount(body: dict[str, Any], *, name: str = "amount") -> int:
    """Read a whole number of subunits, sent as an integer or a numeric string.

    :raises PaystackError: when it is missing or anything else.
    """
    value = body.get(name)
    if value is None or value == "":
        raise missing(name.capitalize())
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise PaystackError("Invalid Amount Sent")
    return value


def charge_fee(*, amount: int, currency: str) -> int:
    """Price a card payment, rounded half up.

    Local cards cost 1.5 % + NGN 100 (waived below NGN 2,500), at most NGN 2,000; other currencies 3.9 %.
    """
    if currency != "NGN":
        return _per_mille(amount, 39)
    flat = 0 if amount < _LOCAL_FLAT_WAIVED_BELOW else _LOCAL_FLAT
    return min(_per_mille(amount, 15) + flat, _LOCAL_CAP)


def inflow_fee(*, amount: int) -> int:
    """Price a transfer to a dedicated account: 1 %, at most NGN 300."""
    return min(_per_mille(amount, 10), _INFLOW_CAP)


def transfer_fee(*, amount: int) -> int:
    """Price a transfer: NGN 10 up to 5,000, NGN 25 up to 50,000, NGN 50 above."""
    return next(fee for largest, fee in _TRANSFER_BANDS if amount <= largest)


def _per_mille(amount: int, rate: int) -> int:
    return (amount * rate + 500) // 1000
