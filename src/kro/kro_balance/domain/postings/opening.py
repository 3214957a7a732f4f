"""What customers held at the predecessor when its books were closed: the first entries of ours."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from kro.core.decisions import Account, Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import External, Posting, journal

OPENING_BALANCE: Final = "opening_balance"
"""The kind of these journals, and the reason of the account on their other side."""
OPENING_TRANSFERRED: Final = "opening_transferred"


def opening_balance(posting: Posting, *, import_id: UUID, user_id: UUID, amount: Money) -> Journal:
    """Open a user's balance with what they could spend; ``import_id`` names the one account it was read from."""
    return journal(
        posting,
        OPENING_BALANCE,
        ("import", import_id),
        debits=[(chart.adjustment(OPENING_BALANCE, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
    )


def opening_escrow(posting: Posting, *, order_id: UUID, amount: Money) -> Journal:
    """Put what an order under way held into its escrow, from where it is released or refunded like any other."""
    return journal(
        posting,
        OPENING_BALANCE,
        ("order", order_id),
        debits=[(chart.adjustment(OPENING_BALANCE, amount.currency), amount.amount)],
        credits=[(chart.order_escrow(order_id, amount.currency), amount.amount)],
    )


def opening_account(currency: str) -> Account:
    """Return what opened the books and has no place yet: zero once all of it is transferred."""
    return chart.adjustment(OPENING_BALANCE, currency)


def opening_transferred(
    posting: Posting, *, transfer_id: UUID, amount: Money, external: External, is_bank: bool
) -> Journal:
    """Book that money behind the opening balances really lies at one of our banks, or at a provider.

    ``external`` names it and the movement on its statement, which is booked once.
    """
    made = chart.bank if is_bank else chart.provider_clearing
    return journal(
        posting,
        OPENING_TRANSFERRED,
        ("opening_transfer", transfer_id),
        debits=[(made(external.provider, amount.currency), amount.amount)],
        credits=[(opening_account(amount.currency), amount.amount)],
        external=external,
    )
