"""A user asks for money: it is set aside, with fee and duty, before anybody is asked to send it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from kro.core.actor import SYSTEM, Actor
from kro.core.auth.standing import Columns
from kro.core.decisions import Audit, Decision, Insert, InsufficientFundsError, Message, Outcome
from kro.core.ids import IdSource
from kro.core.kyc import LimitKind, TierLimitExceededError
from kro.core.money import AmountOutOfRangeError, CurrencyMismatchError, Money
from kro.kro_balance.domain import PayoutReserve, TaxRule, payout_requested, stamp_duty, vat_within_fee
from kro.payment.database.payout_words import NameMatch
from kro.payment.database.records import Destination, Payout, PayoutStatus
from kro.payment.database.rows import payout_row
from kro.payment.domain.announcements import balance_updated, payout_notice
from kro.payment.domain.context import Context
from kro.payment.domain.errors import (
    AccountCoolingError,
    DebtOutstandingError,
    PayoutVelocityError,
)
from kro.payment.domain.rules import PayoutLimits, PayoutRules

LAGOS: Final = timezone(timedelta(hours=1), "Africa/Lagos")
"""Business days are Lagos days; the zone has had no daylight saving since 1919."""
_HOUR_SECONDS: Final = 3_600


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
    name_match: NameMatch


@dataclass(frozen=True, slots=True)
class PayoutDay:
    """What a user has asked for on one business day: how often, and how much of it in minor units was not undone.

    ``last_hour`` counts the hour before the request, whatever the day.
    """

    start: datetime
    requested: int
    total_minor: int
    last_hour: int


@dataclass(frozen=True, slots=True)
class PayoutFunds:
    """What a user has, and what they owe the platform, in minor units."""

    available_minor: int
    owed_minor: int = 0


def payout_day_start(now: datetime) -> datetime:
    """Return when the business day of a moment began."""
    return now.astimezone(LAGOS).replace(hour=0, minute=0, second=0, microsecond=0)


def read_payout_day(row: Columns, *, start: datetime) -> PayoutDay:
    """Read the column ``payout_day`` of a load query that carried ``PAYOUT_DAY``."""
    found = row["payout_day"]
    return PayoutDay(
        start=start, requested=found["requested"], total_minor=found["total"], last_hour=found["last_hour"]
    )


def decide_payout_request(
    *,
    user_id: UUID,
    amount: Money,
    account: PayoutAccount,
    funds: PayoutFunds,
    day: PayoutDay,
    limits: PayoutLimits,
    rules: PayoutRules,
    taxes: Sequence[TaxRule],
    actor: Actor,
    ids: IdSource,
    now: datetime,
) -> Outcome[Payout]:
    """Set a payout, its fee and its duty aside, and put it before the approvers or, if trusted, before the worker.

    Two requests of one user on one day cannot be decided on the same numbers: each takes the day's next place, and the
    one that comes second finds its place taken, loads again and sees what the first has used of the limits.

    :raises AmountOutOfRangeError: unless the amount is above zero.
    :raises CurrencyMismatchError: when the account is in another currency.
    :raises AccountCoolingError: while the account is too new.
    :raises DebtOutstandingError: while the owner owes the platform money.
    :raises TierLimitExceededError: when it is more than the owner's tier may withdraw at once or on this day.
    :raises PayoutVelocityError: when the owner asks too often.
    :raises NoTaxRuleError: when nobody has said what VAT the fee bears.
    :raises InsufficientFundsError: when the balance does not cover amount, fee and duty.
    """
    context = Context(actor=actor, now=now, ids=ids)
    _ensure_payable(amount, account, now=now)
    if funds.owed_minor > 0:
        raise DebtOutstandingError
    _ensure_within(amount, day, limits=limits, rules=rules, now=now)
    payout = _payout(user_id, amount, account, limits, rules, taxes, context)
    if funds.available_minor < payout.total_debit.amount:
        raise InsufficientFundsError
    reference = f"{user_id}/{day.start:%Y-%m-%d}/{day.requested + 1}"
    decision = Decision(
        writes=(Insert("transactions", (payout_row(payout, reference=reference),)),),
        journals=(payout_requested(context.posting(), reserve=reserve_of(payout)),),
        messages=(
            payout_notice(payout, "payout_requested", context=context),
            balance_updated(user_id, context=context),
        ),
        audits=(_request_audit(payout, context),),
    )
    return Outcome(decision + _auto_approval(payout, limits, context), payout)


def reserve_of(payout: Payout) -> PayoutReserve:
    """Return what was set aside for a payout, for the ledger."""
    return PayoutReserve(
        payout_id=payout.id,
        user_id=payout.user_id,
        amount=payout.amount,
        fee=payout.fee,
        vat=payout.vat,
        duty=payout.owners_duty,
    )


def submission_message(payout_id: UUID, *, context: Context) -> Message:
    """Return the message that has the worker send a payout."""
    return Message(id=context.new_id(), topic="payout.submit", payload={"payout_id": payout_id})


def _ensure_payable(amount: Money, account: PayoutAccount, *, now: datetime) -> None:
    if amount.amount <= 0:
        raise AmountOutOfRangeError
    if account.currency != amount.currency:
        raise CurrencyMismatchError(f"The bank account is in {account.currency}.")
    if now < account.usable_from:
        raise AccountCoolingError


def _ensure_within(amount: Money, day: PayoutDay, *, limits: PayoutLimits, rules: PayoutRules, now: datetime) -> None:
    _ensure_below(LimitKind.PAYOUT, limits.transaction_minor, amount)
    _ensure_below(LimitKind.PAYOUT_DAY, limits.day_minor, amount, used=day.total_minor)
    if day.requested >= rules.max_per_day:
        next_day = day.start + timedelta(days=1)
        raise PayoutVelocityError(retry_after_seconds=max(1, round((next_day - now).total_seconds())))
    if day.last_hour >= rules.max_per_hour:
        raise PayoutVelocityError(retry_after_seconds=_HOUR_SECONDS)


def _ensure_below(kind: LimitKind, allowed: int | None, amount: Money, *, used: int = 0) -> None:
    if allowed is not None and used + amount.amount > allowed:
        raise TierLimitExceededError(kind, currency=amount.currency, allowed=allowed, asked=amount.amount, used=used)


def _approvals(amount: Money, account: PayoutAccount, *, limits: PayoutLimits, rules: PayoutRules) -> int:
    if amount.amount > rules.second_approver_above_minor:
        return 2
    trusted = account.name_match is NameMatch.MATCH and amount.amount < limits.auto_approve_below_minor
    return 0 if trusted else 1


def _request_audit(payout: Payout, context: Context) -> Audit:
    """Return the record of who asked, from which session and country: what approvers and investigators look for."""
    return Audit(
        id=context.new_id(),
        actor=context.actor,
        action="payout.requested",
        target_type="payout",
        target_id=payout.id,
        detail={
            "amount": payout.amount.amount,
            "currency": payout.amount.currency,
            "country": context.actor.country,
        },
    )


def _auto_approval(payout: Payout, limits: PayoutLimits, context: Context) -> Decision:
    if payout.status is not PayoutStatus.APPROVED:
        return Decision()
    audit = Audit(
        id=context.new_id(),
        actor=SYSTEM,
        action="payout.auto_approve",
        target_type="payout",
        target_id=payout.id,
        detail={
            "amount": payout.amount.amount,
            "currency": payout.amount.currency,
            "below": limits.auto_approve_below_minor,
        },
    )
    return Decision(messages=(submission_message(payout.id, context=context),), audits=(audit,))


def _payout(
    user_id: UUID,
    amount: Money,
    account: PayoutAccount,
    limits: PayoutLimits,
    rules: PayoutRules,
    taxes: Sequence[TaxRule],
    context: Context,
) -> Payout:
    approvals_required = _approvals(amount, account, limits=limits, rules=rules)
    return Payout(
        id=context.new_id(),
        user_id=user_id,
        provider=rules.provider,
        amount=amount,
        fee=rules.fee_minor,
        vat=vat_within_fee(Money(rules.fee_minor, amount.currency), taxes, context.now),
        duty=stamp_duty(amount, taxes, context.now),
        duty_bearer=rules.duty_bearer,
        destination=Destination(
            bank_account_id=account.bank_account_id,
            bank_code=account.bank_code,
            bank_name=account.bank_name,
            account_number_sealed=account.account_number_sealed,
            account_number_last4=account.account_number_last4,
            account_name=account.account_name,
        ),
        name_match=account.name_match,
        status=PayoutStatus.AWAITING_APPROVAL if approvals_required else PayoutStatus.APPROVED,
        approvals_required=approvals_required,
        failure_code=None,
        provider_reference=None,
        polls=0,
        next_poll_at=None,
        version=1,
        created_at=context.now,
        updated_at=context.now,
        settled_at=None,
    )
