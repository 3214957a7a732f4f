"""What a provider's answer about a payment means. Only this credits money that came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kro.core.decisions import Audit, Decision, Insert, Journal, Outcome, Update
from kro.core.money import MAX_AMOUNT_MINOR, Money
from kro.kro_balance.domain import External, provider_fee, receipt
from kro.payment.database.records import OPEN_PAYMENT_STATUSES, Payment, PaymentStatus, Variance
from kro.payment.database.suspense_records import SuspenseReason
from kro.payment.domain.announcements import balance_updated, payment_updated
from kro.payment.domain.context import Context
from kro.payment.domain.decide_suspense import can_be_kept, keep_apart
from kro.payment.domain.progress import Progress
from kro.payment.domain.receipts import Contribution, Receipt
from kro.payment.domain.rules import CollectionRules, next_poll
from kro.payment.providers.results import (
    CollectionFacts,
    CollectionResult,
    FailedDefinitively,
    NotFound,
    Pending,
    Reversed,
    Succeeded,
    Unknown,
)

PAGE_LOST: Final = "checkout_page_lost"
ACCOUNT_EXPIRED: Final = "account_expired"
LATE_NOTICE: Final = timedelta(minutes=10)
"""How long after its end an account may still turn out to have been paid to in time."""


@dataclass(frozen=True, slots=True)
class CollectionState:
    """A payment with what the listeners loaded for the receipt it may become, and its payer, sealed."""

    payment: Payment
    contributions: Sequence[Contribution] = ()
    payer: str | None = field(default=None, repr=False)


def awaited(payment: Payment, *, now: datetime) -> CollectionResult:
    """Say how a payment stands whose provider tells of money that came, and of nothing else.

    An account that has run out is not paid to any more; what comes late all the same is credited when it is told.
    """
    ends = _ends(payment)
    return Pending("awaiting_transfer") if ends is None or now < ends else FailedDefinitively(ACCOUNT_EXPIRED)


def _ends(payment: Payment) -> datetime | None:
    """Return when nobody can be expected any more to pay to the account of a payment."""
    ends = payment.pay_to.expires_at if payment.pay_to is not None else None
    return None if ends is None else ends + LATE_NOTICE


def receipt_from(payment: Payment, result: CollectionResult, *, now: datetime) -> Receipt | None:
    """Return what an answer lets us credit: a success under our reference, in the expected currency, above zero."""
    if not isinstance(result, Succeeded) or contradiction(payment, result) is not None:
        return None
    return _receipt(payment, result.facts, now=now)


def contradiction(payment: Payment, result: CollectionResult) -> str | None:
    """Say what makes an answer unfit to be acted upon; such money is never credited without a person."""
    match result:
        case Reversed():
            return "reversed_before_credit"
        case Succeeded(facts=facts) if facts.reference != payment.reference:
            return "reference_mismatch"
        case Succeeded(facts=facts) if facts.currency != payment.amount.currency:
            return "currency_mismatch"
        case Succeeded(facts=facts) if not 0 < facts.amount_minor <= MAX_AMOUNT_MINOR or not facts.provider_reference:
            return "facts_unusable"
        case _:
            return None


def decide_collection(
    state: CollectionState, result: CollectionResult, *, rules: CollectionRules, context: Context
) -> Outcome[Progress]:
    """Move a payment by what its provider answered. A success stays one, whatever is heard later."""
    payment = state.payment
    if payment.status is PaymentStatus.SUCCEEDED:
        return Outcome(Decision(), Progress.FINAL)
    reason = contradiction(payment, result)
    if reason is not None:
        return Outcome(_park(payment, result, reason, context), Progress.PARKED)
    match result:
        case Succeeded(facts=facts):
            return Outcome(_credit(state, facts, context), Progress.FINAL)
        case FailedDefinitively(code=code):
            return Outcome(_wait(payment, PaymentStatus.FAILED, code, rules, context), Progress.WAITING)
        case Pending() | NotFound() | Unknown():
            return Outcome(_still_open(payment, result, rules, context), Progress.WAITING)
        case Reversed():
            raise AssertionError("a reversed payment is a contradiction")


def _receipt(payment: Payment, facts: CollectionFacts, *, now: datetime) -> Receipt:
    return Receipt(
        payment_id=payment.id,
        order_id=payment.order_id,
        user_id=payment.user_id,
        amount=Money(facts.amount_minor, facts.currency),
        provider=payment.provider,
        external_ref=facts.provider_reference,
        occurred_at=facts.paid_at or now,
    )


def _credit(state: CollectionState, facts: CollectionFacts, context: Context) -> Decision:
    payment = state.payment
    received = _receipt(payment, facts, now=context.now)
    changes = {
        "status": PaymentStatus.SUCCEEDED,
        "provider_reference": facts.provider_reference,
        "received_amount": received.amount.amount,
        "variance": _variance(received.amount, payment.amount),
        "failure_code": None,
        "next_poll_at": None,
        "updated_at": context.now,
        "settled_at": context.now,
    }
    own = Decision(
        writes=(
            Update("transactions", payment.id, payment.version, changes),
            *payer_writes(payment.id, state.payer, context),
        ),
        messages=(
            payment_updated(payment, PaymentStatus.SUCCEEDED, context=context),
            balance_updated(payment.user_id, context=context),
        ),
    )
    # The receipt is posted before what is paid from it; the order's row is written (and locked) before the payment's.
    return posted(received, facts, state.contributions, context) + own


def posted(
    received: Receipt, facts: CollectionFacts, contributions: Sequence[Contribution], context: Context
) -> Decision:
    """Return the journals of a receipt and what its listeners make of it."""
    decision = Decision(journals=_journals(received, facts, context))
    for contribution in contributions:
        decision += contribution.decide(received, now=context.now)
    return decision


def payer_writes(payment_id: UUID, sealed: str | None, context: Context) -> tuple[Insert, ...]:
    """Return the row that keeps who paid."""
    if sealed is None:
        return ()
    return (Insert("payers", ({"payment_id": payment_id, "sealed": sealed, "created_at": context.now},)),)


def _journals(received: Receipt, facts: CollectionFacts, context: Context) -> tuple[Journal, ...]:
    external = External(received.provider, received.external_ref)
    credit = receipt(
        context.posting(occurred_at=received.occurred_at),
        payment_id=received.payment_id,
        user_id=received.user_id,
        amount=received.amount,
        external=external,
    )
    if not facts.fees_minor or facts.fees_minor < 0:
        return (credit,)
    fee = provider_fee(
        context.posting(occurred_at=received.occurred_at),
        source=("payment", received.payment_id),
        amount=Money(facts.fees_minor, facts.currency),
        external=external,
    )
    return (credit, fee)


def _variance(received: Money, expected: Money) -> Variance:
    if received == expected:
        return Variance.EXACT
    return Variance.UNDER if received < expected else Variance.OVER


def _still_open(payment: Payment, result: CollectionResult, rules: CollectionRules, context: Context) -> Decision:
    if payment.status is PaymentStatus.UNKNOWN and not payment.is_payable and not isinstance(result, Unknown):
        # Nobody was ever shown the page, so nobody can pay on it: the payer is free to start again at once.
        return _wait(payment, PaymentStatus.FAILED, PAGE_LOST, rules, context)
    return _wait(payment, payment.status, payment.failure_code, rules, context)


def _wait(
    payment: Payment, status: PaymentStatus, code: str | None, rules: CollectionRules, context: Context
) -> Decision:
    """Ask again by the ladder: even a failed attempt may still be followed by a success on the same page."""
    next_at: datetime | None = _next_poll(payment, rules, context)
    if context.now - payment.created_at > rules.give_up_after:
        next_at = None
        status = PaymentStatus.ABANDONED if status in OPEN_PAYMENT_STATUSES else status
    return _update(payment, context, status=status, failure_code=code, polls=payment.polls + 1, next_poll_at=next_at)


def _next_poll(payment: Payment, rules: CollectionRules, context: Context) -> datetime:
    """Return the ladder's next step, or the end of the account that is to be paid to if that comes first."""
    step, ends = next_poll(since=payment.created_at, ladder=rules.poll_seconds, now=context.now), _ends(payment)
    return step if ends is None or ends <= context.now else min(step, ends)


def _park(payment: Payment, result: CollectionResult, reason: str, context: Context) -> Decision:
    """Leave it to a person, once. What was reversed before we credited it has brought us nothing, so it failed."""
    if payment.failure_code == reason and payment.next_poll_at is None:
        return Decision()
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="payment.parked",
        target_type="payment",
        target_id=payment.id,
        result="refused",
        reason=reason,
    )
    failed = isinstance(result, Reversed) or payment.status is PaymentStatus.FAILED
    status = PaymentStatus.FAILED if failed else PaymentStatus.UNKNOWN
    changed = _update(payment, context, status=status, failure_code=reason, next_poll_at=None)
    return replace(changed, audits=(audit,)) + _kept_apart(payment, result, reason, context)


def _kept_apart(payment: Payment, result: CollectionResult, reason: str, context: Context) -> Decision:
    """Book money that came in another currency than was asked for: it is there, but nobody can be credited with it."""
    if reason != SuspenseReason.CURRENCY_MISMATCH or not isinstance(result, Succeeded):
        return Decision()
    if not can_be_kept(result.facts):
        return Decision()
    return keep_apart(
        result.facts,
        provider=payment.provider,
        reason=SuspenseReason.CURRENCY_MISMATCH,
        context=context,
        payment_id=payment.id,
    )


def _update(payment: Payment, context: Context, *, status: PaymentStatus, **columns: Any) -> Decision:  # noqa: ANN401 - the columns of transactions
    changes = {"status": status, "updated_at": context.now, **columns}
    told = (payment_updated(payment, status, context=context),) if status is not payment.status else ()
    return Decision(writes=(Update("transactions", payment.id, payment.version, changes),), messages=told)
