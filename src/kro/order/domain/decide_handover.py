"""T16: the buyer's code shows that the goods changed hands. Whether a code is right is proven before it comes here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, Insert, Message, Outcome, Update
from kro.core.ids import show_id
from kro.order.database.handover_records import LinkState, RiderLink
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import (
    CloseReason,
    Command,
    ConditionKind,
    ConditionStatus,
    EventType,
    OrderStatus,
    Party,
)
from kro.order.domain import errors, handover_errors
from kro.order.domain.changes import Changes, Context, as_row
from kro.order.domain.decide_finish import missing_of_seller, start_inspection
from kro.order.domain.handover_codes import MAX_TRIES, DrawnCode
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.milestones import all_met, facts_of, fulfill, pay_milestone
from kro.order.domain.proofs import proof_of_release
from kro.order.domain.rules import OrderRules
from kro.order.domain.settling import fulfill_the_rest, release_all
from kro.verification.domain import StepUpAction

HANDOVER_TOPIC: Final = "sms.handover"
SHORTEST_LINK: Final = timedelta(hours=24)
"""How long a rider's link lives at least, however late the delivery is."""

Draw = Callable[[UUID], DrawnCode]
Reload = Callable[[], Awaitable[OrderState | None]]


@dataclass(frozen=True, slots=True)
class RenewedCode:
    """The order with its new code, which is shown once and kept nowhere."""

    state: OrderState
    condition: Condition
    drawn: DrawnCode


def decide_renew_code(state: OrderState, draw: Draw, *, context: Context) -> Outcome[RenewedCode]:
    """Give the buyer a new code; the one before it dies, and so does what was tried on it.

    The code is what releases the money where it does, so getting it is what takes the buyer's proof; whoever enters it
    needs none.

    :raises StepUpRequiredError: when it is worth more than the threshold and the buyer has not proven who asks.
    :raises NoHandoverCodeError: when the terms have none, or it was entered.
    """
    row = ensure_allowed(state, Command.RENEW_HANDOVER_CODE, state.viewer)
    condition = open_code(state)
    worth = state.order.outstanding.amount if state.order.code_is_acceptance else condition.amount or 0
    proof = proof_of_release(row, state, worth, action=StepUpAction.HANDOVER_CODE, context=context)
    drawn = draw(condition.id)
    message = Message(
        id=context.ids.new(),
        topic=HANDOVER_TOPIC,
        payload={
            "user_id": state.order.buyer_id,
            "condition_id": condition.id,
            "order_id": show_id("ord", state.order.id),
            "sealed": drawn.sealed,
        },
    )
    outcome = (
        Changes(state, context)
        .set_condition(condition, code_hash=drawn.mac, code_tries=0)
        .tell(EventType.HANDOVER_CODE_RENEWED, **facts_of(condition))
        .include(proof + Decision(messages=(message,)))
        .done()
    )
    return Outcome(outcome.decision, RenewedCode(outcome.value, condition, drawn))


def ensure_enterable(state: OrderState) -> Condition:
    """Return the condition whose code may be tried now, before the try is counted.

    :raises NoHandoverCodeError: when there is no code.
    :raises HandoverCodeLockedError: when it was tried too often.
    """
    ensure_allowed(state, Command.ENTER_HANDOVER_CODE, state.viewer)
    condition = open_code(state)
    if condition.code_hash is None:
        raise handover_errors.NoHandoverCodeError
    if condition.code_tries >= MAX_TRIES:
        raise handover_errors.HandoverCodeLockedError
    return condition


def decide_enter_code(state: OrderState, proven: str, *, context: Context) -> Outcome[OrderState]:
    """T16: the code was right. The buyer's inspection starts, or the order closes if the terms say that this is it.

    A hand-over cannot be repeated: when the seller still owes something else it counts, and the order goes on.

    :param proven: the keyed hash the code was right for.
    :raises WrongHandoverCodeError: when the buyer has renewed the code since.
    """
    ensure_allowed(state, Command.ENTER_HANDOVER_CODE, state.viewer)
    condition = open_code(state)
    if condition.code_hash != proven:
        raise handover_errors.WrongHandoverCodeError(MAX_TRIES - condition.code_tries)
    changes = fulfill(Changes(state, context), condition, by=state.viewer).set_condition(condition, code_hash=None)
    pay_milestone(changes, condition)
    if state.order.code_is_acceptance and all_met(changes):
        fulfill_the_rest(changes, by=Party.SYSTEM, context=context)
        return release_all(changes, CloseReason.HANDED_OVER, EventType.HANDED_OVER).done()
    changes.tell(EventType.HANDED_OVER, **facts_of(condition))
    if missing_of_seller(changes.state):
        return changes.notify(Party.BUYER, "condition_confirmed", condition=condition.title).done()
    return start_inspection(changes, context).done()


def decide_wrong_code(state: OrderState, tries_left: int, *, context: Context) -> Outcome[None]:
    """Put a wrong code, which was counted already, on the timeline; the buyer is told when it was the last try."""
    if state.order.status is not OrderStatus.IN_PROGRESS:
        return Outcome(Decision(), None)
    changes = Changes(state, context).tell(EventType.HANDOVER_CODE_WRONG, tries_left=tries_left)
    if tries_left == 0:
        changes.notify(Party.BUYER, "handover_code_locked")
    return Outcome(changes.done().decision, None)


def decide_make_link(state: LinkState, token_hash: str, *, rules: OrderRules, context: Context) -> Outcome[RiderLink]:
    """Give the seller's rider a way to enter the code without an account; an earlier link ends.

    :raises NoHandoverCodeError: when the terms have no code, or it was entered.
    """
    order = state.order.order
    ensure_allowed(state.order, Command.ENTER_HANDOVER_CODE, state.order.viewer)
    open_code(state.order)
    grace = (order.deliver_by or context.now) + rules.overdue_grace
    link = RiderLink(
        id=context.ids.new(),
        order_id=order.id,
        token_hash=token_hash,
        created_at=context.now,
        expires_at=max(grace, context.now + SHORTEST_LINK),
        revoked_at=None,
        version=1,
    )
    ended = (_revoked(state.link, context),) if state.link is not None else ()
    return Outcome(Decision(writes=(*ended, Insert("rider_links", (as_row(link),)))), link)


def decide_revoke_link(state: LinkState, *, context: Context) -> Outcome[OrderState]:
    """Take the rider's link back.

    :raises WrongPartyError: when the buyer would.
    :raises RiderLinkNotFoundError: when there is none.
    """
    if state.order.viewer is not Party.SELLER:
        raise errors.WrongPartyError
    if state.link is None:
        raise handover_errors.RiderLinkNotFoundError
    return Outcome(Decision(writes=(_revoked(state.link, context),)), state.order)


def open_code(state: OrderState) -> Condition:
    """Return the condition that a code would fulfill.

    :raises NoHandoverCodeError: when the terms have none, or it was entered or waived.
    """
    for condition in state.conditions:
        if condition.kind is ConditionKind.DELIVERY_CODE and condition.status is ConditionStatus.PENDING:
            return condition
    raise handover_errors.NoHandoverCodeError


def _revoked(link: RiderLink, context: Context) -> Update:
    return Update("rider_links", link.id, link.version, {"revoked_at": context.now})
