"""T36: compliance stops an order, and two persons let it go on. The parties learn that, never why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from kro.core.decisions import Decision, Insert, Outcome, Update
from kro.order.database.issue_records import Hold
from kro.order.database.records import OrderState
from kro.order.database.words import Command, EventType, Party
from kro.order.domain import issue_errors
from kro.order.domain.changes import Changes, Context, as_row
from kro.order.domain.holding import lift_hold, put_on_hold
from kro.order.domain.lifecycle import ensure_allowed


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """Why: a short code, and what the file should say."""

    reason: str
    note: str


def decide_place_hold(state: OrderState, command: PlaceHold, *, context: Context) -> Outcome[OrderState]:
    """Stop an order: nothing moves and no deadline runs until the hold is lifted.

    :raises HoldPlacedError: when compliance holds it already.
    """
    ensure_allowed(state, Command.PLACE_HOLD, state.viewer)
    if state.order.compliance_hold:
        raise issue_errors.HoldPlacedError
    hold = Hold(
        id=context.ids.new(),
        order_id=state.order.id,
        reason=command.reason,
        note=command.note,
        placed_by=context.actor.id,
        placed_at=context.now,
        lifted_by=None,
        lift_approved_by=None,
        lifted_at=None,
        version=1,
    )
    return (
        put_on_hold(Changes(replace(state, hold=hold), context), context)
        .set(compliance_hold=True)
        .include(Decision(writes=(Insert("order_holds", (as_row(hold),)),)))
        .tell(EventType.HOLD_PLACED)
        .notify(Party.BUYER, "order_held")
        .notify(Party.SELLER, "order_held")
        .done()
    )


def decide_lift_hold(
    state: OrderState, hold: Hold | None, *, proposed_by: UUID, approved_by: UUID, context: Context
) -> Outcome[OrderState]:
    """Let an order go on; a payment that is being contested, or a party who is frozen, still holds it.

    :raises NoHoldError: when compliance does not hold it.
    """
    ensure_allowed(state, Command.LIFT_HOLD, state.viewer)
    if hold is None or not state.order.compliance_hold:
        raise issue_errors.NoHoldError
    lifted = replace(hold, lifted_by=proposed_by, lift_approved_by=approved_by, lifted_at=context.now)
    changed = {name: getattr(lifted, name) for name in ("lifted_by", "lift_approved_by", "lifted_at")}
    changes = Changes(state, context).include(Decision(writes=(Update("order_holds", hold.id, hold.version, changed),)))
    waits = state.is_contested or state.is_frozen
    changes = changes.set(compliance_hold=False) if waits else lift_hold(changes, context)
    changes.tell(EventType.HOLD_LIFTED, on_hold=changes.state.order.on_hold)
    if not changes.state.order.on_hold:
        changes.notify(Party.BUYER, "order_resumed").notify(Party.SELLER, "order_resumed")
    return changes.done()
