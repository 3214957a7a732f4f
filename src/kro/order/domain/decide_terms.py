"""T02 and T03: the parties write the terms until one accepts what the other proposed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from kro.core.decisions import Outcome
from kro.order.database.records import NewCondition, OrderState, TermsState
from kro.order.database.words import Command, EventType, TimerKind
from kro.order.domain import terms_errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_rules import ensure_code_if_accepted, ensure_milestones, ensure_sensible
from kro.order.domain.decide_create import new_condition, proposed_conditions
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.rules import OrderRules
from kro.order.domain.terms import MAX_VERSIONS, changed_terms, price_of, renew, terms_of

_TOLD: Final = {
    Command.EDIT_TERMS: (EventType.TERMS_EDITED, "terms_edited"),
    Command.COUNTER_OFFER: (EventType.TERMS_COUNTERED, "terms_countered"),
}


@dataclass(frozen=True, slots=True)
class NewTerms:
    """All the terms anew. Without a quote the price stays, and so does what is ``None``.

    ``template_conditions`` picks from the template by position, from 1; ``None`` takes all.
    """

    has_quote: bool
    title: str
    description: str
    delivery_hours: int
    inspection_hours: int | None
    revisions: int | None
    template_code: str | None
    template_conditions: tuple[int, ...] | None
    conditions: tuple[NewCondition, ...]
    code_is_acceptance: bool | None = None


def decide_new_terms(
    found: TermsState, new: NewTerms, *, command: Command, rules: OrderRules, context: Context
) -> Outcome[OrderState]:
    """Put other terms in the place of those proposed; the other party has ``rules.accept_within`` to answer.

    A counter-offer makes its author the proposer, so that accepting and declining are the other side's.

    :raises TooManyVersionsError: when the terms were rewritten often enough.
    :raises TermsUnchangedError: when nothing would change.
    :raises QuoteExpiredError: when the quote is not the actor's, does not fit or has run out.
    :raises TierLimitExceededError: when the amount is above what the author's tier may trade.
    :raises SenselessConditionError: when a condition contradicts itself or the order.
    """
    state = found.state
    order = state.order
    ensure_allowed(state, command, state.viewer)
    if order.terms_version >= MAX_VERSIONS:
        raise terms_errors.TooManyVersionsError
    price = price_of(found.quote, order, at=context.now) if new.has_quote else {}
    rules.ensure_within_tier(
        tier=found.standing.kyc_tier,
        amount=price.get("amount", order.amount),
        currency=order.currency,
        at=context.now,
    )
    proposed = proposed_conditions(found.template, new)
    code_is_acceptance = order.code_is_acceptance if new.code_is_acceptance is None else new.code_is_acceptance
    ensure_sensible(new.conditions, pointer="/conditions", now=context.now)
    ensure_code_if_accepted(proposed, code_is_acceptance=code_is_acceptance)
    ensure_milestones(new.conditions, fees=replace(order, **price).fees, pointer="/conditions")
    conditions = [new_condition(order.id, at, one, context) for at, one in enumerate(proposed, start=1)]
    changes = (
        Changes(state, context)
        .set(
            title=new.title,
            description=new.description,
            delivery_hours=new.delivery_hours,
            inspection_hours=new.inspection_hours or order.inspection_hours,
            revisions=order.revisions if new.revisions is None else new.revisions,
            code_is_acceptance=code_is_acceptance,
            **price,
        )
        .withdraw_conditions(state.conditions)
        .add_conditions(conditions)
    )
    before, after = (terms_of(one.order, one.conditions) for one in (state, changes.state))
    changed = changed_terms(before, after)
    if not changed:
        raise terms_errors.TermsUnchangedError
    event, notice = _TOLD[command]
    renew(changes.set(proposed_by=state.viewer, accepted_hash=None), by=state.viewer)
    terms = changes.state.order
    return (
        changes.clear_timers()
        .start_timer(TimerKind.ACCEPT_BY, context.now + rules.accept_within)
        .tell(event, terms_version=terms.terms_version, terms_hash=terms.terms_hash, changed=changed)
        .notify(state.viewer.other, notice)
        .done()
    )
