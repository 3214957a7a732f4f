"""T13: a condition is fulfilled. A milestone's amount goes to the seller in the same write, with its share of the fees.

What cannot be released by itself, because nothing would be left of the price, waits for the end of the order; and the
milestone that settles the last required condition is that end.
"""

from __future__ import annotations

from kro.core.ids import show_id
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import CloseReason, ConditionStatus, EventType, Party
from kro.order.domain import errors
from kro.order.domain.changes import Changes, money
from kro.order.domain.condition_times import has_come, timer_of
from kro.order.domain.settling import fulfill_the_rest, price_of_part, release_all, release_part


def ensure_may_move(state: OrderState, condition: Condition) -> None:
    """Refuse to fulfill a milestone of an order that is held: its money would move.

    :raises OrderOnHoldError: when it has an amount and the order is held.
    """
    if condition.amount is not None and state.is_held:
        raise errors.OrderOnHoldError


def fulfill(changes: Changes, condition: Condition, *, by: Party) -> Changes:
    """Mark a condition as fulfilled and tell it. Its money, if it has any, is the caller's next step."""
    return (
        changes.clear_deadline(timer_of(condition))
        .set_condition(
            condition,
            status=ConditionStatus.FULFILLED,
            settled_at=changes.context.now,
            settled_by=by,
            inspect_by=None,
        )
        .tell(EventType.CONDITION_CONFIRMED, **facts_of(condition))
    )


def fulfill_and_pay(changes: Changes, condition: Condition, *, by: Party) -> Changes:
    """Mark a condition as fulfilled; a milestone that was the last thing missing closes the order."""
    fulfill(changes, condition, by=by)
    if condition.amount is None or pay_milestone(changes, condition) or not all_met(changes):
        return changes
    fulfill_the_rest(changes, by=Party.SYSTEM, context=changes.context)
    if by is Party.SYSTEM:
        return release_all(changes, CloseReason.DEEMED_ACCEPTED, EventType.DEEMED_ACCEPTED)
    return release_all(changes, CloseReason.APPROVED, EventType.APPROVED)


def pay_milestone(changes: Changes, condition: Condition) -> bool:
    """Release a milestone's amount and say whether it was: what would leave nothing of the price waits."""
    order = changes.state.order
    if condition.amount is None:
        return False
    try:
        price = price_of_part(order, condition.amount)
    except (errors.ReleaseTooSmallError, errors.ReleaseLeavesTooLittleError):
        return False
    # The condition's own id makes the journal one that can be posted once.
    release_part(changes, price, release_id=condition.id)
    received = money(price.seller_receives, order.currency)
    changes.tell(
        EventType.MILESTONE_RELEASED,
        part=money(condition.amount, order.currency),
        released=received,
        **facts_of(condition),
    )
    changes.notify(Party.BUYER, "milestone_released", condition=condition.title)
    changes.notify(Party.SELLER, "milestone_released", condition=condition.title, received=received)
    return True


def all_met(changes: Changes) -> bool:
    """Whether every required condition is settled, or its date has come."""
    return all(
        condition.status.is_settled or has_come(condition, changes)
        for condition in changes.state.conditions
        if condition.required
    )


def facts_of(condition: Condition) -> dict[str, object]:
    """Return what an event tells of a condition."""
    return {"condition_id": show_id("cnd", condition.id), "title": condition.title}
