"""T37: an admin gives back what an order holds, or a part of it, and another admin has let it go."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Journal, Outcome
from kro.core.money import Money
from kro.kro_balance.domain import refund_to_source_requested, refund_to_wallet
from kro.order.database.records import OrderState
from kro.order.database.words import CloseReason, Command, EventType, FundingStatus, Party
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context, money, settled
from kro.order.domain.lifecycle import ensure_allowed


@dataclass(frozen=True, slots=True)
class HeldRefund:
    """What goes back to the buyer: to the balance, or on its way to the source of a payment."""

    refund_id: UUID
    amount: Money
    to_source: bool


def decide_refund_held(state: OrderState, part: HeldRefund, *, context: Context) -> Outcome[OrderState]:
    """Take a refund from what an order holds; when nothing is left, the order has ended.

    A part leaves enough for the fees that are still to come and at least one minor unit for the seller.

    :raises OrderOnHoldError: while the order is on hold.
    :raises IllegalTransitionError: when the order holds no money that could go back.
    :raises RefundAboveHeldError: when the order holds less.
    :raises RefundLeavesTooLittleError: when the rest would not cover the fees.
    """
    order = state.order
    ensure_allowed(state, Command.REFUND_HELD, state.viewer)
    rest = order.held - part.amount.amount
    if rest < 0 or part.amount.currency != order.currency:
        raise errors.RefundAboveHeldError
    if 0 < rest <= order.outstanding.fee + order.outstanding.vat:
        raise errors.RefundLeavesTooLittleError
    changes = Changes(state, context).set(refunded_amount=order.refunded_amount + part.amount.amount)
    told = money(part.amount.amount, order.currency)
    if rest:
        changes.set(funding_status=FundingStatus.PART_SETTLED).tell(
            EventType.PARTLY_REFUNDED, cause=CloseReason.ADMIN_DECISION, refunded=told
        )
    else:
        changes.to(order.given_back, close_reason=CloseReason.ADMIN_DECISION, funding_status=settled(changes)).tell(
            EventType.REFUNDED, cause=CloseReason.ADMIN_DECISION, refunded=told
        )
    return (
        changes.post(_journal(state, part, changes))
        .notify(Party.BUYER, "order_refunded", refunded=told)
        .notify(Party.SELLER, "order_refunded", refunded=told)
        .done()
    )


def _journal(state: OrderState, part: HeldRefund, changes: Changes) -> Journal:
    order = state.order
    if part.to_source:
        return refund_to_source_requested(
            changes.posting(), refund_id=part.refund_id, order_id=order.id, amount=part.amount
        )
    return refund_to_wallet(
        changes.posting(), order_id=order.id, buyer_id=order.buyer_id, amount=part.amount, refund_id=part.refund_id
    )
