"""A party's account is frozen, or let go on: the order waits meanwhile, as it does for a contested payment."""

from __future__ import annotations

from kro.core.decisions import Outcome
from kro.order.database.records import OrderState
from kro.order.database.words import Command, EventType, Party
from kro.order.domain.changes import Changes, Context
from kro.order.domain.decide_chargeback import is_funded
from kro.order.domain.holding import lift_hold, put_on_hold
from kro.order.domain.lifecycle import ensure_allowed


def decide_freeze(state: OrderState, *, context: Context) -> Outcome[OrderState] | None:
    """Stop an order of which a party is frozen, or let it go on when nothing else holds it; both hear that, never why.

    ``None`` when it stands as it should. An order that holds no money needs no hold: nobody can pay it.
    """
    order, changes = state.order, Changes(state, context)
    if not is_funded(order) or state.is_frozen is order.on_hold:
        return None
    if state.is_frozen:
        ensure_allowed(state, Command.PLACE_HOLD, Party.SYSTEM)
        put_on_hold(changes, context).tell(EventType.HOLD_PLACED)
        return changes.notify(Party.BUYER, "order_held").notify(Party.SELLER, "order_held").done()
    if order.compliance_hold or state.is_contested:
        return None
    ensure_allowed(state, Command.LIFT_HOLD, Party.SYSTEM)
    lift_hold(changes, context).tell(EventType.HOLD_LIFTED, on_hold=False)
    return changes.notify(Party.BUYER, "order_resumed").notify(Party.SELLER, "order_resumed").done()
