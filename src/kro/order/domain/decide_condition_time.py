"""T13 by time: a date has come, or nobody has answered about a milestone that was handed in."""

from __future__ import annotations

from kro.core.decisions import ClearTimer, Decision, Outcome
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import Command, ConditionStatus, EventType, Party
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import RUNNING, has_come, timer_of
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.milestones import facts_of, fulfill_and_pay
from kro.order.domain.rules import OrderRules


def decide_condition_timer(
    state: OrderState, name: str, *, rules: OrderRules, context: Context
) -> Outcome[OrderState] | None:
    """Act on a condition's timer; ``name`` is its position, and after a dot the step of a reminder.

    Return ``None`` when the timer is late, repeated or stale.
    """
    position, _, step = name.partition(".")
    condition = next((c for c in state.conditions if str(c.position) == position), None)
    if condition is None or state.order.on_hold or state.order.status not in RUNNING:
        return None
    if step:
        return _remind(state, condition, step, context)
    if has_come(condition, Changes(state, context)):
        return _fulfill(state, condition, context)
    return _inspection_over(state, condition, rules, context)


def _fulfill(state: OrderState, condition: Condition, context: Context) -> Outcome[OrderState]:
    ensure_allowed(state, Command.CONFIRM_CONDITION, Party.SYSTEM)
    changes = fulfill_and_pay(Changes(state, context), condition, by=Party.SYSTEM)
    for party in (Party.BUYER, Party.SELLER):
        changes.notify(party, "condition_confirmed", condition=condition.title)
    return changes.done()


def _inspection_over(
    state: OrderState, condition: Condition, rules: OrderRules, context: Context
) -> Outcome[OrderState] | None:
    changes = Changes(state, context)
    if condition.status is not ConditionStatus.SUBMITTED or condition.inspect_by is None:
        return None
    if changes.clock < condition.inspect_by:
        return None
    reached = state.condition_channels.get(condition.position, 0)
    if condition.deemed_on_timeout and reached >= rules.receipt_channels:
        return _fulfill(state, condition, context)
    changes.set_condition(condition, inspect_by=None).tell(EventType.INSPECTION_UNPROVEN, **facts_of(condition))
    for party in (Party.BUYER, Party.SELLER):
        changes.notify(party, "milestone_unconfirmed", condition=condition.title)
    return changes.done()


def _remind(state: OrderState, condition: Condition, step: str, context: Context) -> Outcome[OrderState] | None:
    due = condition.inspect_by
    if condition.status is not ConditionStatus.SUBMITTED or due is None or due <= context.now:
        return None
    kind = timer_of(condition)
    return (
        Changes(state, context)
        .include(Decision(cleared=(ClearTimer(state.order.id, f"{kind}.{step}"),)))
        .tell(EventType.REMINDED, deadline=kind, due_at=due, step=step, **facts_of(condition))
        .notify(Party.BUYER, "milestone_reminder", purpose=kind, condition=condition.title, due_at=due.isoformat())
        .done()
    )
