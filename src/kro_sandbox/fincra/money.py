"""Naira on the wire, kobo inside. Fees as the samples show them: 1.4 % and VAT in, NGN 150 out."""

MINIMUM = 100
PAYOUT_FEE = 150_00


def naira(kobo: int) -> int | float:
    """Write kobo as a JavaScript program writes naira: `100`, `101.51`."""
    return kobo // 100 if kobo % 100 == 0 else kobo / 100


def collection_fee(kobo: int) -> tuple[int, int]:
    """Price a payment: the fee with its VAT inside, and the VAT."""
    bare = (kobo * 14 + 500) // 1000
    vat = (bare * 75 + 500) // 1000
    return bare + vat, vat
