"""T24 and T26: the buyer sends the work back, or the inspection takes longer."""

from __future__ import annotations

from datetime import timedelta

from kro.core.decisions import Outcome
from kro.order.database.records import OrderState
from kro.order.database.words import Command, ConditionStatus, EventType, OrderStatus, Party, TimerKind
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import arm_conditions
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.rules import MAX_INSPECTION_HOURS, OrderRules


def decide_request_changes(state: OrderState, reason: str, *, context: Context) -> Outcome[OrderState]:
    """T24: send the work back to the seller, who has the agreed delivery time again, from now.

    What was handed in goes back as if the buyer had rejected it; what is fulfilled or waived stays so.

    :raises NoRevisionsLeftError: when the buyer has asked as often as the terms allow.
    """
    order = state.order
    ensure_allowed(state, Command.REQUEST_CHANGES, state.viewer)
    if order.revisions_used >= order.revisions:
        raise errors.NoRevisionsLeftError
    changes = Changes(state, context).clear_timers()
    deliver_by = changes.clock + timedelta(hours=order.delivery_hours)
    for condition in state.conditions:
        if condition.status is ConditionStatus.SUBMITTED:
            changes.set_condition(
                condition,
                status=ConditionStatus.PENDING,
                submitted_at=None,
                rejection_reason=reason,
                inspect_by=None,
            )
    return (
        arm_conditions(
            changes.to(
                OrderStatus.IN_PROGRESS,
                revisions_used=order.revisions_used + 1,
                overdue_reminders=0,
                inspect_by=None,
                completed_at=None,
                inspection_added_hours=0,
            )
        )
        .start_timer(TimerKind.DELIVER_BY, deliver_by)
        .tell(EventType.CHANGES_REQUESTED, reason=reason, deliver_by=deliver_by)
        .notify(Party.SELLER, "changes_requested", reason=reason)
        .done()
    )


def decide_extend(state: OrderState, hours: int, *, rules: OrderRules, context: Context) -> Outcome[OrderState]:
    """T26: let the inspection end ``hours`` later, while it still runs.

    The seller can as often as wanted, the buyer once in the life of an order and by ``rules.buyer_extension_hours`` at
    most. No inspection takes longer than :data:`MAX_INSPECTION_HOURS` in all.

    :raises InspectionOverError: when the inspection has ended.
    :raises ExtensionUsedError: when the buyer has done so before.
    :raises ExtensionTooLongError: when it would become longer than that.
    """
    order, by_buyer = state.order, state.viewer is Party.BUYER
    ensure_allowed(state, Command.EXTEND_INSPECTION, state.viewer)
    changes = Changes(state, context)
    if order.inspect_by is None or changes.clock >= order.inspect_by:
        raise errors.InspectionOverError
    if by_buyer and order.buyer_extended:
        raise errors.ExtensionUsedError
    limit = MAX_INSPECTION_HOURS - order.inspection_hours - order.inspection_added_hours
    if by_buyer:
        limit = min(limit, rules.buyer_extension_hours)
    if hours > limit:
        raise errors.ExtensionTooLongError(limit)
    inspect_by = order.inspect_by + timedelta(hours=hours)
    return (
        changes.set(
            inspection_added_hours=order.inspection_added_hours + hours,
            buyer_extended=order.buyer_extended or by_buyer,
        )
        .start_timer(TimerKind.INSPECT_BY, inspect_by)
        .tell(EventType.INSPECTION_EXTENDED, hours=hours, inspect_by=inspect_by)
        .notify(state.viewer.other, "inspection_extended", hours=hours)
        .done()
    )
