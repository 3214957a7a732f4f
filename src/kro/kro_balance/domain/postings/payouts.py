"""Money leaving for a user's bank. An unknown outcome moves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Journal
from kro.core.money import Money
from kro.kro_balance.domain import chart
from kro.kro_balance.domain.postings.journals import External, Movement, Posting, journal


@dataclass(frozen=True, slots=True)
class PayoutReserve:
    """What a payout takes from its owner: the amount sent, the fee, which contains the VAT, and the duty if theirs."""

    payout_id: UUID
    user_id: UUID
    amount: Money
    fee: int
    vat: int
    duty: int = 0


def payout_requested(posting: Posting, *, reserve: PayoutReserve) -> Journal:
    """Set the payout aside and charge its fee and duty; the money leaves "available" at once."""
    taken, kept = _sides(reserve)
    return journal(posting, "payout_requested", ("payout", reserve.payout_id), debits=taken, credits=kept)


def payout_refused(posting: Posting, *, reserve: PayoutReserve, kind: str) -> Journal:
    """Give everything back after a rejection, a cancellation or a definitive failure (``kind`` names which)."""
    taken, kept = _sides(reserve)
    return journal(posting, kind, ("payout", reserve.payout_id), debits=kept, credits=taken)


def payout_settled(posting: Posting, *, payout_id: UUID, amount: Money, external: External) -> Journal:
    """Book that the provider has paid the money out."""
    return journal(
        posting,
        "payout_settled",
        ("payout", payout_id),
        debits=[(chart.payout_in_transit(payout_id, amount.currency), amount.amount)],
        credits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        external=external,
    )


def payout_duty_borne(posting: Posting, *, payout_id: UUID, duty: Money) -> Journal:
    """Book the stamp duty of a payout that went out, where the platform bears it."""
    return journal(
        posting,
        "payout_duty_borne",
        ("payout", payout_id),
        debits=[(chart.losses("stamp_duty", duty.currency), duty.amount)],
        credits=[(chart.stamp_duty_payable(duty.currency), duty.amount)],
    )


def payout_returned(posting: Posting, *, payout_id: UUID, user_id: UUID, amount: Money, external: External) -> Journal:
    """Credit a payout that came back from the bank after it had succeeded."""
    return journal(
        posting,
        "payout_returned",
        ("payout", payout_id),
        debits=[(chart.provider_clearing(external.provider, amount.currency), amount.amount)],
        credits=[(chart.user_available(user_id, amount.currency), amount.amount)],
        external=external,
    )


def _sides(reserve: PayoutReserve) -> tuple[list[Movement], list[Movement]]:
    currency = reserve.amount.currency
    total = reserve.amount.amount + reserve.fee + reserve.duty
    return [(chart.user_available(reserve.user_id, currency), total)], [
        (chart.payout_in_transit(reserve.payout_id, currency), reserve.amount.amount),
        (chart.fee_revenue("payout", currency), reserve.fee - reserve.vat),
        (chart.vat_payable(currency), reserve.vat),
        (chart.stamp_duty_payable(currency), reserve.duty),
    ]
