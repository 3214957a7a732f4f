"""What the ledger should hold, kept by a dictionary and nothing else: the simplest possible second opinion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

NOBODY = UUID(int=0)
NGN, USD = "NGN", "USD"

Account = tuple[str, UUID, str, str]
"""Code, owner, qualifier and currency: how an account is told from every other."""

CLEARING: Account = ("provider_clearing", NOBODY, "paystack", NGN)
PROVIDER_FEES: Account = ("provider_fees", NOBODY, "paystack", NGN)
SUSPENSE: Account = ("suspense", NOBODY, "paystack", NGN)
ESCROW_FEES: Account = ("fee_revenue", NOBODY, "escrow", NGN)
PAYOUT_FEES: Account = ("fee_revenue", NOBODY, "payout", NGN)
VAT: Account = ("vat_payable", NOBODY, "", NGN)
STAMP_DUTY: Account = ("stamp_duty_payable", NOBODY, "", NGN)
BANK: Account = ("bank", NOBODY, "operating", NGN)
GOODWILL: Account = ("losses", NOBODY, "goodwill", NGN)
WRITE_OFF: Account = ("losses", NOBODY, "write_off", NGN)
CHARGEBACK_FEES: Account = ("losses", NOBODY, "chargeback_fee", NGN)
ADJUSTMENT: Account = ("adjustment", NOBODY, "correction", NGN)


def available(user: UUID) -> Account:
    return ("user_available", user, "", NGN)


def reserve(user: UUID) -> Account:
    return ("user_reserve", user, "", NGN)


def owed(user: UUID) -> Account:
    return ("user_receivable", user, "", NGN)


def escrow(order: UUID) -> Account:
    return ("order_escrow", order, "", NGN)


def leaving(payout: UUID) -> Account:
    return ("payout_in_transit", payout, "", NGN)


def returning(refund: UUID) -> Account:
    return ("refund_in_transit", refund, "", NGN)


def in_currency(account: Account, currency: str) -> Account:
    return (*account[:3], currency)


@dataclass
class Books:
    """Balances as they are shown, positive on an account's normal side, and how many journals made them."""

    balances: Counter[Account] = field(default_factory=Counter)
    journals: int = 0

    def book(self, changes: dict[Account, int]) -> None:
        """Take one journal down; a journal that moves nothing is none."""
        moved = {account: amount for account, amount in changes.items() if amount}
        self.journals += bool(moved)
        for account, amount in moved.items():
            self.balances[account] += amount

    def __getitem__(self, account: Account) -> int:
        return self.balances[account]

    @property
    def held(self) -> dict[Account, int]:
        """Every account that holds something."""
        return {account: amount for account, amount in self.balances.items() if amount}
