"""The platform's own money: what providers settle, what it gives, and what people decide by hand."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import External, Posting, Source, journal

GOODWILL = "goodwill"


def provider_settled(
    posting: Posting, *, settlement_id: UUID, bank_account: str, net: Money, fees: int, external: External
) -> Journal:
    """Book what a provider paid to our bank: ``net`` arrived, ``fees`` (minor units) were kept and not yet booked."""
    currency = net.currency
    return journal(
        posting,
        "provider_settled",
        ("settlement", settlement_id),
        debits=[
            (chart.bank(bank_account, currency), net.amount),
            (chart.provider_fees(external.provider, currency), fees),
        ],
        credits=[(chart.provider_clearing(external.provider, currency), net.amount + fees)],
        external=external,
    )


def goodwill(posting: Posting, *, source: Source, user_id: UUID, amount: Money) -> Journal:
    """Give a user money of the platform's own; two persons have decided so."""
    return journal(
        posting,
        "goodwill",
        source,
        debits=[(chart.losses(GOODWILL, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
    )


def manual_adjustment(
    posting: Posting,
    *,
    adjustment_id: UUID,
    user_id: UUID,
    amount: Money,
    direction: Literal["credit", "debit"],
    reason: str,
) -> Journal:
    """Credit or debit a user's balance by hand, with two persons and a reason code; it never touches an escrow."""
    user = [(chart.user_available(user_id, amount.currency), amount.amount)]
    ours = [(chart.adjustment(reason, amount.currency), amount.amount)]
    debits, credits_ = (ours, user) if direction == "credit" else (user, ours)
    return journal(posting, "manual_adjustment", ("adjustment", adjustment_id), debits=debits, credits=credits_)


def reserve_held(posting: Posting, *, hold_id: UUID, user_id: UUID, amount: Money) -> Journal:
    """Hold a part of a user's balance back because of a risk: a movement, not a flag."""
    return journal(
        posting,
        "reserve_held",
        ("hold", hold_id),
        debits=[(chart.user_available(user_id, amount.currency), amount.amount)],
        credits=[(chart.user_reserve(user_id, amount.currency), amount.amount)],
    )


def reserve_freed(posting: Posting, *, hold_id: UUID, user_id: UUID, amount: Money) -> Journal:
    """Give a part that was held back to the user's balance."""
    return journal(
        posting,
        "reserve_freed",
        ("hold", hold_id),
        debits=[(chart.user_reserve(user_id, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
    )
