"""T15, T17, T19 and T22: the work is done and paid, or called off and given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kro.core.decisions import Decision, Outcome
from kro.core.money import Money
from kro.kro_balance.domain import Release, full_release, refund_to_wallet
from kro.order.database.records import Condition, Order, OrderState
from kro.order.database.words import (
    CloseReason,
    Command,
    ConditionStatus,
    EventType,
    OrderStatus,
    Party,
)
from kro.order.domain import errors
from kro.order.domain.changes import Changes, Context, money, settled
from kro.order.domain.lifecycle import ensure_allowed
from kro.order.domain.receivables import repay_from_release
from kro.order.domain.rules import FeePolicy, OrderRules

RETURN_FEES: Final = FeePolicy()


@dataclass(frozen=True, slots=True)
class WalletRefund:
    """The fact that an order's escrow went back to its buyer's balance, but for ``fee`` and the ``vat`` on it."""

    order: Order
    amount: Money
    reason: CloseReason
    fee: int = 0
    vat: int = 0


RefundHook = Callable[[WalletRefund, Context], Decision]
"""Contributes the refund's own record to the write that gives the money back."""


def decide_complete(state: OrderState, *, context: Context) -> Outcome[OrderState]:
    """T15: the seller says it is done; the buyer's inspection period starts.

    :raises ConditionsUnmetError: when something the seller has to hand in is missing.
    """
    order = state.order
    ensure_allowed(order, Command.COMPLETE, state.viewer)
    missing = [c for c in state.conditions if c.required and c.is_sellers and c.status is ConditionStatus.PENDING]
    _ensure_none(missing)
    inspect_by = context.now + timedelta(hours=order.inspection_hours)
    return (
        Changes(state, context)
        .to(OrderStatus.COMPLETED, inspect_by=inspect_by)
        .tell(EventType.COMPLETED, inspect_by=inspect_by)
        .notify(Party.BUYER, "order_completed")
        .done()
    )


def decide_approve(state: OrderState, *, context: Context) -> Outcome[OrderState]:
    """T22: release the escrow, or what parts have left of it, to the seller.

    Approval also fulfills what was left for the buyer to confirm; what the seller owes still stands in the way.

    :raises ConditionsUnmetError: when a required condition of the seller's is missing.
    """
    order = state.order
    ensure_allowed(order, Command.APPROVE, state.viewer)
    remaining = [c for c in state.conditions if c.required and not c.status.is_settled]
    _ensure_none([c for c in remaining if c.is_sellers and c.status is ConditionStatus.PENDING])
    changes = Changes(state, context)
    for condition in remaining:
        changes.set_condition(
            condition, status=ConditionStatus.FULFILLED, settled_at=context.now, settled_by=Party.BUYER
        )
    fees = order.outstanding
    release = Release(
        order_id=order.id,
        seller_id=order.seller_id,
        currency=order.currency,
        seller=order.held - fees.fee - fees.vat,
        fee=fees.fee,
        vat=fees.vat,
    )
    changes = (
        changes.to(
            OrderStatus.CLOSED,
            close_reason=CloseReason.APPROVED,
            funding_status=settled(changes),
            released_amount=order.released_amount + order.held,
        )
        .post(full_release(changes.posting(), release=release))
        .tell(EventType.APPROVED, released=money(release.seller, order.currency))
        .notify(Party.BUYER, "order_closed")
        .notify(Party.SELLER, "order_closed", received=money(release.seller, order.currency))
    )
    return repay_from_release(changes, received=release.seller, source=("order", order.id)).done()


def decide_seller_cancel(
    state: OrderState, reason: str, *, fees: FeePolicy = RETURN_FEES, context: Context, refund_hook: RefundHook
) -> Outcome[OrderState]:
    """T17: the seller calls it off; what is held goes back to the buyer, with the fees unless the policy keeps them."""
    ensure_allowed(state.order, Command.SELLER_CANCEL, state.viewer)
    return _give_back(state, CloseReason.SELLER_CANCELLED, reason, fees=fees, context=context, refund_hook=refund_hook)


def decide_cancel_overdue(
    state: OrderState, reason: str, *, rules: OrderRules, context: Context, refund_hook: RefundHook
) -> Outcome[OrderState]:
    """T19: the buyer calls it off because the delivery is overdue.

    :raises NotOverdueError: before the delivery time and its grace period have passed.
    """
    order = state.order
    ensure_allowed(order, Command.CANCEL_OVERDUE, state.viewer)
    if order.deliver_by is None or context.now <= order.deliver_by + rules.overdue_grace:
        raise errors.NotOverdueError
    return _give_back(
        state, CloseReason.OVERDUE, reason, fees=rules.fee_policy, context=context, refund_hook=refund_hook
    )


def _give_back(
    state: OrderState, cause: CloseReason, reason: str, *, fees: FeePolicy, context: Context, refund_hook: RefundHook
) -> Outcome[OrderState]:
    order = state.order
    fee, vat = fees.kept(cause, order)
    back = Money(order.held - fee - vat, order.currency)
    changes = Changes(state, context)
    return (
        changes.to(
            order.given_back,
            close_reason=cause,
            funding_status=settled(changes),
            refunded_amount=order.refunded_amount + back.amount,
            released_amount=order.released_amount + fee + vat,
        )
        .post(
            refund_to_wallet(
                changes.posting(), order_id=order.id, buyer_id=order.buyer_id, amount=back, fee=fee, vat=vat
            )
        )
        .include(refund_hook(WalletRefund(order=order, amount=back, reason=cause, fee=fee, vat=vat), context))
        .tell(EventType.REFUNDED, cause=cause, reason=reason, refunded=money(back.amount, back.currency))
        .notify(Party.BUYER, "order_refunded", refunded=money(back.amount, back.currency))
        .notify(Party.SELLER, "order_refunded", refunded=money(back.amount, back.currency))
        .done()
    )


def _ensure_none(missing: list[Condition]) -> None:
    if missing:
        raise errors.ConditionsUnmetError(tuple(condition.title for condition in missing))
