"""Money of one order: into escrow, out to the seller, back to the buyer, or shared between them.

The platform's fee becomes revenue only when escrow is released, never when an order is funded.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import Movement, Posting, Source, journal


@dataclass(frozen=True, slots=True)
class Release:
    """How escrow is shared out at a release, in minor units; ``vat`` is on top of ``fee``."""

    order_id: UUID
    seller_id: UUID
    currency: str
    seller: int
    fee: int
    vat: int


@dataclass(frozen=True, slots=True)
class Split:
    """How everything an order holds is shared out after a dispute, in minor units; ``vat`` is on top of ``fee``."""

    order_id: UUID
    buyer_id: UUID
    seller_id: UUID
    currency: str
    buyer: int
    seller: int
    fee: int
    vat: int


def order_funded(posting: Posting, *, order_id: UUID, buyer_id: UUID, amount: Money) -> Journal:
    """Move the whole amount due from the buyer's balance into the order's escrow."""
    return journal(
        posting,
        "order_funded",
        ("order", order_id),
        debits=[(chart.user_available(buyer_id, amount.currency), amount.amount)],
        credits=[(chart.order_escrow(order_id, amount.currency), amount.amount)],
    )


def order_amended(
    posting: Posting, *, amendment_id: UUID, order_id: UUID, buyer_id: UUID, amount: Money, is_up: bool
) -> Journal:
    """Move the difference between an old and a new price: into escrow when it rose, back to the buyer when it fell."""
    available = (chart.user_available(buyer_id, amount.currency), amount.amount)
    escrow = (chart.order_escrow(order_id, amount.currency), amount.amount)
    return journal(
        posting,
        "order_amended_up" if is_up else "order_amended_down",
        ("amendment", amendment_id),
        debits=[available if is_up else escrow],
        credits=[escrow if is_up else available],
    )


def full_release(posting: Posting, *, release: Release) -> Journal:
    """Empty an order's escrow to the seller; the platform's fee becomes revenue only here."""
    return _release(posting, "full_release", ("order", release.order_id), release)


def partial_release(posting: Posting, *, release_id: UUID, release: Release) -> Journal:
    """Release a part of an order's escrow.

    The caller allocates fee and VAT cumulatively, so that the last part closes to the exact total.
    """
    return _release(posting, "partial_release", ("release", release_id), release)


def refund_to_wallet(
    posting: Posting,
    *,
    order_id: UUID,
    buyer_id: UUID,
    amount: Money,
    refund_id: UUID | None = None,
    fee: int = 0,
    vat: int = 0,
) -> Journal:
    """Give what an order holds back to the buyer's balance: ``amount`` reaches the buyer.

    A refund of a part names the refund as its source, so that an order can have several. ``fee`` and the ``vat`` on top
    of it are what the policy for the cause lets the platform keep, taken from escrow beside the amount.
    """
    currency = amount.currency
    return journal(
        posting,
        "refund_to_wallet",
        ("refund", refund_id) if refund_id else ("order", order_id),
        debits=[(chart.order_escrow(order_id, currency), amount.amount + fee + vat)],
        credits=[(chart.user_available(buyer_id, currency), amount.amount), *_fee("escrow", currency, fee, vat)],
    )


def split_settlement(posting: Posting, *, split: Split) -> Journal:
    """Empty an order's escrow to both parties as a dispute was decided, in one journal."""
    currency = split.currency
    return journal(
        posting,
        "split_settlement",
        ("order", split.order_id),
        debits=[(chart.order_escrow(split.order_id, currency), split.buyer + split.seller + split.fee + split.vat)],
        credits=[
            (chart.user_available(split.buyer_id, currency), split.buyer),
            (chart.user_available(split.seller_id, currency), split.seller),
            *_fee("escrow", currency, split.fee, split.vat),
        ],
    )


def fee_given_back(
    posting: Posting, *, source: Source, user_id: UUID, currency: str, fee: int, vat: int, fee_kind: str = "escrow"
) -> Journal:
    """Give a fee that was already earned back to the user who bore it; ``vat`` is on top of ``fee``."""
    return journal(
        posting,
        "fee_given_back",
        source,
        debits=_fee(fee_kind, currency, fee, vat),
        credits=[(chart.user_available(user_id, currency), fee + vat)],
    )


def _release(posting: Posting, kind: str, source: Source, release: Release) -> Journal:
    currency = release.currency
    return journal(
        posting,
        kind,
        source,
        debits=[(chart.order_escrow(release.order_id, currency), release.seller + release.fee + release.vat)],
        credits=[
            (chart.user_available(release.seller_id, currency), release.seller),
            *_fee("escrow", currency, release.fee, release.vat),
        ],
    )


def _fee(kind: str, currency: str, fee: int, vat: int) -> list[Movement]:
    return [(chart.fee_revenue(kind, currency), fee), (chart.vat_payable(currency), vat)]
