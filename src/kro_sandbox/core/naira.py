"""Naira on the wire, kobo inside."""

from decimal import Decimal, InvalidOperation


def read_naira(value: object, *, is_text: bool = False) -> int | None:
    """Read an amount as kobo; None when it is no positive whole number of them, or of the wrong JSON type."""
    if isinstance(value, bool) or not isinstance(value, str if is_text else (int, float)):
        return None
    try:
        kobo = Decimal(str(value)) * 100
    except InvalidOperation:
        return None
    return int(kobo) if kobo.is_finite() and kobo == kobo.to_integral_value() and kobo > 0 else None
