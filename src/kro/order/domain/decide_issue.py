"""T21 and T28 to T30: one party says that something is wrong; the two talk, or the platform has to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.decisions import Outcome
from kro.core.ids import show_id
from kro.order.database.issue_records import Issue
from kro.order.database.issue_words import IssueCategory, IssueStatus
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, Command, EventType, OrderStatus, Party, TimerKind
from kro.order.domain import errors, issue_errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import arm_conditions
from kro.order.domain.holding import arm_all
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.rules import DisputeRules
from kro.order.domain.settling import Settling, refund_all

LEFT_AFTER_WITHDRAWAL: Final = timedelta(hours=24)
"""What is at least left of a deadline when an issue is withdrawn (row T29)."""


@dataclass(frozen=True, slots=True)
class ReportIssue:
    """What is wrong, in a category and in words; with a condition when it is about that one only."""

    category: IssueCategory
    statement: str
    condition_id: UUID | None = None


def decide_report(
    state: OrderState, command: ReportIssue, *, rules: DisputeRules, context: Context
) -> Outcome[OrderState]:
    """T21: contest the order, or one of its conditions. Its timers wait until the issue is over.

    :raises InspectionOverError: when the buyer comes after the inspection's end.
    :raises ConditionNotFoundError: when the order has no such condition.
    """
    order = state.order
    ensure_allowed(state, Command.REPORT_ISSUE, state.viewer)
    changes = Changes(state, context)
    is_late = (
        order.status is OrderStatus.COMPLETED and order.inspect_by is not None and changes.clock >= order.inspect_by
    )
    if is_late and state.viewer is Party.BUYER:
        raise errors.InspectionOverError
    if command.condition_id is not None and all(c.id != command.condition_id for c in state.conditions):
        raise errors.ConditionNotFoundError
    return report(changes, command, rules=rules, context=context).done()


def report(changes: Changes, command: ReportIssue, *, rules: DisputeRules, context: Context) -> Changes:
    """Open an issue; when the system does, nobody in particular has to answer."""
    state = changes.state
    by_party = state.viewer.is_trader
    issue = Issue(
        id=context.ids.new(),
        order_id=state.order.id,
        condition_id=command.condition_id,
        reported_by=state.viewer,
        category=command.category,
        statement=command.statement,
        from_status=state.order.status,
        status=IssueStatus.NEGOTIATING,
        reported_at=context.now,
        answered_at=None,
        respond_by=changes.clock + rules.respond_within if by_party else None,
        negotiate_by=changes.clock + rules.negotiate_within,
    )
    changes.clear_timers().to(OrderStatus.ISSUE_REPORTED).lapse_offers().open_issue(issue)
    changes.tell(
        EventType.ISSUE_REPORTED,
        issue_id=show_id("iss", issue.id),
        category=issue.category,
        statement=issue.statement,
        condition_id=show_id("cnd", issue.condition_id) if issue.condition_id else None,
        negotiate_by=issue.negotiate_by,
    )
    for party in (state.viewer.other,) if by_party else (Party.BUYER, Party.SELLER):
        changes.notify(party, "issue_reported")
    return arm_all(changes, context)


def decide_answer(state: OrderState, statement: str, *, context: Context) -> Outcome[OrderState]:
    """T21: the other party answers, so that both may go on talking until the end of the negotiation.

    :raises WrongPartyError: when the one who reported it answers.
    :raises AlreadyAnsweredError: when it has been answered.
    """
    ensure_allowed(state, Command.ANSWER_ISSUE, state.viewer)
    issue = open_issue(state)
    if issue.reported_by is state.viewer:
        raise errors.WrongPartyError
    if issue.answered_at is not None:
        raise issue_errors.AlreadyAnsweredError
    return (
        answered(Changes(state, context), context)
        .tell(EventType.ISSUE_ANSWERED, statement=statement)
        .notify(state.viewer.other, "issue_answered")
        .done()
    )


def answered(changes: Changes, context: Context) -> Changes:
    """Note that the other party has reacted, if it is the first time; the time to respond is over then."""
    issue = changes.state.issue
    if issue is None or issue.answered_at is not None or issue.reported_by is changes.state.viewer:
        return changes
    return changes.set_issue(answered_at=context.now, respond_by=None).clear_deadline(TimerKind.RESPOND_BY)


def decide_concede(state: OrderState, *, settling: Settling, context: Context) -> Outcome[OrderState]:
    """T28: the seller gives in; everything the order holds goes back to the buyer."""
    ensure_allowed(state, Command.CONCEDE, state.viewer)
    changes = Changes(state, context).tell(EventType.CONCEDED)
    return refund_all(changes, CloseReason.CONCEDED, CloseReason.CONCEDED, settling=settling, context=context).done()


def decide_withdraw(state: OrderState, *, context: Context) -> Outcome[OrderState]:
    """T29: whoever reported the issue takes it back; the order goes on where it was, with at least a day left.

    :raises WrongPartyError: when the other party would do it.
    """
    order = state.order
    ensure_allowed(state, Command.WITHDRAW_ISSUE, state.viewer)
    issue = open_issue(state)
    if issue.reported_by is not state.viewer:
        raise errors.WrongPartyError
    changes = Changes(state, context)
    kind = TimerKind.INSPECT_BY if issue.from_status is OrderStatus.COMPLETED else TimerKind.DELIVER_BY
    deadline = order.inspect_by if kind is TimerKind.INSPECT_BY else order.deliver_by
    assert deadline is not None  # noqa: S101 - an order in either status has the deadline of that status
    waited = changes.clock - min(issue.reported_at, changes.clock)
    goes_on_until = max(deadline + waited, changes.clock + LEFT_AFTER_WITHDRAWAL)
    changes.clear_timers().lapse_offers().set_issue(status=IssueStatus.WITHDRAWN, ended_at=context.now)
    return (
        arm_conditions(changes.to(issue.from_status), later=waited, at_least=LEFT_AFTER_WITHDRAWAL)
        .start_timer(kind, goes_on_until)
        .tell(EventType.ISSUE_WITHDRAWN, issue_id=show_id("iss", issue.id), **{kind.value: goes_on_until})
        .notify(state.viewer.other, "issue_withdrawn")
        .done()
    )


def decide_escalate(state: OrderState, *, rules: DisputeRules, context: Context) -> Outcome[OrderState]:
    """T30: ask the platform to decide; both may hand in evidence for some days first."""
    ensure_allowed(state, Command.ESCALATE, state.viewer)
    return escalate(state, rules=rules, context=context)


def decide_negotiation_over(state: OrderState, *, rules: DisputeRules, context: Context) -> Outcome[OrderState] | None:
    """T30 by time: nobody answered, or the two did not agree. Return ``None`` when the timer is late or stale."""
    issue, changes = state.issue, Changes(state, context)
    if issue is None or issue.status is not IssueStatus.NEGOTIATING or state.order.on_hold:
        return None
    is_over = changes.clock >= issue.negotiate_by or (
        issue.respond_by is not None and changes.clock >= issue.respond_by
    )
    if not is_over:
        return None
    ensure_allowed(state, Command.ESCALATE, Party.SYSTEM)
    return escalate(state, rules=rules, context=context)


def escalate(state: OrderState, *, rules: DisputeRules, context: Context) -> Outcome[OrderState]:
    """Make a dispute of an issue, by one of the parties or because their time is over."""
    issue = open_issue(state)
    changes = Changes(state, context)
    decide_by = changes.clock + rules.decide_within
    changes = (
        changes.clear_timers()
        .lapse_offers()
        .to(OrderStatus.DISPUTED)
        .set_issue(
            status=IssueStatus.EVIDENCE,
            escalated_by=state.viewer,
            escalated_at=changes.clock,
            respond_by=None,
            evidence_by=changes.clock + rules.evidence_within,
            decide_by=decide_by,
            overdue_by=decide_by + rules.overdue_after,
        )
        .tell(
            EventType.ESCALATED,
            issue_id=show_id("iss", issue.id),
            evidence_by=changes.clock + rules.evidence_within,
            decide_by=decide_by,
        )
        .notify(Party.BUYER, "dispute_opened")
        .notify(Party.SELLER, "dispute_opened")
    )
    return arm_all(changes, context).done()


def open_issue(state: OrderState) -> Issue:
    """Return the issue of an order whose status says that there is one."""
    assert state.issue is not None  # noqa: S101 - the lifecycle has looked at the status
    return state.issue
