"""T13: the seller hands in, the confirmer confirms or rejects, the buyer may waive."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Outcome
from kro.core.ids import show_id
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import Command, ConditionStatus, ConfirmedBy, EventType, Party
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.lifecycle import ensure_allowed


@dataclass(frozen=True, slots=True)
class SubmitCondition:
    condition_id: UUID
    note: str | None
    evidence_ids: tuple[UUID, ...]


def decide_submit(state: OrderState, command: SubmitCondition, *, context: Context) -> Outcome[OrderState]:
    """Hand a condition in, with its evidence.

    :raises EvidenceRequiredError: when it needs evidence and none is named.
    :raises EvidenceNotFoundError: when a named piece does not belong to this order.
    """
    ensure_allowed(state.order, Command.SUBMIT_CONDITION, state.viewer)
    condition = _open_condition(state, command.condition_id, ConditionStatus.PENDING)
    if condition.evidence_required and not command.evidence_ids:
        raise errors.EvidenceRequiredError
    if not set(command.evidence_ids) <= set(state.evidence_ids):
        raise errors.EvidenceNotFoundError
    return (
        Changes(state, context)
        .set_condition(
            condition,
            status=ConditionStatus.SUBMITTED,
            note=command.note,
            evidence_ids=command.evidence_ids,
            submitted_at=context.now,
            rejection_reason=None,
        )
        .tell(EventType.CONDITION_SUBMITTED, **_facts(condition))
        .notify(Party.BUYER, "condition_submitted", condition=condition.title)
        .done()
    )


def decide_confirm(state: OrderState, condition_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Confirm a condition; where both confirm, the seller's hand-in is the seller's half.

    :raises WrongPartyError: when the other party is the one to confirm.
    :raises ConditionClosedError: when it is settled, or not handed in though it has to be.
    """
    ensure_allowed(state.order, Command.CONFIRM_CONDITION, state.viewer)
    condition = _open_condition(state, condition_id, ConditionStatus.PENDING, ConditionStatus.SUBMITTED)
    confirmer = Party.SELLER if condition.confirmed_by is ConfirmedBy.SELLER else Party.BUYER
    if state.viewer is not confirmer:
        raise errors.WrongPartyError
    must_be_handed_in = condition.evidence_required or condition.confirmed_by is ConfirmedBy.BOTH
    if must_be_handed_in and condition.status is ConditionStatus.PENDING:
        raise errors.ConditionClosedError("The condition has not been handed in yet.")
    return (
        Changes(state, context)
        .set_condition(condition, status=ConditionStatus.FULFILLED, settled_at=context.now, settled_by=state.viewer)
        .tell(EventType.CONDITION_CONFIRMED, **_facts(condition))
        .notify(state.viewer.other, "condition_confirmed", condition=condition.title)
        .done()
    )


def decide_reject(state: OrderState, condition_id: UUID, reason: str, *, context: Context) -> Outcome[OrderState]:
    """Send a handed-in condition back to the seller."""
    ensure_allowed(state.order, Command.REJECT_CONDITION, state.viewer)
    condition = _open_condition(state, condition_id, ConditionStatus.SUBMITTED)
    return (
        Changes(state, context)
        .set_condition(condition, status=ConditionStatus.PENDING, submitted_at=None, rejection_reason=reason)
        .tell(EventType.CONDITION_REJECTED, reason=reason, **_facts(condition))
        .notify(Party.SELLER, "condition_rejected", condition=condition.title, reason=reason)
        .done()
    )


def decide_waive(state: OrderState, condition_id: UUID, *, context: Context) -> Outcome[OrderState]:
    """Give a condition up; only the buyer can."""
    ensure_allowed(state.order, Command.WAIVE_CONDITION, state.viewer)
    condition = _open_condition(state, condition_id, ConditionStatus.PENDING, ConditionStatus.SUBMITTED)
    return (
        Changes(state, context)
        .set_condition(condition, status=ConditionStatus.WAIVED, settled_at=context.now, settled_by=state.viewer)
        .tell(EventType.CONDITION_WAIVED, **_facts(condition))
        .done()
    )


def _open_condition(state: OrderState, condition_id: UUID, *statuses: ConditionStatus) -> Condition:
    for condition in state.conditions:
        if condition.id == condition_id:
            if condition.status not in statuses:
                raise errors.ConditionClosedError(f"The condition is {condition.status}.")
            return condition
    raise errors.ConditionNotFoundError


def _facts(condition: Condition) -> dict[str, object]:
    return {"condition_id": show_id("cnd", condition.id), "title": condition.title}
