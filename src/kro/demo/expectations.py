"""What every figure must be, worked out by hand; nothing here is computed by the code it judges.

The order is the worked example of the lifecycle: ₦150,000.00, a fee of 2.5 % shared half and half, VAT of 7.5 % on
the fee. The payout bears the stamp duty of ₦50 on electronic transfers. All amounts are kobo.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from kro.demo.client import DemoError

CURRENCY: Final = "NGN"
AMOUNT: Final = 15_000_000
BUYER_SHARE_BPS: Final = 5_000
FEE: Final = 375_000
FEE_BUYER: Final = 187_500
FEE_SELLER: Final = 187_500
VAT: Final = 28_125
VAT_BUYER: Final = 14_063
VAT_SELLER: Final = 14_062
BUYER_PAYS: Final = 15_201_563
SELLER_RECEIVES: Final = 14_798_438

PAYOUT_FEE: Final = 5_000
PAYOUT_VAT: Final = 349
PAYOUT_DUTY: Final = 5_000
PAYOUT_AMOUNT: Final = SELLER_RECEIVES - PAYOUT_FEE - PAYOUT_DUTY


@dataclass(frozen=True, slots=True)
class Notice:
    """Words that one notice carries in its SMS and in the subject of its mail, and how often it is sent."""

    sms: str
    subject: str
    times: int = 1


NOTICES: Final = {
    "buyer": (
        Notice("was accepted", "Accepted: "),
        Notice("is fully paid", "Paid into escrow: "),
        Notice("says a condition", "To be checked: ", times=3),
        Notice("is done", "Please check: "),
        Notice("is closed", "Closed: "),
    ),
    "seller": (
        Notice("you have a new order", "New order: "),
        Notice("is fully paid", "Paid into escrow: "),
        Notice("was confirmed", "Confirmed: ", times=3),
        Notice("NGN 147,984.38 is in your KRO Balance", "Closed: "),
        Notice("was added to your account, payouts from", "Bank account added"),
        Notice("a payout of NGN 147,884.38", "Payout of ₦147,884.38 requested"),
        Notice("NGN 147,884.38 was sent to", "Payout of ₦147,884.38 sent"),
    ),
}


class WrongFigureError(DemoError):
    """A figure is not what it must be, by however little."""

    def __init__(self, name: str, expected: object, found: object) -> None:
        super().__init__(f"{name} must be {expected!r} and is {found!r}")


@dataclass(frozen=True, slots=True)
class Balance:
    """One user's money in one currency, as the balance endpoint tells it, in kobo."""

    available: int = 0
    in_escrow: int = 0
    in_transit: int = 0


@dataclass(slots=True)
class Expectations:
    """What each party owns by now; the journey moves it, and it judges what the server says."""

    balances: dict[str, Balance] = field(default_factory=dict)

    def move(self, party: str, **changes: int) -> None:
        """Add signed amounts to a party's figures (``available=-5``)."""
        now = self.balances.setdefault(party, Balance())
        self.balances[party] = replace(now, **{name: getattr(now, name) + change for name, change in changes.items()})

    def judge(self, party: str, found: Balance) -> None:
        """Compare a party's balance with what it must be.

        :raises WrongFigureError: naming the first figure that is off by so much as one kobo.
        """
        expected = self.balances.setdefault(party, Balance())
        for figure in fields(Balance):
            equal(f"{party}'s {figure.name}", getattr(expected, figure.name), getattr(found, figure.name))


def equal(name: str, expected: object, found: object) -> None:
    """Insist that a figure or a word is exactly what it must be.

    :raises WrongFigureError: naming it.
    """
    if expected != found or type(expected) is not type(found):
        raise WrongFigureError(name, expected, found)


def kobo(name: str, expected: int, found: dict[str, Any]) -> None:
    """Insist on an amount on the wire: integer kobo with the currency beside it.

    :raises WrongFigureError: naming it.
    """
    equal(f"{name} (currency)", CURRENCY, found["currency"])
    equal(name, expected, found["amount"])
