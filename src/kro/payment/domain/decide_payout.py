"""A user asks for money: it is set aside, with the fee, before anybody is asked to send it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from kro.core.actor import Actor
from kro.core.auth.standing import Columns
from kro.core.decisions import Decision, Insert, InsufficientFundsError, Outcome
from kro.core.ids import IdSource
from kro.core.money import BASIS_POINTS, AmountOutOfRangeError, CurrencyMismatchError, Money, round_half_up
from kro.kro_balance.domain import PayoutReserve, payout_requested
from kro.payment.database.records import Destination, Payout, PayoutStatus
from kro.payment.database.rows import payout_row
from kro.payment.domain.announcements import balance_updated, payout_notice
from kro.payment.domain.context import Context
from kro.payment.domain.errors import AccountCoolingError, PayoutLimitError
from kro.payment.domain.rules import PayoutRules

LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")
"""Business days are Lagos days; the zone has had no daylight saving since 1919."""


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """The user's own bank account the money is to go to; the number stays sealed."""

    bank_account_id: UUID
    bank_code: str
    bank_name: str
    account_number_sealed: str = field(repr=False)
    account_number_last4: str
    account_name: str = field(repr=False)
    currency: str
    usable_from: datetime


@dataclass(frozen=True, slots=True)
class PayoutDay:
    """What a user has asked for on one business day: how often, and how much of it in minor units was not undone."""

    start: datetime
    requested: int
    total_minor: int


def payout_day_start(now: datetime) -> datetime:
    """Return when the business day of a moment began."""
    return now.astimezone(LAGOS).replace(hour=0, minute=0, second=0, microsecond=0)


def read_payout_day(row: Columns, *, start: datetime) -> PayoutDay:
    """Read the column ``payout_day`` of a load query that carried ``PAYOUT_DAY``."""
    return PayoutDay(start=start, requested=row["payout_day"]["requested"], total_minor=row["payout_day"]["total"])


def decide_payout_request(
    *,
    user_id: UUID,
    amount: Money,
    account: PayoutAccount,
    available_minor: int,
    day: PayoutDay,
    day_limit_minor: int,
    rules: PayoutRules,
    actor: Actor,
    ids: IdSource,
    now: datetime,
) -> Outcome[Payout]:
    """Set a payout and its fee aside and put it before the approvers.

    Two requests of one user on one day cannot be decided on the same numbers: each takes the day's next place, and the
    one that comes second finds its place taken, loads again and sees what the first has used of the limit.

    :raises AmountOutOfRangeError: unless the amount is above zero.
    :raises CurrencyMismatchError: when the account is in another currency.
    :raises AccountCoolingError: while the account is too new.
    :raises PayoutLimitError: when the day's limit of the user's tier would be passed.
    :raises InsufficientFundsError: when the balance does not cover amount and fee.
    """
    context = Context(actor=actor, now=now, ids=ids)
    if amount.amount <= 0:
        raise AmountOutOfRangeError
    if account.currency != amount.currency:
        raise CurrencyMismatchError(f"The bank account is in {account.currency}.")
    if now < account.usable_from:
        raise AccountCoolingError
    if day.total_minor + amount.amount > day_limit_minor:
        raise PayoutLimitError
    payout = _payout(user_id, amount, account, rules, context)
    if available_minor < payout.total_debit.amount:
        raise InsufficientFundsError
    reference = f"{user_id}/{day.start:%Y-%m-%d}/{day.requested + 1}"
    decision = Decision(
        writes=(Insert("transactions", (payout_row(payout, reference=reference),)),),
        journals=(payout_requested(context.posting(), reserve=reserve_of(payout)),),
        messages=(
            payout_notice(payout, "payout_requested", context=context),
            balance_updated(user_id, context=context),
        ),
    )
    return Outcome(decision, payout)


def reserve_of(payout: Payout) -> PayoutReserve:
    """Return what was set aside for a payout, for the ledger."""
    return PayoutReserve(
        payout_id=payout.id, user_id=payout.user_id, amount=payout.amount, fee=payout.fee, vat=payout.vat
    )


def _payout(user_id: UUID, amount: Money, account: PayoutAccount, rules: PayoutRules, context: Context) -> Payout:
    needs_two = amount.amount > rules.second_approver_above_minor
    return Payout(
        id=context.new_id(),
        user_id=user_id,
        provider=rules.provider,
        amount=amount,
        fee=rules.fee_minor,
        vat=round_half_up(rules.fee_minor * rules.vat_bps, BASIS_POINTS + rules.vat_bps),
        destination=Destination(
            bank_account_id=account.bank_account_id,
            bank_code=account.bank_code,
            bank_name=account.bank_name,
            account_number_sealed=account.account_number_sealed,
            account_number_last4=account.account_number_last4,
            account_name=account.account_name,
        ),
        status=PayoutStatus.AWAITING_APPROVAL,
        approvals_required=2 if needs_two else 1,
        failure_code=None,
        provider_reference=None,
        polls=0,
        next_poll_at=None,
        version=1,
        created_at=context.now,
        updated_at=context.now,
        settled_at=None,
    )
