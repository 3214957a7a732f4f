"""T15, T17, T19 and T22: the work is done and paid, or called off and given back."""

from __future__ import annotations

from datetime import timedelta

from kro.core.decisions import Outcome
from kro.order.database.records import OrderState
from kro.order.database.words import (
    CloseReason,
    Command,
    ConditionStatus,
    EventType,
    OrderStatus,
    Party,
    TimerKind,
)
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context
from kro.order.domain.condition_times import arm_conditions
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.proofs import proof_of_release
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import Settling, fulfill_the_rest, refund_all, release_all
from kro.verification.domain import StepUpAction


def decide_complete(state: OrderState, *, context: Context) -> Outcome[OrderState]:
    """T15: the seller says it is done; the buyer's inspection period starts.

    :raises ConditionsUnmetError: when something the seller has to hand in is missing.
    """
    ensure_allowed(state, Command.COMPLETE, state.viewer)
    _ensure_handed_in(state)
    return start_inspection(Changes(state, context), context).done()


def start_inspection(changes: Changes, context: Context) -> Changes:
    """Say that the work is done; the buyer has the agreed time to look at it."""
    inspect_by = changes.clock + timedelta(hours=changes.state.order.inspection_hours)
    changes.clear_timers().to(OrderStatus.COMPLETED, completed_at=context.now, receipt_extensions=0)
    return (
        arm_conditions(changes)
        .start_timer(TimerKind.INSPECT_BY, inspect_by)
        .tell(EventType.COMPLETED, inspect_by=inspect_by)
        .notify(Party.BUYER, "order_completed")
    )


def decide_approve(state: OrderState, *, context: Context) -> Outcome[OrderState]:
    """T22: release the escrow, or what parts have left of it, to the seller.

    Approval also fulfills what was left for the buyer to confirm; what the seller owes still stands in the way.

    :raises ConditionsUnmetError: when a required condition of the seller's is missing.
    :raises StepUpRequiredError: when it is above the threshold and the buyer has not proven anew who asks.
    """
    row = ensure_allowed(state, Command.APPROVE, state.viewer)
    _ensure_handed_in(state)
    rest = state.order.outstanding.amount
    proof = proof_of_release(row, state, rest, action=StepUpAction.APPROVE_ORDER, context=context)
    changes = fulfill_the_rest(Changes(state, context), by=Party.BUYER, context=context).include(proof)
    return release_all(changes, CloseReason.APPROVED, EventType.APPROVED).done()


def decide_seller_cancel(
    state: OrderState, reason: str, *, settling: Settling, context: Context
) -> Outcome[OrderState]:
    """T17: the seller calls it off; what is held goes back to the buyer, with the fees unless the policy keeps them."""
    ensure_allowed(state, Command.SELLER_CANCEL, state.viewer)
    changes = Changes(state, context)
    return refund_all(changes, CloseReason.SELLER_CANCELLED, reason, settling=settling, context=context).done()


def decide_cancel_overdue(
    state: OrderState, reason: str, *, rules: OrderRules, settling: Settling, context: Context
) -> Outcome[OrderState]:
    """T19: the buyer calls it off because the delivery is overdue.

    :raises NotOverdueError: before the delivery time and its grace period have passed.
    """
    order = state.order
    ensure_allowed(state, Command.CANCEL_OVERDUE, state.viewer)
    changes = Changes(state, context)
    if order.deliver_by is None or changes.clock <= order.deliver_by + rules.overdue_grace:
        raise errors.NotOverdueError
    return refund_all(changes, CloseReason.OVERDUE, reason, settling=settling, context=context).done()


def missing_of_seller(state: OrderState) -> tuple[str, ...]:
    """Return the titles of what the seller has not handed in though it is required."""
    return tuple(
        condition.title
        for condition in state.conditions
        if condition.required and condition.is_sellers and condition.status is ConditionStatus.PENDING
    )


def _ensure_handed_in(state: OrderState) -> None:
    missing = missing_of_seller(state)
    if missing:
        raise errors.ConditionsUnmetError(missing)
