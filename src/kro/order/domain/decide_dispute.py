"""T31: what the parties and the admin put on a dispute's record before it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome
from kro.core.ids import show_id
from kro.order.database.issue_records import Issue, Statement
from kro.order.database.issue_words import IssueStatus
from kro.order.database.records import OrderState
from kro.order.database.words import Command, EventType, Party, TimerKind
from kro.order.domain import errors, issue_errors
from kro.order.domain.changes import Changes, Context, as_row
from kro.order.domain.decide_issue import open_issue
from kro.order.domain.lifecycle import ensure_allowed

_TO_BE_DECIDED: Final = frozenset({IssueStatus.EVIDENCE, IssueStatus.UNDER_REVIEW, IssueStatus.APPEALED})


@dataclass(frozen=True, slots=True)
class AddStatement:
    text: str
    evidence_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """A question to the parties, who get ``hours`` more for evidence."""

    question: str
    hours: int


@dataclass(frozen=True, slots=True)
class Reviewer:
    """An admin as far as a dispute is concerned; ``is_related`` to a party means never to decide about it."""

    id: UUID
    is_related: bool


def decide_add_statement(state: OrderState, command: AddStatement, *, context: Context) -> Outcome[OrderState]:
    """Put a statement on the record, with files that were handed in before.

    :raises EvidenceClosedError: when a party comes after the time for evidence.
    :raises EvidenceNotFoundError: when a file does not belong to this order.
    :raises NotAssignedError: when an admin writes whose dispute it is not.
    """
    ensure_allowed(state, Command.ADD_STATEMENT, state.viewer)
    issue, changes = open_issue(state), Changes(state, context)
    if state.viewer is Party.ADMIN:
        ensure_assigned(issue, context)
    elif not takes_evidence(issue, changes):
        raise issue_errors.EvidenceClosedError
    if not set(command.evidence_ids) <= set(state.evidence_ids):
        raise errors.EvidenceNotFoundError
    return (
        _put_on_record(changes, command, context)
        .tell(
            EventType.STATEMENT_ADDED,
            text=command.text,
            evidence_ids=[show_id("evd", evidence_id) for evidence_id in command.evidence_ids],
        )
        .done()
    )


def decide_request_info(state: OrderState, command: RequestInfo, *, context: Context) -> Outcome[OrderState]:
    """Ask the parties for more; the time for evidence runs again, but never beyond the time for the decision.

    :raises NotAssignedError: when it is not this admin's dispute.
    :raises NotDecidableError: when it has been decided.
    """
    ensure_allowed(state, Command.REQUEST_INFO, state.viewer)
    issue, changes = open_issue(state), Changes(state, context)
    ensure_assigned(issue, context)
    if issue.status not in {IssueStatus.EVIDENCE, IssueStatus.UNDER_REVIEW} or issue.decide_by is None:
        raise issue_errors.NotDecidableError
    evidence_by = min(changes.clock + timedelta(hours=command.hours), max(issue.decide_by, changes.clock))
    _put_on_record(changes, AddStatement(command.question), context).set_issue(
        status=IssueStatus.EVIDENCE, evidence_by=evidence_by
    )
    return (
        changes.arm(TimerKind.EVIDENCE_BY, evidence_by)
        .tell(EventType.INFO_REQUESTED, question=command.question, evidence_by=evidence_by)
        .notify(Party.BUYER, "info_requested")
        .notify(Party.SELLER, "info_requested")
        .done()
    )


def decide_assign(state: OrderState, reviewer: Reviewer, *, context: Context) -> Outcome[OrderState]:
    """Give the dispute to an admin.

    :raises ConflictOfInterestError: when the admin is related to a party.
    :raises SameReviewerError: when the admin took part in the decision that was appealed.
    :raises NotDecidableError: when there is nothing left to decide.
    """
    ensure_allowed(state, Command.ASSIGN, state.viewer)
    issue = open_issue(state)
    if issue.status not in _TO_BE_DECIDED:
        raise issue_errors.NotDecidableError
    if reviewer.is_related:
        raise issue_errors.ConflictOfInterestError
    if reviewer.id in {issue.decided_by, issue.approved_by}:
        raise issue_errors.SameReviewerError
    return Changes(state, context).set_issue(assigned_to=reviewer.id).tell(EventType.ASSIGNED).done()


def decide_evidence_over(state: OrderState, *, context: Context) -> Outcome[OrderState] | None:
    """End the time for evidence. Return ``None`` when the timer is late, repeated or stale."""
    issue = state.issue
    if issue is None or issue.status is not IssueStatus.EVIDENCE or state.order.on_hold:
        return None
    changes = Changes(state, context)
    if takes_evidence(issue, changes):
        return None
    return (
        changes.set_issue(status=IssueStatus.UNDER_REVIEW)
        .clear_deadline(TimerKind.EVIDENCE_BY)
        .tell(EventType.EVIDENCE_CLOSED)
        .done()
    )


def takes_evidence(issue: Issue, changes: Changes) -> bool:
    """Say whether the parties may still hand in evidence."""
    return issue.status is IssueStatus.EVIDENCE and issue.evidence_by is not None and changes.clock < issue.evidence_by


def ensure_assigned(issue: Issue, context: Context) -> None:
    """Refuse an admin whose dispute it is not.

    :raises NotAssignedError: when it is somebody else's or nobody's.
    """
    if issue.assigned_to != context.actor.id:
        raise issue_errors.NotAssignedError


def _put_on_record(changes: Changes, command: AddStatement, context: Context) -> Changes:
    state = changes.state
    statement = Statement(
        id=context.ids.new(),
        issue_id=open_issue(state).id,
        order_id=state.order.id,
        author=state.viewer,
        author_id=context.actor.id,
        text=command.text,
        evidence_ids=command.evidence_ids,
        created_at=context.now,
    )
    return changes.include(Decision(writes=(Insert("statements", (as_row(statement),)),)))
