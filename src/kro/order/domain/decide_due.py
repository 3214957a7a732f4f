"""Which decision a due timer leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kro.core.alerts import alert
from kro.core.decisions import Decision, Outcome
from kro.core.ids import show_id
from kro.order.database.issue_words import IssueStatus
from kro.order.database.records import OrderState
from kro.order.database.words import TimerKind
from kro.order.domain import decide_agree, decide_overdue
from kro.order.domain.changes import Context
from kro.order.domain.condition_times import CONDITION
from kro.order.domain.deadlines import ALERT, AMENDMENT
from kro.order.domain.decide_amendment import decide_run_out
from kro.order.domain.decide_condition_time import decide_condition_timer
from kro.order.domain.decide_dispute import decide_evidence_over
from kro.order.domain.decide_freeze import decide_freeze
from kro.order.domain.decide_issue import decide_negotiation_over
from kro.order.domain.decide_reminder import decide_reminder
from kro.order.domain.decide_ruling import decide_effective, decide_not_decided
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling

_WAITS: Final = frozenset({IssueStatus.EVIDENCE, IssueStatus.UNDER_REVIEW, IssueStatus.APPEALED})


def decide_due(
    state: OrderState, kind: str, *, rules: OrderRules, settling: Settling, context: Context
) -> Outcome[OrderState] | None:
    """Return what a due timer leads to: the end of a time, a reminder of one, or an alarm.

    ``None`` when it says nothing.
    """
    deadline, _, step = kind.partition(".")
    if state.is_frozen and (held := decide_freeze(state, context=context)) is not None:
        # The message that stops the order is still on its way: time may not be what lets its money go.
        return held
    if deadline == ALERT:
        return _alert(state, step, context)
    if deadline == AMENDMENT:
        return decide_run_out(state, context=context)
    if deadline == CONDITION:
        return decide_condition_timer(state, step, rules=rules, context=context)
    if step:
        return decide_reminder(state, TimerKind(deadline), step, rules=rules, context=context)
    return _deadline(state, TimerKind(deadline), rules=rules, settling=settling, context=context)


def _deadline(
    state: OrderState, timer: TimerKind, *, rules: OrderRules, settling: Settling, context: Context
) -> Outcome[OrderState] | None:
    # Nothing happens to an order when the time to decide is over: people are told by timers of their own.
    handlers: dict[TimerKind, Callable[[], Outcome[OrderState] | None]] = {
        TimerKind.ACCEPT_BY: lambda: decide_agree.decide_accept_timeout(state, context=context),
        TimerKind.FUND_BY: lambda: decide_agree.decide_fund_timeout(state, context=context),
        TimerKind.DELIVER_BY: lambda: decide_overdue.decide_delivery_overdue(state, rules=rules, context=context),
        TimerKind.NON_DELIVERY: lambda: decide_overdue.decide_non_delivery(
            state, rules=rules, settling=settling, context=context
        ),
        TimerKind.INSPECT_BY: lambda: decide_overdue.decide_inspection_timeout(state, rules=rules, context=context),
        TimerKind.RESPOND_BY: lambda: decide_negotiation_over(state, rules=rules.disputes, context=context),
        TimerKind.NEGOTIATE_BY: lambda: decide_negotiation_over(state, rules=rules.disputes, context=context),
        TimerKind.EVIDENCE_BY: lambda: decide_evidence_over(state, context=context),
        TimerKind.DECIDE_BY: lambda: None,
        TimerKind.APPEAL_BY: lambda: decide_effective(state, settling=settling, context=context),
        TimerKind.OVERDUE_BY: lambda: decide_not_decided(state, settling=settling, context=context),
    }
    return handlers[timer]()


def _alert(state: OrderState, days: str, context: Context) -> Outcome[OrderState] | None:
    issue = state.issue
    if issue is None or issue.status not in _WAITS:
        return None
    order_id = show_id("ord", state.order.id)
    told = Decision(
        messages=(
            alert(
                id=context.ids.new(),
                kind="dispute_waits",
                subject=f"A dispute has waited {days} days for its decision",
                detail=f"Order {order_id} was escalated {days} days ago and is {issue.status.replace('_', ' ')}. "
                f"It is decided by default at {issue.overdue_by}.",
            ),
        )
    )
    return Outcome(told, state)
