"""Money coming in through a provider, and money that matches nobody."""

from __future__ import annotations

from uuid import UUID

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import External, Posting, Source, journal


def receipt(posting: Posting, *, payment_id: UUID, user_id: UUID, amount: Money, external: External) -> Journal:
    """Credit money a provider received to its payer, whatever it was meant for."""
    return journal(
        posting,
        "receipt",
        ("payment", payment_id),
        debits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
        external=external,
    )


def provider_fee(posting: Posting, *, source: Source, amount: Money, external: External) -> Journal:
    """Book what a provider kept for its service on one payment or payout."""
    return journal(
        posting,
        "provider_fee",
        source,
        debits=[(chart.provider_fees(external.provider, amount.currency), amount.amount)],
        credits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        external=external,
    )


def unmatched_receipt(posting: Posting, *, source: Source, amount: Money, external: External) -> Journal:
    """Book money a provider received that belongs to no known payer; ``source`` is the payment or notice it came by."""
    return journal(
        posting,
        "unmatched_receipt",
        source,
        debits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        credits=[(chart.suspense(external.provider, amount.currency), amount.amount)],
        external=external,
    )


def suspense_resolved(posting: Posting, *, suspense_id: UUID, provider: str, user_id: UUID, amount: Money) -> Journal:
    """Credit unmatched money to the user it turned out to belong to; two persons have decided so."""
    return journal(
        posting,
        "suspense_resolved",
        ("suspense", suspense_id),
        debits=[(chart.suspense(provider, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
    )


def suspense_returned(posting: Posting, *, suspense_id: UUID, amount: Money, external: External) -> Journal:
    """Book that unmatched money went back to its sender through the provider that had received it."""
    return journal(
        posting,
        "suspense_returned",
        ("suspense", suspense_id),
        debits=[(chart.suspense(external.provider, amount.currency), amount.amount)],
        credits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        external=external,
    )
