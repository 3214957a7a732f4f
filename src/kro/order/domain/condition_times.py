"""Times of single conditions: when a date comes, and until when a milestone that was handed in is inspected.

Their timers are named after the condition's position, ``condition.3``, and their reminders after those.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kro.core.decisions import Decision, Timer
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import ConditionKind, ConditionStatus, OrderStatus
from kro.order.domain.changes import Changes
from kro.order.domain.deadlines import with_reminders

CONDITION: Final = "condition"
RUNNING: Final = frozenset({OrderStatus.IN_PROGRESS, OrderStatus.COMPLETED})
"""While an order is in one of these its conditions have time; before, and during an issue, they wait."""


def timer_of(condition: Condition) -> str:
    """Return the kind of a condition's timer, which is also the purpose its reminders' receipts are kept under."""
    return f"{CONDITION}.{condition.position}"


def has_come(condition: Condition, changes: Changes) -> bool:
    """Whether an open date condition's time has come."""
    return (
        condition.kind is ConditionKind.DATE
        and condition.status is ConditionStatus.PENDING
        and condition.not_before is not None
        and condition.not_before <= changes.context.now
    )


def arm_condition(changes: Changes, condition: Condition) -> Changes:
    """Have the time of one condition kept, if it has one. On hold nothing is armed: lifting the hold does it."""
    order = changes.state.order
    if order.on_hold or order.status not in RUNNING:
        return changes
    kind = timer_of(condition)
    timers: tuple[Timer, ...] = ()
    if condition.inspect_by is not None:
        timers = with_reminders(order.id, kind, condition.inspect_by, start=changes.context.now)
    elif _waits_for_date(condition) and condition.not_before is not None:
        timers = (Timer(order.id, kind, condition.not_before),)
    return changes.include(Decision(timers=timers))


def arm_conditions(changes: Changes, *, later: timedelta = timedelta(), at_least: timedelta | None = None) -> Changes:
    """Have the time of every condition kept again, after all timers were cleared.

    Inspections end ``later`` than they would have, and not before ``at_least`` from now; dates are dates.
    """
    for condition in changes.state.conditions:
        if condition.inspect_by is not None and (later or at_least is not None):
            ends = condition.inspect_by + later
            if at_least is not None:
                ends = max(ends, changes.clock + at_least)
            changes.set_condition(condition, inspect_by=ends)
    for condition in changes.state.conditions:
        arm_condition(changes, condition)
    return changes


def latest_date(state: OrderState) -> datetime | None:
    """Return the last date that an open required condition waits for, if one does."""
    waiting = [condition for condition in state.conditions if condition.required and _waits_for_date(condition)]
    return max((condition.not_before for condition in waiting if condition.not_before is not None), default=None)


def _waits_for_date(condition: Condition) -> bool:
    return condition.kind is ConditionKind.DATE and condition.status is ConditionStatus.PENDING
