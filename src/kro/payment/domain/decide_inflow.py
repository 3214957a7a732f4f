"""Money that arrived on a lent account: for the payment it names, for the account's owner, or for nobody we know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.money import Money
from kro.payment.database.provider_records import Inflow
from kro.payment.database.records import Payment, PaymentMethod, PaymentStatus, Variance
from kro.payment.database.rows import payment_row
from kro.payment.database.suspense_records import SuspenseReason
from kro.payment.domain.announcements import balance_updated, payment_updated
from kro.payment.domain.context import Context
from kro.payment.domain.decide_collection import (
    CollectionState,
    decide_collection,
    payer_writes,
    posted,
    receipt_from,
)
from kro.payment.domain.decide_suspense import can_be_kept, keep_apart
from kro.payment.domain.progress import Progress
from kro.payment.domain.receipts import Contribution, Receipt
from kro.payment.domain.rules import CollectionRules
from kro.payment.providers.references import provider_reference_for
from kro.payment.providers.results import CollectionFacts, Succeeded


@dataclass(frozen=True, slots=True)
class Arrival:
    """Money as its provider tells of it, and the id of the payment it becomes if it was for none that waits."""

    provider: str
    facts: CollectionFacts
    new_id: UUID


@dataclass(frozen=True, slots=True)
class InflowState:
    """An arrival before its decision, with what the listeners loaded for the receipt it becomes and its payer."""

    arrival: Arrival
    known: Inflow
    contributions: Sequence[Contribution] = ()
    payer: str | None = field(default=None, repr=False)


def awaiting(arrival: Arrival, known: Inflow) -> Payment | None:
    """Return the payment that waits for exactly this money: by our reference, and on the account it was given."""
    payment = known.payment
    if payment is None or payment.status is PaymentStatus.SUCCEEDED:
        return None
    given = payment.pay_to.account_number if payment.pay_to is not None else None
    return payment if arrival.facts.receiving_account in {None, given} else None


def receipt_of(arrival: Arrival, known: Inflow, *, context: Context) -> Receipt | None:
    """Return what an arrival credits and whom, ``None`` if nobody or not again."""
    if known.is_known or not can_be_kept(arrival.facts):
        return None
    waiting = awaiting(arrival, known)
    if waiting is not None:
        return receipt_from(waiting, _answer(arrival, waiting), now=context.now)
    extra = _extra(arrival, known, context)
    return None if extra is None else _receipt(extra, arrival, context)


def decide_inflow(state: InflowState, *, rules: CollectionRules, context: Context) -> Outcome[Progress]:
    """Credit an arrival once.

    A payment that waits for it is settled by it, exact, short or over. More money for a settled payment, and whatever
    comes to an account lent for good, becomes a payment of its own in the payer's balance. The rest is kept apart, or
    left to people where it may be on record under another name.
    """
    arrival, known = state.arrival, state.known
    if known.is_known:
        return Outcome(Decision(), Progress.FINAL)
    if not can_be_kept(arrival.facts):
        return Outcome(Decision(), Progress.PARKED)
    waiting = awaiting(arrival, known)
    if waiting is not None:
        collection = CollectionState(waiting, state.contributions, state.payer)
        return decide_collection(collection, _answer(arrival, waiting), rules=rules, context=context)
    extra = _extra(arrival, known, context)
    if extra is None and known.is_lent_once and not arrival.facts.reference:
        # The payment the account was lent for may be settled by the same money under another name: people look.
        return Outcome(Decision(), Progress.PARKED)
    if extra is None:
        reason = SuspenseReason.UNKNOWN_REFERENCE
        kept = keep_apart(arrival.facts, provider=arrival.provider, reason=reason, context=context)
        return Outcome(kept, Progress.FINAL)
    return Outcome(_credit_extra(extra, state, context), Progress.FINAL)


def _answer(arrival: Arrival, waiting: Payment) -> Succeeded[CollectionFacts]:
    return Succeeded(replace(arrival.facts, reference=waiting.reference))


def _extra(arrival: Arrival, known: Inflow, context: Context) -> Payment | None:
    """Return the payment nobody started that an arrival is for a person we know."""
    facts, payment = arrival.facts, known.payment
    owner_id = payment.user_id if payment is not None and payment.status is PaymentStatus.SUCCEEDED else known.owner_id
    if owner_id is None:
        return None
    return Payment(
        id=arrival.new_id,
        user_id=owner_id,
        order_id=payment.order_id if payment is not None and owner_id == payment.user_id else None,
        provider=arrival.provider,
        reference=provider_reference_for(arrival.new_id),
        provider_reference=facts.provider_reference,
        amount=Money(facts.amount_minor, facts.currency),
        received_minor=facts.amount_minor,
        variance=Variance.EXACT,
        status=PaymentStatus.SUCCEEDED,
        checkout_url=None,
        failure_code=None,
        polls=0,
        next_poll_at=None,
        version=1,
        created_at=context.now,
        updated_at=context.now,
        settled_at=context.now,
        method=PaymentMethod.BANK_TRANSFER,
    )


def _credit_extra(extra: Payment, state: InflowState, context: Context) -> Decision:
    arrival = state.arrival
    row = {
        **payment_row(extra),
        "provider_reference": extra.provider_reference,
        "received_amount": extra.received_minor,
        "variance": extra.variance,
        "settled_at": extra.settled_at,
    }
    # The row comes first: the receipt is posted for it, and a rival that was first is found out by its natural key.
    own = Decision(
        writes=(Insert("transactions", (row,)), *payer_writes(extra.id, state.payer, context)),
        messages=(
            payment_updated(extra, PaymentStatus.SUCCEEDED, context=context),
            balance_updated(extra.user_id, context=context),
        ),
    )
    return posted(_receipt(extra, arrival, context), arrival.facts, state.contributions, context) + own


def _receipt(extra: Payment, arrival: Arrival, context: Context) -> Receipt:
    return Receipt(
        payment_id=extra.id,
        order_id=extra.order_id,
        user_id=extra.user_id,
        amount=extra.amount,
        provider=arrival.provider,
        external_ref=arrival.facts.provider_reference,
        occurred_at=arrival.facts.paid_at or context.now,
    )
