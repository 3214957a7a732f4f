"""Naira on the wire, kobo inside. Fees as the samples show them: 1.4 % and VAT in, NGN 150 out."""

from decimal import Decimal, InvalidOperation

MINIMUM = 100
PAYOUT_FEE = 150_00


def read_naira(value: object, *, is_text: bool = False) -> int | None:
    """Read an amount as kobo; None when it is no positive whole number of them, or of the wrong JSON type."""
    if isinstance(value, bool) or not isinstance(value, str if is_text else (int, float)):
        return None
    try:
        kobo = Decimal(str(value)) * 100
    except InvalidOperation:
        return None
    return int(kobo) if kobo.is_finite() and kobo == kobo.to_integral_value() and kobo > 0 else None


def naira(kobo: int) -> int | float:
    """Write kobo as a JavaScript program writes naira: `100`, `101.51`."""
    return kobo // 100 if kobo % 100 == 0 else kobo / 100


def collection_fee(kobo: int) -> tuple[int, int]:
    """Price a payment: the fee with its VAT inside, and the VAT."""
    bare = (kobo * 14 + 500) // 1000
    vat = (bare * 75 + 500) // 1000
    return bare + vat, vat
