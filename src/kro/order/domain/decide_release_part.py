"""T25: the buyer pays a part of the price out while inspecting the rest."""

from __future__ import annotations

from kro.core.decisions import Outcome
from kro.core.ids import show_id
from kro.core.money import CurrencyMismatchError, Money
from kro.order.database.records import OrderState
from kro.order.database.words import Command, EventType, Party
from kro.order.domain.changes import Changes, Context, money
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.proofs import proof_of_release
from kro.order.domain.settling import price_of_part, release_part
from kro.verification.domain import StepUpAction


def decide_release_part(state: OrderState, part: Money, *, context: Context) -> Outcome[OrderState]:
    """Release a part of the price, in minor units, with its share of the fees; the inspection goes on for the rest.

    The seller gets at least one minor unit of the part, and of what is left after it when the order is approved.

    :raises CurrencyMismatchError: when the order is in another currency.
    :raises ReleaseTooSmallError: when the seller would get nothing of the part.
    :raises ReleaseLeavesTooLittleError: when what is left would not cover the fees left, or there is not so much.
    :raises StepUpRequiredError: when it passes the threshold and the buyer has not proven anew who asks.
    """
    order = state.order
    row = ensure_allowed(state, Command.PARTIAL_RELEASE, state.viewer)
    if part.currency != order.currency:
        raise CurrencyMismatchError
    price = price_of_part(order, part.amount)
    proof = proof_of_release(row, state, part.amount, action=StepUpAction.RELEASE_PART, context=context)
    release_id = context.ids.new()
    received = money(price.seller_receives, order.currency)
    return (
        release_part(Changes(state, context).include(proof), price, release_id=release_id)
        .tell(
            EventType.PARTLY_RELEASED,
            release_id=show_id("rel", release_id),
            part=money(part.amount, part.currency),
            released=received,
        )
        .notify(Party.BUYER, "order_partly_released")
        .notify(Party.SELLER, "order_partly_released", received=received)
        .done()
    )
