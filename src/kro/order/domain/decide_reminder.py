"""Reminders of deadlines; that they went out, and on which channels they arrived, is evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kro.core.decisions import ClearTimer, Decision, Outcome
from kro.order.database.records import OrderState
from kro.order.database.words import EventType, OrderStatus, Party, TimerKind
from kro.order.domain.changes import Changes, Context
from kro.order.domain.deadlines import running
from kro.order.domain.decide_overdue import tell_overdue
from kro.order.domain.rules import OrderRules

_BUYER: Final = (Party.BUYER,)
_BOTH: Final = (Party.BUYER, Party.SELLER)


def decide_reminder(
    state: OrderState, kind: TimerKind, step: str, *, rules: OrderRules, context: Context
) -> Outcome[OrderState] | None:
    """Remind whoever has to act before a deadline. Return ``None`` when it has passed, moved away or waits."""
    changes = Changes(state, context)
    if state.order.on_hold:
        return None
    if kind is TimerKind.NON_DELIVERY:
        return _of_overdue_delivery(changes, step, rules)
    due = running(state).get(kind)
    if due is None or due <= context.now:
        return None
    changes.include(_done(state, kind, step)).tell(EventType.REMINDED, deadline=kind, due_at=due, step=step)
    for party in _who_acts(state, kind):
        changes.notify(party, "deadline_reminder", purpose=kind, deadline=kind, due_at=_shown(due))
    return changes.done()


def _of_overdue_delivery(changes: Changes, step: str, rules: OrderRules) -> Outcome[OrderState] | None:
    order = changes.state.order
    if order.status is not OrderStatus.IN_PROGRESS or order.deliver_by is None:
        return None
    if not order.deliver_by <= changes.clock < order.deliver_by + rules.non_delivery_after:
        return None
    return tell_overdue(changes.include(_done(changes.state, TimerKind.NON_DELIVERY, step))).done()


def _who_acts(state: OrderState, kind: TimerKind) -> tuple[Party, ...]:
    match kind:
        case TimerKind.ACCEPT_BY:
            return (state.order.proposed_by.other,)
        case TimerKind.FUND_BY | TimerKind.INSPECT_BY:
            return _BUYER
        case TimerKind.DELIVER_BY:
            return (Party.SELLER,)
        case TimerKind.RESPOND_BY if state.issue is not None and state.issue.reported_by.is_trader:
            return (state.issue.reported_by.other,)
        case _:
            return _BOTH


def _done(state: OrderState, kind: TimerKind, step: str) -> Decision:
    return Decision(cleared=(ClearTimer(state.order.id, f"{kind}.{step}"),))


def _shown(moment: datetime) -> str:
    return moment.isoformat()
