"""What the page of books shows: each payment company's balance and movements, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kro_sandbox.control.books import paystack_books
from kro_sandbox.fincra.state import Charge, FincraState
from kro_sandbox.paystack.state import PaystackState
from kro_sandbox.providus.state import ProvidusState

_SHOWN = 200
_LINES = {
    "charged": ("Paid by customers", 1),
    "charge_fees": ("Fees for that", -1),
    "transferred": ("Transferred out", -1),
    "transfer_fees": ("Fees for that", -1),
    "refunded": ("Refunded", -1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    reference: str
    status: str
    amount: int
    """In subunits of `currency`, as all amounts here."""
    currency: str = "NGN"
    at: datetime
    link: str | None = None
    """Where a person can pay it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    currency: str
    opening: int
    lines: list[tuple[str, int]]
    """What came and went in between, where the company tells it apart."""
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorBooks:
    vendor: str
    sums: list[Sums]
    lists: dict[str, list[Row]]


def paystack_page(state: PaystackState) -> VendorBooks:
    sums = [
        Sums(
            currency=currency,
            opening=of["opening"],
            lines=[(label, sign * of[name]) for name, (label, sign) in _LINES.items()],
            available=of["available"],
        )
        for currency, of in paystack_books(state)["balances"].items()
    ]
    payments = (
        Row(
            reference=one.reference,
            status=one.status,
            amount=one.amount,
            currency=one.currency,
            at=one.created_at,
            link=f"/paystack/checkout/{one.access_code}" if one.access_code in state.by_access_code else None,
        )
        for one in state.transactions.values()
    )
    transfers = (
        Row(reference=one.reference, status=one.status, amount=one.amount, currency=one.currency, at=one.created_at)
        for one in state.transfers.values()
    )
    refunds = (
        Row(
            reference=one.transaction.reference,
            status=one.status,
            amount=one.amount,
            currency=one.currency,
            at=one.created_at,
        )
        for one in state.refunds.values()
    )
    lists = {"Payments": _newest(payments), "Transfers": _newest(transfers), "Refunds": _newest(refunds)}
    return VendorBooks(vendor="Paystack", sums=sums, lists=lists)


def fincra_page(state: FincraState) -> VendorBooks:
    payments = (
        Row(
            reference=one.reference,
            status=one.status,
            amount=one.amount if one.received is None else one.received,
            currency=one.currency,
            at=one.created_at,
            link=_payable_at(one),
        )
        for one in state.charges.values()
    )
    collections = (
        Row(reference=one.reference, status=one.status, amount=one.amount, at=one.created_at)
        for one in state.collections.values()
    )
    payouts = (
        Row(reference=one.customer_reference, status=one.status, amount=one.amount, at=one.created_at)
        for one in state.payouts.values()
    )
    return VendorBooks(
        vendor="Fincra",
        sums=[Sums(currency="NGN", opening=state.opening, lines=[], available=state.balance)],
        lists={
            "Payments": _newest(payments),
            "Money on permanent accounts": _newest(collections),
            "Payouts": _newest(payouts),
        },
    )


def providus_page(state: ProvidusState) -> VendorBooks:
    inflows = (
        Row(
            reference=one.settlement_id,
            status=f"notice {one.notice.replace('_', ' ')}",
            amount=one.amount,
            at=one.at,
            link=f"/pay?account_number={one.account.number}",
        )
        for one in state.inflows.values()
    )
    transfers = (
        Row(reference=one.reference, status=one.state, amount=one.amount, at=one.at) for one in state.transfers.values()
    )
    return VendorBooks(
        vendor="Providus",
        sums=[Sums(currency="NGN", opening=state.opening, lines=[], available=state.available)],
        lists={"Money on accounts": _newest(inflows), "Transfers": _newest(transfers)},
    )


def _newest(rows: Iterable[Row]) -> list[Row]:
    return list(rows)[: -_SHOWN - 1 : -1]


def _payable_at(charge: Charge) -> str | None:
    if charge.code is not None:
        return f"/fincra/pay/{charge.code}"
    return None if charge.account is None else f"/pay?account_number={charge.account.number}"
