"""Which deadlines run in which state, and the timers that keep them.

Parties are reminded at half of the time, a day and two hours before a deadline. A reminder is a timer of its own, named
after its deadline: ``inspect_by.24h``. So it is armed, cleared and claimed like any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kro.core.decisions import Timer
from kro.order.database.issue_words import IssueStatus
from kro.order.database.records import OrderState
from kro.order.database.words import OrderStatus, TimerKind

HALF: Final = "half"
BEFORE: Final = {"24h": timedelta(hours=24), "2h": timedelta(hours=2)}
_REMINDED: Final = frozenset(
    {
        TimerKind.ACCEPT_BY,
        TimerKind.FUND_BY,
        TimerKind.DELIVER_BY,
        TimerKind.NON_DELIVERY,
        TimerKind.INSPECT_BY,
        TimerKind.RESPOND_BY,
        TimerKind.NEGOTIATE_BY,
        TimerKind.EVIDENCE_BY,
        TimerKind.APPEAL_BY,
    }
)
ALERT_DAYS: Final = (7, 14, 21)
"""When people of the platform are told that a dispute waits, in days from its escalation (row T35)."""
ALERT: Final = "alert"
AMENDMENT: Final = "amendment"
"""The timer of an amendment on the table; nobody is reminded of it."""
_TOO_CLOSE: Final = timedelta(hours=1)

_OF_ORDER: Final = {
    OrderStatus.CREATED: (TimerKind.ACCEPT_BY,),
    OrderStatus.ACCEPTED: (TimerKind.FUND_BY,),
    OrderStatus.IN_PROGRESS: (TimerKind.DELIVER_BY,),
    OrderStatus.COMPLETED: (TimerKind.INSPECT_BY,),
}
_OF_ISSUE: Final = {
    IssueStatus.NEGOTIATING: (TimerKind.RESPOND_BY, TimerKind.NEGOTIATE_BY),
    IssueStatus.EVIDENCE: (TimerKind.EVIDENCE_BY, TimerKind.DECIDE_BY, TimerKind.OVERDUE_BY),
    IssueStatus.UNDER_REVIEW: (TimerKind.DECIDE_BY, TimerKind.OVERDUE_BY),
    IssueStatus.APPEALED: (TimerKind.DECIDE_BY, TimerKind.OVERDUE_BY),
    IssueStatus.DECIDED: (TimerKind.APPEAL_BY,),
    IssueStatus.FINAL: (TimerKind.APPEAL_BY,),
}


def timers_of(order_id: UUID, kind: str, due_at: datetime, *, start: datetime) -> tuple[Timer, ...]:
    """Return the timer of a deadline and those of its reminders, for a time that begins at ``start``."""
    if kind not in _REMINDED:
        return (Timer(order_id, kind, due_at),)
    return with_reminders(order_id, kind, due_at, start=start)


def with_reminders(order_id: UUID, kind: str, due_at: datetime, *, start: datetime) -> tuple[Timer, ...]:
    """Return the timers of a deadline that somebody is reminded of."""
    moments = {step: due_at - before for step, before in BEFORE.items()}
    middle = start + (due_at - start) / 2
    if all(abs(middle - moment) > _TOO_CLOSE for moment in (*moments.values(), due_at)):
        moments[HALF] = middle
    reminders = (Timer(order_id, f"{kind}.{step}", moment) for step, moment in moments.items() if moment > start)
    return (Timer(order_id, kind, due_at), *reminders)


def running(state: OrderState) -> dict[TimerKind, datetime]:
    """Return the deadlines that run for an order as it stands; a hold or an issue lets those of the order wait."""
    if state.issue is not None:
        kinds, holder = _OF_ISSUE.get(state.issue.status, ()), state.issue
        return {kind: due for kind in kinds if (due := getattr(holder, kind)) is not None}
    kinds = _OF_ORDER.get(state.order.status, ())
    return {kind: due for kind in kinds if (due := getattr(state.order, kind)) is not None}


def alerts(state: OrderState) -> dict[str, datetime]:
    """Return when people of the platform are told that a dispute still waits for its decision."""
    if state.issue is None or state.issue.escalated_at is None or state.issue.status.is_over:
        return {}
    return {f"{ALERT}.{days}": state.issue.escalated_at + timedelta(days=days) for days in ALERT_DAYS}
