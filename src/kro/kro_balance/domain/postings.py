"""Every movement of money, one function per business event. Nothing else makes ledger entries.

A debit is positive, a credit negative, and every journal sums to zero. Each event happens once per source: the
database refuses a second journal of one kind for the same source or the same external reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.core.decisions import Account, Entry, Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart


@dataclass(frozen=True, slots=True)
class Posting:
    """Who posts and when: what every journal carries beside its movement."""

    journal_id: UUID
    occurred_at: datetime
    actor: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class External:
    """The provider's side of a movement: its name and the reference it knows the movement by."""

    provider: str
    reference: str


@dataclass(frozen=True, slots=True)
class Release:
    """How an order's escrow is shared out at release, in minor units; ``vat`` is on top of ``fee``."""

    order_id: UUID
    seller_id: UUID
    currency: str
    seller: int
    fee: int
    vat: int


@dataclass(frozen=True, slots=True)
class PayoutReserve:
    """What a payout takes from its owner: the amount sent and the fee, which contains the VAT."""

    payout_id: UUID
    user_id: UUID
    amount: Money
    fee: int
    vat: int


def receipt(posting: Posting, *, payment_id: UUID, user_id: UUID, amount: Money, external: External) -> Journal:
    """Credit money a provider received to its payer, whatever it was meant for."""
    return _journal(
        posting,
        "receipt",
        ("payment", payment_id),
        [
            (chart.provider_clearing(external.provider, amount.currency), amount.amount),
            (chart.user_available(user_id, amount.currency), -amount.amount),
        ],
        external=external,
    )


def provider_fee(posting: Posting, *, source: tuple[str, UUID], amount: Money, external: External) -> Journal:
    """Book what a provider kept for its service on one payment or payout."""
    return _journal(
        posting,
        "provider_fee",
        source,
        [
            (chart.provider_fees(external.provider, amount.currency), amount.amount),
            (chart.provider_clearing(external.provider, amount.currency), -amount.amount),
        ],
        external=external,
    )


def order_funded(posting: Posting, *, order_id: UUID, buyer_id: UUID, amount: Money) -> Journal:
    """Move the whole amount due from the buyer's balance into the order's escrow."""
    return _journal(
        posting,
        "order_funded",
        ("order", order_id),
        [
            (chart.user_available(buyer_id, amount.currency), amount.amount),
            (chart.order_escrow(order_id, amount.currency), -amount.amount),
        ],
    )


def full_release(posting: Posting, *, release: Release) -> Journal:
    """Empty an order's escrow to the seller; the platform's fee becomes revenue only here."""
    currency = release.currency
    return _journal(
        posting,
        "full_release",
        ("order", release.order_id),
        [
            (chart.order_escrow(release.order_id, currency), release.seller + release.fee + release.vat),
            (chart.user_available(release.seller_id, currency), -release.seller),
            (chart.fee_revenue("escrow", currency), -release.fee),
            (chart.vat_payable(currency), -release.vat),
        ],
    )


def refund_to_wallet(posting: Posting, *, order_id: UUID, buyer_id: UUID, amount: Money) -> Journal:
    """Give everything an order holds back to the buyer's balance."""
    return _journal(
        posting,
        "refund_to_wallet",
        ("order", order_id),
        [
            (chart.order_escrow(order_id, amount.currency), amount.amount),
            (chart.user_available(buyer_id, amount.currency), -amount.amount),
        ],
    )


def payout_requested(posting: Posting, *, reserve: PayoutReserve) -> Journal:
    """Set the payout aside and charge its fee; the money leaves "available" at once."""
    return _journal(posting, "payout_requested", ("payout", reserve.payout_id), _reserve_entries(reserve, 1))


def payout_refused(posting: Posting, *, reserve: PayoutReserve, kind: str) -> Journal:
    """Give amount and fee back after a rejection, a cancellation or a definitive failure (``kind`` names which)."""
    return _journal(posting, kind, ("payout", reserve.payout_id), _reserve_entries(reserve, -1))


def payout_settled(posting: Posting, *, payout_id: UUID, amount: Money, external: External) -> Journal:
    """Book that the provider has paid the money out."""
    return _journal(
        posting,
        "payout_settled",
        ("payout", payout_id),
        [
            (chart.payout_in_transit(payout_id, amount.currency), amount.amount),
            (chart.provider_clearing(external.provider, amount.currency), -amount.amount),
        ],
        external=external,
    )


def payout_returned(posting: Posting, *, payout_id: UUID, user_id: UUID, amount: Money, external: External) -> Journal:
    """Credit a payout that came back from the bank after it had succeeded."""
    return _journal(
        posting,
        "payout_returned",
        ("payout", payout_id),
        [
            (chart.provider_clearing(external.provider, amount.currency), amount.amount),
            (chart.user_available(user_id, amount.currency), -amount.amount),
        ],
        external=external,
    )


def _reserve_entries(reserve: PayoutReserve, direction: int) -> list[tuple[Account, int]]:
    currency = reserve.amount.currency
    return [
        (chart.user_available(reserve.user_id, currency), direction * (reserve.amount.amount + reserve.fee)),
        (chart.payout_in_transit(reserve.payout_id, currency), -direction * reserve.amount.amount),
        (chart.fee_revenue("payout", currency), -direction * (reserve.fee - reserve.vat)),
        (chart.vat_payable(currency), -direction * reserve.vat),
    ]


def _journal(
    posting: Posting,
    kind: str,
    source: tuple[str, UUID],
    movements: list[tuple[Account, int]],
    *,
    external: External | None = None,
) -> Journal:
    if sum(amount for _, amount in movements) != 0:
        raise AssertionError(f"a {kind} journal does not balance")
    return Journal(
        id=posting.journal_id,
        kind=kind,
        source_type=source[0],
        source_id=source[1],
        occurred_at=posting.occurred_at,
        actor=posting.actor,
        request_id=posting.request_id,
        entries=tuple(Entry(account, amount) for account, amount in movements if amount),
        provider=external.provider if external else None,
        external_ref=external.reference if external else None,
    )
