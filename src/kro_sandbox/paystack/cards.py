"""Paystack's published test cards and what happens to each."""

import re
from dataclasses import dataclass
from datetime import datetime

from kro_sandbox.paystack.state import RefundStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    number: str
    cvv: str
    label: str
    brand: str = "visa"
    refusal: str | None = None
    """What the bank answers when it declines; None when it pays."""
    refund_ends: RefundStatus = RefundStatus.PROCESSED
    asks: tuple[tuple[str, str], ...] = ()
    """What the customer is asked for after the card, with the right answers."""


CARDS = (
    Card(number="4084084084084081", cvv="408", label="Pays"),
    Card(number="4084080000005408", cvv="001", label="Is declined", refusal="Declined"),
    Card(number="4084080000670037", cvv="787", label="Has insufficient funds", refusal="Insufficient Funds"),
    Card(number="507850785078507812", cvv="081", label="Asks for the PIN 1111", brand="verve", asks=(("pin", "1111"),)),
    Card(
        number="5060666666666666666",
        cvv="123",
        label="Asks for the PIN 1234 and the code 123456",
        brand="verve",
        asks=(("pin", "1234"), ("otp", "123456")),
    ),
    Card(
        number="507850785078507804",
        cvv="884",
        label="Asks for the PIN 0000, a phone number and the code 123456",
        brand="verve",
        asks=(("pin", "0000"), ("phone", ""), ("otp", "123456")),
    ),
    Card(
        number="507850785078507853",
        cvv="082",
        label="Gives no token",
        brand="verve",
        refusal="Token Not Generated. Customer Not Registered on Token Platform",
    ),
    Card(number="4084080000671803", cvv="180", label="Pays; a refund fails", refund_ends=RefundStatus.FAILED),
    Card(
        number="4084080000671902",
        cvv="190",
        label="Pays; a refund needs attention",
        refund_ends=RefundStatus.NEEDS_ATTENTION,
    ),
)
_BY_NUMBER = {card.number: card for card in CARDS}


def find_card(number: str | None) -> Card | None:
    return None if number is None else _BY_NUMBER.get(re.sub(r"\D", "", number))


def four_digit_year(expiry: str) -> str | None:
    """Read `MM/YY` or `MM/YYYY` as `MM/YYYY`; None when it is neither."""
    match = re.fullmatch(r"\s*(0?[1-9]|1[0-2])\s*/\s*(\d{4}|\d{2})\s*", expiry)
    if match is None:
        return None
    month, year = int(match[1]), int(match[2]) + (0 if len(match[2]) == 4 else 2000)  # noqa: PLR2004  digits of a year
    return f"{month:02d}/{year}"


def is_expired(expiry: str, *, now: datetime) -> bool:
    month, year = expiry.split("/")
    return (int(year), int(month)) < (now.year, now.month)
