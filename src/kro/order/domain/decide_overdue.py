"""T20 and T23: what happens when a delivery never comes, and when a buyer never answers."""

from __future__ import annotations

from typing import Final

from kro.core.decisions import Outcome
from kro.order.database.issue_words import IssueCategory
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, Command, EventType, OrderStatus, Party, TimerKind
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import latest_date
from kro.order.domain.decide_issue import ReportIssue, report
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling, fulfill_the_rest, refund_all, release_all

REMINDERS_NEEDED: Final = 2
"""How often both must have been reminded of an overdue delivery before everything goes back (row T20)."""
_UNCONFIRMED: Final = "The inspection has ended, and the buyer cannot be shown to have been reminded of it."


def decide_delivery_overdue(state: OrderState, *, rules: OrderRules, context: Context) -> Outcome[OrderState] | None:
    """Tell both that the delivery is overdue, once, and set the day on which the money goes back by itself.

    Return ``None`` when the timer is late, repeated or stale.
    """
    order, changes = state.order, Changes(state, context)
    if order.status is not OrderStatus.IN_PROGRESS or order.on_hold or order.deliver_by is None:
        return None
    if changes.clock < order.deliver_by:
        return None
    changes.clear_deadline(TimerKind.DELIVER_BY).arm(
        TimerKind.NON_DELIVERY, order.deliver_by + rules.non_delivery_after
    )
    return (changes if order.overdue_reminders else tell_overdue(changes)).done()


def decide_non_delivery(
    state: OrderState, *, rules: OrderRules, settling: Settling, context: Context
) -> Outcome[OrderState] | None:
    """T20: give everything back when the delivery has been overdue for long and both were reminded of it twice.

    Return ``None`` when the timer is late, repeated or stale.
    """
    order, changes = state.order, Changes(state, context)
    if order.status is not OrderStatus.IN_PROGRESS or order.on_hold or order.deliver_by is None:
        return None
    if changes.clock < order.deliver_by + rules.non_delivery_after:
        return None
    ensure_allowed(state, Command.NON_DELIVERY, Party.SYSTEM)
    if order.overdue_reminders < REMINDERS_NEEDED:
        tell_overdue(changes).arm(TimerKind.NON_DELIVERY, changes.clock + rules.overdue_grace)
        return changes.done()
    cause = CloseReason.NOT_DELIVERED
    return refund_all(changes, cause, cause, settling=settling, context=context).done()


def tell_overdue(changes: Changes) -> Changes:
    """Remind both parties that the delivery is overdue, and count it."""
    order = changes.state.order
    return (
        changes.set(overdue_reminders=order.overdue_reminders + 1)
        .tell(EventType.DELIVERY_OVERDUE, deliver_by=order.deliver_by)
        .notify(Party.BUYER, "delivery_overdue", purpose=TimerKind.NON_DELIVERY)
        .notify(Party.SELLER, "delivery_overdue", purpose=TimerKind.NON_DELIVERY)
    )


def decide_inspection_timeout(state: OrderState, *, rules: OrderRules, context: Context) -> Outcome[OrderState] | None:
    """T23: the buyer has not answered. Release, if it can be shown that the buyer was reminded on enough channels.

    Otherwise the inspection takes longer, some times, and then people have to look. So they have to when a condition
    may not be taken for confirmed. Return ``None`` when the timer is late, repeated or stale.
    """
    order, changes = state.order, Changes(state, context)
    if order.status is not OrderStatus.COMPLETED or order.on_hold or order.inspect_by is None:
        return None
    if changes.clock < order.inspect_by:
        return None
    ensure_allowed(state, Command.INSPECTION_TIMEOUT, Party.SYSTEM)
    agreed = latest_date(state)
    if agreed is not None and context.now < agreed:
        # Silence releases nothing before the date both agreed to.
        return changes.start_timer(TimerKind.INSPECT_BY, agreed).done()
    is_deemable = all(c.deemed_on_timeout or c.status.is_settled for c in state.conditions if c.required)
    if is_deemable and state.reached_channels >= rules.receipt_channels:
        fulfill_the_rest(changes, by=Party.SYSTEM, context=context)
        return release_all(changes, CloseReason.DEEMED_ACCEPTED, EventType.DEEMED_ACCEPTED).done()
    if is_deemable and order.receipt_extensions < rules.receipt_extensions:
        return _inspect_longer(changes, rules).done()
    return report(
        changes, ReportIssue(IssueCategory.UNCONFIRMED, _UNCONFIRMED), rules=rules.disputes, context=context
    ).done()


def _inspect_longer(changes: Changes, rules: OrderRules) -> Changes:
    inspect_by = changes.clock + rules.receipt_extension
    return (
        changes.set(receipt_extensions=changes.state.order.receipt_extensions + 1)
        .start_timer(TimerKind.INSPECT_BY, inspect_by)
        .tell(EventType.INSPECTION_UNPROVEN, inspect_by=inspect_by)
        .notify(Party.BUYER, "order_completed", purpose=TimerKind.INSPECT_BY)
    )
