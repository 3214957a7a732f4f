"""What a statement shows: every movement of a balance, with fees and taxes on lines of their own. Minor units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.ids import show_id
from kro.core.money import round_half_up
from kro.kro_balance.database.statement_records import OrderPrice, StatementLine

SOURCES: Final = {"order": "ord", "payment": "pay", "payout": "pyt", "refund": "rfd"}
"""The things users know by an id of their own, by their name in the ledger."""

_WORDS: Final = {
    "receipt": "Money received",
    "suspense_resolved": "Money received",
    "order_funded": "Paid into escrow",
    "order_amended_up": "Paid into escrow for a higher price",
    "order_amended_down": "Given back from escrow for a lower price",
    "full_release": "Paid out of escrow",
    "partial_release": "Part paid out of escrow",
    "refund_to_wallet": "Refund from escrow",
    "split_settlement": "Settlement of an order",
    "fee_given_back": "Fee given back",
    "payout_requested": "Withdrawal",
    "payout_rejected": "Withdrawal not approved",
    "payout_cancelled": "Withdrawal cancelled",
    "payout_failed": "Withdrawal failed",
    "payout_returned": "Withdrawal sent back by the bank",
    "refund_to_source_requested": "Refund to the source of payment",
    "refund_failed": "Refund did not reach its source",
    "refund_after_release": "Refund after payment",
    "chargeback_opened": "Payment taken back by the payer's bank",
    "chargeback_won": "Payment given back by the payer's bank",
    "chargeback_fee": "Chargeback fee",
    "receivable_repaid": "Repayment of what was owed",
    "reserve_held": "Held back for review",
    "reserve_freed": "Freed after review",
    "goodwill": "Goodwill credit",
    "manual_adjustment": "Adjustment",
    "opening_balance": "Balance carried over",
    "reversal": "Correction",
}


class Part(StrEnum):
    """What one row of a movement is."""

    MOVEMENT = "movement"
    FEE = "fee"
    VAT = "vat"
    STAMP_DUTY = "stamp_duty"


_CHARGED: Final = {Part.FEE: "Fee", Part.VAT: "VAT", Part.STAMP_DUTY: "Stamp duty"}


@dataclass(frozen=True, slots=True)
class Charges:
    """What a user was charged within one movement; negative is given back. ``vat`` is on top of ``fee``."""

    fee: int = 0
    vat: int = 0
    stamp_duty: int = 0

    @property
    def total(self) -> int:
        return self.fee + self.vat + self.stamp_duty

    def parts(self) -> Iterator[tuple[Part, int]]:
        """Return those that are not zero, in the order a statement lists them."""
        everything = ((Part.FEE, self.fee), (Part.VAT, self.vat), (Part.STAMP_DUTY, self.stamp_duty))
        return ((part, amount) for part, amount in everything if amount)


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One row: positive is money in. Charges of a movement share its ``entry_id``."""

    entry_id: int
    at: datetime
    part: Part
    kind: str
    description: str
    reference: str | None
    amount: int
    balance_after: int


def rows_of(line: StatementLine, *, owner_id: UUID) -> Sequence[StatementRow]:
    """Return a movement as a bank would print it: what was moved, then what was charged for it.

    The amounts of the rows add up to the movement exactly, and so does the balance they end with.
    """
    charges = charges_of(line, owner_id=owner_id)
    parts = [(Part.MOVEMENT, line.amount + charges.total), *((part, -amount) for part, amount in charges.parts())]
    balance, rows = line.balance_after - line.amount, []
    for part, amount in parts:
        if not amount:
            continue
        balance += amount
        rows.append(
            StatementRow(
                entry_id=line.entry_id,
                at=line.at,
                part=part,
                kind=line.kind,
                description=_describe(line) if part is Part.MOVEMENT else _name(part, amount),
                reference=_reference(line),
                amount=amount,
                balance_after=balance,
            )
        )
    return rows


def charges_of(line: StatementLine, *, owner_id: UUID) -> Charges:
    """Return what of a journal's fees and taxes the owner of the balance bore.

    Without an escrow, a journal charges the one whose balance it moves. An order's fees have two bearers: its buyer
    pays theirs into escrow with the price, gets back what of it a settlement leaves, and its seller bears theirs at
    each release, in proportion to the shares the order was agreed at.
    """
    if line.order is None:
        return Charges(fee=line.fee, vat=line.vat, stamp_duty=line.stamp_duty)
    if owner_id == line.order.seller_id:
        return _share_of_seller(line, line.order)
    return _share_of_buyer(line, line.order)


def _share_of_seller(line: StatementLine, order: OrderPrice) -> Charges:
    return Charges(
        fee=_part(line.fee, order.fee_seller, order.fee_buyer + order.fee_seller),
        vat=_part(line.vat, order.vat_seller, order.vat_buyer + order.vat_seller),
    )


def _share_of_buyer(line: StatementLine, order: OrderPrice) -> Charges:
    if line.amount == -order.buyer_pays:
        return Charges(fee=order.fee_buyer, vat=order.vat_buyer)
    if line.amount < 0 or line.from_escrow != order.buyer_pays:
        # Only a journal that settles the whole order tells how much of the buyer's fee was kept.
        return Charges()
    sellers = _share_of_seller(line, order) if line.kind == "split_settlement" else Charges()
    return Charges(fee=line.fee - sellers.fee - order.fee_buyer, vat=line.vat - sellers.vat - order.vat_buyer)


def _part(amount: int, share: int, whole: int) -> int:
    return round_half_up(amount * share, whole) if whole else 0


def _describe(line: StatementLine) -> str:
    words = _WORDS.get(line.kind) or line.kind.replace("_", " ").capitalize()
    if line.order is not None:
        return f"{words}: {line.order.title}"
    if line.destination is not None:
        return f"{words}: {line.destination}"
    if line.kind == "receipt" and line.provider is not None:
        return f"{words} through {line.provider.capitalize()}"
    return words


def _name(part: Part, amount: int) -> str:
    return _CHARGED[part] if amount < 0 else f"{_CHARGED[part]} given back"


def _reference(line: StatementLine) -> str | None:
    if line.order is not None:
        return show_id("ord", line.order.id)
    prefix = SOURCES.get(line.source_type)
    return show_id(prefix, line.source_id) if prefix else None
