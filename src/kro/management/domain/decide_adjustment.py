"""What money decided upon by hand changes: corrections of a balance, goodwill, and mirrors of wrong journals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, InsufficientFundsError, Journal, Message
from kro.core.errors import ErrorKind, KroError
from kro.core.money import Money
from kro.kro_balance.domain import BookedJournal, NotReversibleError, goodwill, manual_adjustment, reversal
from kro.management.database.proposal_records import Proposal, ProposalKind, Terms
from kro.payment.domain import Context, balance_notice, balance_updated


class Direction(StrEnum):
    CREDIT = "credit"
    DEBIT = "debit"


class AdjustmentReason(StrEnum):
    MISSED_CREDIT = "missed_credit"
    DUPLICATE_CREDIT = "duplicate_credit"
    FEE_ERROR = "fee_error"
    PROVIDER_ERROR = "provider_error"
    BANK_ERROR = "bank_error"
    COURT_ORDER = "court_order"


class GoodwillReason(StrEnum):
    SERVICE_FAILURE = "service_failure"
    DELAY = "delay"
    COURTESY = "courtesy"


class ReversalReason(StrEnum):
    BOOKED_TWICE = "booked_twice"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_ACCOUNT = "wrong_account"
    NEVER_HAPPENED = "never_happened"


class WriteOffReason(StrEnum):
    UNCOLLECTIBLE = "uncollectible"
    DECEASED = "deceased"
    SETTLED_OUT_OF_COURT = "settled_out_of_court"
    OUR_MISTAKE = "our_mistake"


class SuspenseReturnReason(StrEnum):
    NOBODY_CLAIMS_IT = "nobody_claims_it"
    ASKED_BACK = "asked_back"
    WRONG_CURRENCY = "wrong_currency"


class SuspenseCreditReason(StrEnum):
    PAYER_IDENTIFIED = "payer_identified"
    WRONG_REFERENCE = "wrong_reference"


class JournalNotFoundError(KroError):
    """There is no such journal."""

    kind = ErrorKind.NOT_FOUND
    code = "journal_not_found"


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is proposed: a reason code, the ticket it is discussed in, and a sentence or more."""

    reason: str
    ticket: str
    note: str


_ELSEWHERE: Final = frozenset({"suspense", "user_receivable"})
"""Accounts whose items and debts have a record and proposals of their own."""

_USERS: Final = "user_available"


def adjustment_terms(*, user_id: UUID, amount: Money, direction: Direction, why: Why) -> Terms:
    """Return the proposal to correct a user's balance by hand."""
    return _terms(ProposalKind.ADJUSTMENT, user_id, {**_money(amount), "direction": direction}, why)


def goodwill_terms(*, user_id: UUID, amount: Money, why: Why) -> Terms:
    """Return the proposal to give a user money of the platform's own."""
    return _terms(ProposalKind.GOODWILL, user_id, _money(amount), why)


def reversal_terms(*, journal_id: UUID, why: Why) -> Terms:
    """Return the proposal to mirror a wrong journal."""
    return Terms(
        kind=ProposalKind.JOURNAL_REVERSAL,
        subject_id=journal_id,
        beneficiary_id=None,
        payload={},
        reason_code=why.reason,
        ticket=why.ticket,
        note=why.note,
    )


def write_off_terms(*, user_id: UUID, amount: Money, why: Why) -> Terms:
    """Return the proposal to give up a user's debt, or a part of it; one at a time for each user."""
    return replace(_terms(ProposalKind.RECEIVABLE_WRITE_OFF, user_id, _money(amount), why), subject_id=user_id)


def suspense_credit_terms(*, item_id: UUID, user_id: UUID, why: Why) -> Terms:
    """Return the proposal to give unmatched money to the user it belongs to."""
    return replace(_terms(ProposalKind.SUSPENSE_CREDIT, user_id, {}, why), subject_id=item_id)


def suspense_return_terms(*, item_id: UUID, return_reference: str, why: Why) -> Terms:
    """Return the proposal to book that unmatched money went back, under the provider's reference of that."""
    return Terms(
        kind=ProposalKind.SUSPENSE_RETURN,
        subject_id=item_id,
        beneficiary_id=None,
        payload={"return_reference": return_reference},
        reason_code=why.reason,
        ticket=why.ticket,
        note=why.note,
    )


def proposed_money(terms: Terms) -> Money:
    """Return the amount a proposal is about."""
    return Money(terms.payload["amount"], terms.payload["currency"])


def beneficiary_of(terms: Terms) -> UUID:
    """Return whose balance or debt a proposal changes; its kind says that there is somebody."""
    if terms.beneficiary_id is None:
        raise AssertionError(f"{terms.kind} without a user")
    return terms.beneficiary_id


def decide_adjustment(available_minor: int, proposal: Proposal, *, context: Context) -> Decision:
    """Credit or debit the user's balance against the account of the reason.

    :raises InsufficientFundsError: when a debit is more than the user has.
    """
    terms, amount = proposal.terms, proposed_money(proposal.terms)
    user_id = beneficiary_of(terms)
    direction = Direction(terms.payload["direction"])
    if direction is Direction.DEBIT and available_minor < amount.amount:
        raise InsufficientFundsError
    journal = manual_adjustment(
        context.posting(),
        adjustment_id=proposal.id,
        user_id=user_id,
        amount=amount,
        direction=direction.value,
        reason=terms.reason_code,
    )
    template = "balance_credited" if direction is Direction.CREDIT else "balance_debited"
    return Decision(journals=(journal,), messages=_tell(user_id, template, amount, context))


def decide_goodwill(proposal: Proposal, *, context: Context) -> Decision:
    """Give the user money at the platform's cost."""
    amount, user_id = proposed_money(proposal.terms), beneficiary_of(proposal.terms)
    journal = goodwill(context.posting(), source=("goodwill", proposal.id), user_id=user_id, amount=amount)
    return Decision(journals=(journal,), messages=_tell(user_id, "balance_credited", amount, context))


def decide_reversal(wrong: BookedJournal | None, *, context: Context) -> Decision:
    """Mirror a wrong journal and tell the open apps of everybody whose balance it touches.

    :raises JournalNotFoundError: if there is none.
    :raises AlreadyReversedError: when it has its mirror.
    :raises NotReversibleError: when a record of its own says what the money is: an order, a payout, a refund, a
        chargeback, an item in suspense, a debt.
    """
    if wrong is None:
        raise JournalNotFoundError
    entries = wrong.journal.entries
    if any(entry.account.code in _ELSEWHERE for entry in entries):
        raise NotReversibleError
    mirror: Journal = reversal(context.posting(), wrong=wrong)
    touched = sorted({entry.account.owner_id for entry in entries if entry.account.code == _USERS})
    return Decision(
        journals=(mirror,), messages=tuple(balance_updated(user_id, context=context) for user_id in touched)
    )


def _terms(kind: ProposalKind, user_id: UUID, payload: dict[str, int | str], why: Why) -> Terms:
    return Terms(
        kind=kind,
        subject_id=None,
        beneficiary_id=user_id,
        payload=payload,
        reason_code=why.reason,
        ticket=why.ticket,
        note=why.note,
    )


def _money(amount: Money) -> dict[str, int | str]:
    return {"amount": amount.amount, "currency": amount.currency}


def _tell(user_id: UUID, template: str, amount: Money, context: Context) -> tuple[Message, ...]:
    return (
        balance_updated(user_id, context=context),
        balance_notice(user_id, template, facts={"amount": amount}, context=context),
    )
