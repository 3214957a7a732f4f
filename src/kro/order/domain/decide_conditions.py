"""T13: the seller hands in, the confirmer confirms or rejects, the buyer may waive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kro.core.alerts import alert
from kro.core.decisions import Decision, Outcome
from kro.core.ids import show_id
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import Command, ConditionStatus, ConfirmedBy, EventType, Party
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import arm_condition, timer_of
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.milestones import ensure_may_move, facts_of, fulfill_and_pay
from kro.order.domain.proofs import proof_of_release
from kro.verification.domain import StepUpAction

_CONFIRMER: Final = {
    ConfirmedBy.BUYER: Party.BUYER,
    ConfirmedBy.SELLER: Party.SELLER,
    ConfirmedBy.BOTH: Party.BUYER,
    ConfirmedBy.ADMIN: Party.ADMIN,
    ConfirmedBy.SYSTEM: Party.SYSTEM,
}


@dataclass(frozen=True, slots=True)
class SubmitCondition:
    condition_id: UUID
    note: str | None
    evidence_ids: tuple[UUID, ...]


def decide_submit(state: OrderState, command: SubmitCondition, *, context: Context) -> Outcome[OrderState]:
    """Hand a condition in, with its evidence; a milestone's own inspection begins.

    :raises ConditionClosedError: when it is not open, or time or a code fulfills it.
    :raises EvidenceRequiredError: when it needs evidence and none is named.
    :raises EvidenceNotFoundError: when a named piece does not belong to this order.
    """
    ensure_allowed(state, Command.SUBMIT_CONDITION, state.viewer)
    condition = open_condition(state, command.condition_id, ConditionStatus.PENDING)
    if condition.confirmed_by is ConfirmedBy.SYSTEM:
        raise errors.ConditionClosedError("The condition is not handed in; the system sees when it is fulfilled.")
    if condition.evidence_required and not command.evidence_ids:
        raise errors.EvidenceRequiredError
    if not set(command.evidence_ids) <= set(state.evidence_ids):
        raise errors.EvidenceNotFoundError
    changes = Changes(state, context)
    inspect_by = _inspect_by(condition, changes)
    changes.set_condition(
        condition,
        status=ConditionStatus.SUBMITTED,
        note=command.note,
        evidence_ids=command.evidence_ids,
        submitted_at=context.now,
        rejection_reason=None,
        inspect_by=inspect_by,
    ).tell(EventType.CONDITION_SUBMITTED, **facts_of(condition), **({"inspect_by": inspect_by} if inspect_by else {}))
    if inspect_by is not None:
        arm_condition(changes, open_condition(changes.state, condition.id, ConditionStatus.SUBMITTED))
    if condition.confirmed_by is ConfirmedBy.ADMIN:
        changes.include(_for_the_platform(state, condition, context))
    return changes.notify(Party.BUYER, "condition_submitted", condition=condition.title).done()


def decide_confirm(state: OrderState, condition_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Confirm a condition, and release its amount; where both confirm, the seller's hand-in is the seller's half.

    :raises WrongPartyError: when somebody else is the one to confirm.
    :raises ConditionClosedError: when it is settled, or not handed in though it has to be.
    :raises OrderOnHoldError: when money would move while the order is on hold.
    :raises StepUpRequiredError: when a milestone's money passes the threshold and the buyer has not proven who asks.
    """
    row = ensure_allowed(state, Command.CONFIRM_CONDITION, state.viewer)
    condition = open_condition(state, condition_id, ConditionStatus.PENDING, ConditionStatus.SUBMITTED)
    if state.viewer is not _CONFIRMER[condition.confirmed_by]:
        raise errors.WrongPartyError
    must_be_handed_in = condition.evidence_required or condition.confirmed_by is ConfirmedBy.BOTH
    if must_be_handed_in and condition.status is ConditionStatus.PENDING:
        raise errors.ConditionClosedError("The condition has not been handed in yet.")
    ensure_may_move(state, condition)
    changes = Changes(state, context)
    if condition.amount is not None:
        part = min(condition.amount, state.order.outstanding.amount)
        shown, action = show_id("cnd", condition.id), StepUpAction.CONFIRM_MILESTONE
        changes.include(proof_of_release(row, state, part, action=action, context=context, target=shown))
    fulfill_and_pay(changes, condition, by=state.viewer)
    for party in (Party.BUYER, Party.SELLER):
        if party is not state.viewer:
            changes.notify(party, "condition_confirmed", condition=condition.title)
    return changes.done()


def decide_reject(state: OrderState, condition_id: UUID, reason: str, *, context: Context) -> Outcome[OrderState]:
    """Send a handed-in condition back to the seller, who may hand it in again.

    :raises WrongPartyError: when the platform judges what a third party says, and the buyer would.
    """
    ensure_allowed(state, Command.REJECT_CONDITION, state.viewer)
    condition = open_condition(state, condition_id, ConditionStatus.SUBMITTED)
    if (state.viewer is Party.ADMIN) is not (condition.confirmed_by is ConfirmedBy.ADMIN):
        raise errors.WrongPartyError
    return (
        Changes(state, context)
        .clear_deadline(timer_of(condition))
        .set_condition(
            condition,
            status=ConditionStatus.PENDING,
            submitted_at=None,
            rejection_reason=reason,
            inspect_by=None,
        )
        .tell(EventType.CONDITION_REJECTED, reason=reason, **facts_of(condition))
        .notify(Party.SELLER, "condition_rejected", condition=condition.title, reason=reason)
        .done()
    )


def decide_waive(state: OrderState, condition_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Give a condition up; only the buyer can. A milestone's amount stays until the order ends."""
    ensure_allowed(state, Command.WAIVE_CONDITION, state.viewer)
    condition = open_condition(state, condition_id, ConditionStatus.PENDING, ConditionStatus.SUBMITTED)
    return (
        Changes(state, context)
        .clear_deadline(timer_of(condition))
        .set_condition(
            condition,
            status=ConditionStatus.WAIVED,
            settled_at=context.now,
            settled_by=state.viewer,
            inspect_by=None,
        )
        .tell(EventType.CONDITION_WAIVED, **facts_of(condition))
        .done()
    )


def open_condition(state: OrderState, condition_id: UUID, *statuses: ConditionStatus) -> Condition:
    """Return a condition of the order that is in one of the statuses.

    :raises ConditionNotFoundError: when the order has no such condition.
    :raises ConditionClosedError: when it is in another one.
    """
    for condition in state.conditions:
        if condition.id == condition_id:
            if condition.status not in statuses:
                raise errors.ConditionClosedError(f"The condition is {condition.status}.")
            return condition
    raise errors.ConditionNotFoundError


def _inspect_by(condition: Condition, changes: Changes) -> datetime | None:
    """Return until when the buyer inspects a milestone; nobody's silence stands for the platform's word."""
    if condition.amount is None or condition.confirmed_by not in {ConfirmedBy.BUYER, ConfirmedBy.BOTH}:
        return None
    return changes.clock + timedelta(hours=changes.state.order.inspection_hours)


def _for_the_platform(state: OrderState, condition: Condition, context: Context) -> Decision:
    order_id, condition_id = show_id("ord", state.order.id), show_id("cnd", condition.id)
    message = alert(
        id=context.ids.new(),
        kind="condition_waits",
        subject="Evidence of a third party waits to be judged",
        detail=f"Condition {condition_id} of order {order_id} was handed in and waits for the platform's word.",
    )
    return Decision(messages=(message,))
