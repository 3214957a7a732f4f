"""Money going back the way it came, and refunds of orders that were already released.

The permanent refund is the source of every journal here: each of its steps can be booked once.
"""

from __future__ import annotations

from uuid import UUID

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import External, Posting, journal


def refund_to_source_requested(
    posting: Posting, *, refund_id: UUID, order_id: UUID, amount: Money, fee: int = 0, vat: int = 0
) -> Journal:
    """Set money of an order's escrow aside for a refund to its source: ``amount`` is sent.

    ``fee`` and the ``vat`` on top of it are what the policy for the cause lets the platform keep, taken from escrow
    beside the amount.
    """
    currency = amount.currency
    return journal(
        posting,
        "refund_to_source_requested",
        ("refund", refund_id),
        debits=[(chart.order_escrow(order_id, currency), amount.amount + fee + vat)],
        credits=[
            (chart.refund_in_transit(refund_id, currency), amount.amount),
            (chart.fee_revenue("escrow", currency), fee),
            (chart.vat_payable(currency), vat),
        ],
    )


def balance_refund_requested(posting: Posting, *, refund_id: UUID, user_id: UUID, amount: Money) -> Journal:
    """Set money of a user's balance aside for a refund to the source it came from (late and over-payments)."""
    return journal(
        posting,
        "refund_to_source_requested",
        ("refund", refund_id),
        debits=[(chart.user_available(user_id, amount.currency), amount.amount)],
        credits=[(chart.refund_in_transit(refund_id, amount.currency), amount.amount)],
    )


def refund_confirmed(posting: Posting, *, refund_id: UUID, amount: Money, external: External) -> Journal:
    """Book that the provider has sent a refund to its source."""
    return journal(
        posting,
        "refund_confirmed",
        ("refund", refund_id),
        debits=[(chart.refund_in_transit(refund_id, amount.currency), amount.amount)],
        credits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        external=external,
    )


def refund_failed(posting: Posting, *, refund_id: UUID, user_id: UUID, amount: Money) -> Journal:
    """Credit a refund that definitively did not reach its source to the user's balance; no order is revived."""
    return journal(
        posting,
        "refund_failed",
        ("refund", refund_id),
        debits=[(chart.refund_in_transit(refund_id, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
    )


def refund_after_release(
    posting: Posting, *, refund_id: UUID, seller_id: UUID, buyer_id: UUID, amount: Money, from_available: int
) -> Journal:
    """Give a buyer money back that the seller already has, by decision or agreement.

    The seller's balance pays ``from_available``, in minor units; the seller owes the rest.
    """
    currency = amount.currency
    return journal(
        posting,
        "refund_after_release",
        ("refund", refund_id),
        debits=[
            (chart.user_available(seller_id, currency), from_available),
            (chart.user_receivable(seller_id, currency), amount.amount - from_available),
        ],
        credits=[(chart.user_available(buyer_id, currency), amount.amount)],
    )
