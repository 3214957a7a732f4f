"""What admins do with disputes and holds: the order's own rules, on record, and never about people of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kro.core.decisions import Audit, Decision, Outcome, Row
from kro.core.errors import KroError
from kro.core.ids import show_id
from kro.order.database.admin_records import AdminOrder
from kro.order.database.records import OrderState
from kro.order.domain import issue_errors
from kro.order.domain.changes import Context, money
from kro.order.domain.decide_dispute import (
    AddStatement,
    RequestInfo,
    Reviewer,
    decide_add_statement,
    decide_assign,
    decide_request_info,
)
from kro.order.domain.decide_hold import PlaceHold, decide_lift_hold, decide_place_hold
from kro.order.domain.decide_ruling import Rule, decide_ruling
from kro.order.domain.errors import OrderNotFoundError
from kro.order.domain.rules import DisputeRules


def decide_assignment(
    found: AdminOrder | None, issue_id: UUID, reviewer_id: UUID, *, may_reassign: bool, context: Context
) -> Outcome[OrderState]:
    """Give a dispute to an admin; what somebody has is taken from them only by who may.

    :raises IssueNotFoundError: when there is no such issue, or it is over and another one is open.
    :raises DisputeTakenError: when it is somebody else's.
    :raises ConflictOfInterestError: when either admin is related to a party.
    :raises KroError: what :func:`decide_assign` refuses.
    """
    order = _on_issue(found, issue_id)
    _ensure_unrelated(order, context.actor.id)
    issue = order.state.issue
    if issue is not None and issue.assigned_to == reviewer_id:
        return Outcome(Decision(), order.state)
    if issue is not None and issue.assigned_to is not None and not may_reassign:
        raise issue_errors.DisputeTakenError
    outcome = decide_assign(order.state, Reviewer(reviewer_id, reviewer_id in order.related), context=context)
    return _on_record(outcome, "dispute.assign", issue_id, {"to": show_id("adm", reviewer_id)}, context)


def decide_admin_statement(
    found: AdminOrder | None, issue_id: UUID, command: AddStatement, *, context: Context
) -> Outcome[OrderState]:
    """Put a statement of the assigned admin on the record; both parties see it.

    :raises KroError: what :func:`decide_add_statement` refuses.
    """
    outcome = decide_add_statement(_of_ones_own(found, issue_id, context), command, context=context)
    return _on_record(outcome, "dispute.state", issue_id, {}, context)


def decide_info_request(
    found: AdminOrder | None, issue_id: UUID, command: RequestInfo, *, context: Context
) -> Outcome[OrderState]:
    """Ask both parties for more, as the assigned admin.

    :raises KroError: what :func:`decide_request_info` refuses.
    """
    outcome = decide_request_info(_of_ones_own(found, issue_id, context), command, context=context)
    return _on_record(outcome, "dispute.request_info", issue_id, {"hours": command.hours}, context)


def decide_alone(
    found: AdminOrder | None, issue_id: UUID, command: Rule, *, rules: DisputeRules, context: Context
) -> Outcome[OrderState]:
    """Decide a dispute as the assigned admin, where one is enough.

    :raises KroError: what :func:`decide_ruling` refuses.
    """
    state = _of_ones_own(found, issue_id, context)
    outcome = decide_ruling(state, command, rules=rules, context=context)
    awarded = money(command.awarded.amount, command.awarded.currency)
    return _on_record(outcome, "dispute.decide", issue_id, {"awarded": awarded}, context)


def decide_by_two(
    found: AdminOrder | None, issue_id: UUID, command: Rule, *, rules: DisputeRules, context: Context
) -> Outcome[OrderState]:
    """Decide a dispute as the assigned admin, who is the actor, with the consent of ``command.approved_by``.

    :raises ConflictOfInterestError: when either is related to a party.
    :raises KroError: what :func:`decide_ruling` refuses.
    """
    order = _on_issue(found, issue_id)
    _ensure_unrelated(order, context.actor.id, command.approved_by)
    return decide_ruling(order.state, command, rules=rules, context=context)


def decide_hold(found: AdminOrder | None, command: PlaceHold, *, context: Context) -> Outcome[OrderState]:
    """Stop an order.

    :raises OrderNotFoundError: when there is none.
    :raises KroError: what :func:`decide_place_hold` refuses.
    """
    if found is None:
        raise OrderNotFoundError
    outcome = decide_place_hold(found.state, command, context=context)
    audit = Audit(
        id=context.ids.new(),
        actor=context.actor,
        action="order.hold",
        target_type="order",
        target_id=found.state.order.id,
        reason=command.reason,
    )
    return Outcome(outcome.decision + Decision(audits=(audit,)), outcome.value)


def decide_lift_by_two(
    found: AdminOrder | None, hold_id: UUID, *, proposed_by: UUID, approved_by: UUID, context: Context
) -> Outcome[OrderState]:
    """Let an order go on.

    :raises HoldNotFoundError: when there is no such hold.
    :raises NoHoldError: when it was lifted already.
    :raises ConflictOfInterestError: when either admin is related to a party.
    :raises KroError: what :func:`decide_lift_hold` refuses.
    """
    if found is None:
        raise issue_errors.HoldNotFoundError
    hold = found.state.hold
    if hold is None or hold.id != hold_id:
        raise issue_errors.NoHoldError
    _ensure_unrelated(found, proposed_by, approved_by)
    return decide_lift_hold(found.state, hold, proposed_by=proposed_by, approved_by=approved_by, context=context)


def refused_step(issue_id: UUID, action: str, error: KroError, *, context: Context) -> Decision:
    """Return the trace of a step that was refused for who asked for it."""
    return Decision(audits=(_audit(action, issue_id, {}, context, result="refused", reason=error.code),))


def look(issue_id: UUID, at: Row, refused: KroError | None, *, context: Context) -> Decision:
    """Return the trace of an admin's look at what belongs to the parties: ``at`` says into what."""
    told = {"result": "refused", "reason": refused.code} if refused is not None else {}
    return Decision(audits=(_audit("dispute.look", issue_id, at, context, **told),))


def _on_issue(found: AdminOrder | None, issue_id: UUID) -> AdminOrder:
    # Without an open issue the lifecycle refuses; another one than was meant must not be acted on.
    if found is None or (found.state.issue is not None and found.state.issue.id != issue_id):
        raise issue_errors.IssueNotFoundError
    return found


def _of_ones_own(found: AdminOrder | None, issue_id: UUID, context: Context) -> OrderState:
    order = _on_issue(found, issue_id)
    _ensure_unrelated(order, context.actor.id)
    return order.state


def _ensure_unrelated(found: AdminOrder, *admins: UUID | None) -> None:
    if found.related & set(admins):
        raise issue_errors.ConflictOfInterestError


def _on_record(
    outcome: Outcome[OrderState], action: str, issue_id: UUID, detail: Mapping[str, Any], context: Context
) -> Outcome[OrderState]:
    order_id = show_id("ord", outcome.value.order.id)
    audit = _audit(action, issue_id, {"order": order_id, **detail}, context)
    return Outcome(outcome.decision + Decision(audits=(audit,)), outcome.value)


def _audit(
    action: str,
    issue_id: UUID,
    detail: Mapping[str, Any],
    context: Context,
    *,
    result: str = "done",
    reason: str | None = None,
) -> Audit:
    return Audit(
        id=context.ids.new(),
        actor=context.actor,
        action=action,
        target_type="issue",
        target_id=issue_id,
        result=result,
        reason=reason,
        detail=detail,
    )
