"""Naira on the wire, kobo inside."""

from decimal import Decimal, InvalidOperation

# More kobo than all money there is, and few enough digits to be written out again.
_LIMIT = 10**18


def read_naira(value: object, *, is_text: bool = False) -> int | None:
    """Read an amount as kobo; None when it is no positive, reasonable, whole number of them, or of the wrong type."""
    if isinstance(value, bool) or not isinstance(value, str if is_text else (int, float)):
        return None
    try:
        kobo = Decimal(str(value)) * 100
    except InvalidOperation:
        return None
    return int(kobo) if kobo.is_finite() and 0 < kobo < _LIMIT and kobo == kobo.to_integral_value() else None
