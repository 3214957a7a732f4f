"""What a provider says of a dispute that cannot be, as far as our books go."""

from __future__ import annotations

from kro.core.alerts import alert
from kro.core.decisions import Audit, Decision
from kro.core.ids import show_id
from kro.payment.domain import Context, DisputeFacts, DisputeLost, DisputeOpened, DisputeWon
from kro.refund.database.chargeback_records import ChargebackState, ChargebackStatus
from kro.refund.domain.chargeback_rules import ChargebackRules
from kro.refund.domain.chargeback_writes import change, payment_as_loaded

Answer = DisputeOpened | DisputeWon | DisputeLost


def misfit(state: ChargebackState, answer: Answer) -> str | None:
    """Say what makes an answer contradict our books, or ``None``."""
    payment, chargeback, facts = state.payment, state.chargeback, answer.facts
    if facts.currency != payment.currency:
        return "currency_differs"
    if chargeback is None:
        at_most = (payment.received or 0) - payment.taken_back
        return None if isinstance(answer, DisputeWon) or 0 < facts.amount_minor <= at_most else "amount_above_payment"
    if chargeback.status is ChargebackStatus.OPENED:
        grew = isinstance(answer, DisputeLost) and not 0 < facts.amount_minor <= chargeback.amount
        return "amount_grew" if grew else None
    if isinstance(answer, DisputeOpened):
        return None
    agrees = (chargeback.status is ChargebackStatus.WON) == isinstance(answer, DisputeWon)
    return None if agrees else "decided_otherwise"


def decide_contradiction(
    state: ChargebackState, facts: DisputeFacts, reason: str, *, rules: ChargebackRules, context: Context
) -> Decision:
    """Leave an answer that contradicts our books to people, who are told once of each reason; nothing moves."""
    later = _ask_later(state, rules, context)
    if reason in state.told:
        return later
    reference, payment = facts.provider_reference, show_id("pay", state.payment.id)
    audit = Audit(
        id=context.new_id(),
        actor=context.actor,
        action="chargeback.contradiction",
        target_type="payment",
        target_id=state.payment.id,
        result="refused",
        reason=reason,
        detail={"dispute": reference},
    )
    told = alert(
        id=context.new_id(),
        kind="chargeback_contradiction",
        subject=f"Dispute {reference} does not fit our books: {reason.replace('_', ' ')}",
        detail=f"It is about payment {payment}. Nothing was booked for this answer.",
    )
    # Whoever finds the same at the same moment comes second, and sees that people were told.
    alone = Decision(writes=(payment_as_loaded(state, context),), messages=(told,), audits=(audit,))
    return alone + later


def _ask_later(state: ChargebackState, rules: ChargebackRules, context: Context) -> Decision:
    chargeback = state.chargeback
    if chargeback is None or chargeback.status is not ChargebackStatus.OPENED:
        return Decision()
    return Decision(writes=(change(chargeback, context, next_poll_at=context.now + rules.poll_every),))
