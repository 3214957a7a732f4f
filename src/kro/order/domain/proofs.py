"""Where a buyer's session alone does not let money go to the seller (row T22 of the contract, and its side doors)."""

from __future__ import annotations

from kro.core.decisions import Decision
from kro.core.ids import show_id
from kro.core.money import Money
from kro.order.database.records import OrderState
from kro.order.database.words import Party
from kro.order.domain.changes import Context
from kro.order.domain.lifecycle import Transition
from kro.verification.domain import StepUpAction, StepUpTask


def proof_of_release(
    row: Transition, state: OrderState, amount: int, *, action: StepUpAction, context: Context, target: str = ""
) -> Decision:
    """Return the use of the buyer's proof that releasing ``amount`` of the price, in minor units, takes; often nothing.

    What was released of the order before counts too: many small parts are no way around the threshold.

    :param target: what the task is about, the order where nothing is said.
    :raises StepUpRequiredError: when it takes one and there is none.
    """
    if not row.needs_proof or state.viewer is not Party.BUYER or not amount:
        return Decision()
    order = state.order
    task = StepUpTask(action, target or show_id("ord", order.id), Money(amount, order.currency))
    return context.gate.pay(task, counted=Money(order.released_in_parts + amount, order.currency))
