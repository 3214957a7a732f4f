"""Money taken back by the payer's bank, and the debts it leaves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import External, Movement, Posting, Source, journal

CHARGEBACK_FEE = "chargeback_fee"
WRITE_OFF = "write_off"


@dataclass(frozen=True, slots=True)
class Debt:
    """Who bears a chargeback after release: what the balance pays and what stays owed, in minor units."""

    user_id: UUID
    currency: str
    from_available: int
    owed: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Who bears one chargeback together: an order's escrow and users, in minor units of one currency."""

    order_id: UUID | None
    currency: str
    from_escrow: int
    debts: tuple[Debt, ...]


def chargeback_opened(posting: Posting, *, chargeback_id: UUID, shares: Shares, external: External) -> Journal:
    """Book money taken back: borne by the order as far as it still holds it, by users for the rest."""
    borne = _shares(shares)
    return journal(
        posting,
        "chargeback_opened",
        ("chargeback", chargeback_id),
        debits=borne,
        credits=_clearing(borne, external),
        external=external,
    )


def chargeback_won(posting: Posting, *, chargeback_id: UUID, shares: Shares, external: External) -> Journal:
    """Give money that came back to those who bore the chargeback.

    What a user ``owed`` is what is still owed today, not what was at first: a part may have been repaid since, and that
    part belongs to the balance. An order that has ended takes nothing back.
    """
    borne = _shares(shares)
    return journal(
        posting,
        "chargeback_won",
        ("chargeback", chargeback_id),
        debits=_clearing(borne, external),
        credits=borne,
        external=external,
    )


def chargeback_fee(
    posting: Posting, *, chargeback_id: UUID, amount: Money, external: External, user_id: UUID | None = None
) -> Journal:
    """Book the provider's fee for a chargeback: borne by the user if one is named, else a loss."""
    currency = amount.currency
    bearer = chart.user_available(user_id, currency) if user_id else chart.losses(CHARGEBACK_FEE, currency)
    return journal(
        posting,
        "chargeback_fee",
        ("chargeback", chargeback_id),
        debits=[(bearer, amount.amount)],
        credits=[(chart.provider_clearing(external.provider, currency), amount.amount)],
        external=external,
    )


def receivable_repaid(posting: Posting, *, source: Source, user_id: UUID, amount: Money) -> Journal:
    """Take what a user owes from later income; ``source`` is that income."""
    return journal(
        posting,
        "receivable_repaid",
        source,
        debits=[(chart.user_available(user_id, amount.currency), amount.amount)],
        credits=[(chart.user_receivable(user_id, amount.currency), amount.amount)],
    )


def receivable_written_off(posting: Posting, *, write_off_id: UUID, user_id: UUID, amount: Money) -> Journal:
    """Give up what a user owes; two persons have decided so."""
    return journal(
        posting,
        "receivable_written_off",
        ("write_off", write_off_id),
        debits=[(chart.losses(WRITE_OFF, amount.currency), amount.amount)],
        credits=[(chart.user_receivable(user_id, amount.currency), amount.amount)],
    )


def _clearing(other_side: list[Movement], external: External) -> list[Movement]:
    currency = other_side[0][0].currency
    return [(chart.provider_clearing(external.provider, currency), sum(amount for _, amount in other_side))]


def _shares(shares: Shares) -> list[Movement]:
    parts = [part for debt in shares.debts for part in _debt(debt)]
    if shares.order_id is not None:
        parts.append((chart.order_escrow(shares.order_id, shares.currency), shares.from_escrow))
    return parts


def _debt(debt: Debt) -> list[Movement]:
    return [
        (chart.user_available(debt.user_id, debt.currency), debt.from_available),
        (chart.user_receivable(debt.user_id, debt.currency), debt.owed),
    ]
