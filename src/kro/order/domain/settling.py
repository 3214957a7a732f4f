"""How the escrow of an order ends: all to the seller, all back to the buyer, or shared between them (R1, R2, R3).

Each empties what the order holds and ends it. Which of them applies is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from kro.core.decisions import Decision
from kro.core.money import Money
from kro.kro_balance.domain import (
    Fees,
    Release,
    Split,
    full_release,
    partial_release,
    refund_to_wallet,
    split_settlement,
)
from kro.order.database.records import Order
from kro.order.database.words import CloseReason, ConditionStatus, EventType, FundingStatus, OrderStatus, Party
from kro.order.domain import errors, issue_errors
from kro.order.domain.changes import Changes, Context, money, settled
from kro.order.domain.receivables import repay_from_release
from kro.order.domain.rules import FeePolicy


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


@dataclass(frozen=True, slots=True)
class Settling:
    """What every settlement needs besides the order: the fee policy, and who records refunds."""

    fees: FeePolicy
    refund_hook: RefundHook


def fulfill_the_rest(changes: Changes, *, by: Party, context: Context) -> Changes:
    """Mark every required condition that is still open as fulfilled, in the write that releases the money."""
    for condition in changes.state.conditions:
        if condition.required and not condition.status.is_settled:
            changes.set_condition(
                condition, status=ConditionStatus.FULFILLED, settled_at=context.now, settled_by=by, inspect_by=None
            )
    return changes


def release_all(changes: Changes, cause: CloseReason, event: EventType) -> Changes:
    """R1: release what the order holds to the seller, less the fees that are left; the order is closed."""
    order = changes.state.order
    fees = order.outstanding
    release = Release(
        order_id=order.id,
        seller_id=order.seller_id,
        currency=order.currency,
        seller=order.held - fees.fee - fees.vat,
        fee=fees.fee,
        vat=fees.vat,
    )
    received = money(release.seller, order.currency)
    changes = (
        changes.to(
            OrderStatus.CLOSED,
            close_reason=cause,
            funding_status=settled(changes),
            released_amount=order.released_amount + order.held,
        )
        .post(full_release(changes.posting(), release=release))
        .tell(event, released=received)
        .notify(Party.BUYER, "order_closed")
        .notify(Party.SELLER, "order_closed", received=received)
    )
    return repay_from_release(changes, received=release.seller, source=("order", order.id))


def price_of_part(order: Order, part: int) -> Fees:
    """Return a part of the price, in minor units, with its share of the fees; something is left of the price after it.

    :raises ReleaseTooSmallError: when the seller would get nothing of the part.
    :raises ReleaseLeavesTooLittleError: when what is left would not cover the fees left, or there is not so much.
    """
    left = order.outstanding
    if part >= left.amount:
        raise errors.ReleaseLeavesTooLittleError
    price = order.fees.between(order.released_in_parts, order.released_in_parts + part)
    if price.seller_receives <= 0:
        raise errors.ReleaseTooSmallError
    if order.held - price.buyer_pays <= left.fee + left.vat - price.fee - price.vat:
        raise errors.ReleaseLeavesTooLittleError
    return price


def release_part(changes: Changes, price: Fees, *, release_id: UUID) -> Changes:
    """Release a part that was priced; a release with the same id is posted once, whatever happens."""
    order = changes.state.order
    release = Release(
        order_id=order.id,
        seller_id=order.seller_id,
        currency=order.currency,
        seller=price.seller_receives,
        fee=price.fee,
        vat=price.vat,
    )
    changes.set(
        released_in_parts=order.released_in_parts + price.amount,
        released_amount=order.released_amount + price.buyer_pays,
        funding_status=FundingStatus.PART_SETTLED,
    ).post(partial_release(changes.posting(), release_id=release_id, release=release))
    return repay_from_release(changes, received=release.seller, source=("release", release_id))


def refund_all(changes: Changes, cause: CloseReason, reason: str, *, settling: Settling, context: Context) -> Changes:
    """R2: give everything the order holds back to the buyer, but for the fee that the policy keeps for the cause."""
    order = changes.state.order
    fee, vat = settling.fees.kept(cause, order)
    back = Money(order.held - fee - vat, order.currency)
    told = money(back.amount, back.currency)
    journal = refund_to_wallet(
        changes.posting(), order_id=order.id, buyer_id=order.buyer_id, amount=back, fee=fee, vat=vat
    )
    return (
        changes.to(
            order.given_back,
            close_reason=cause,
            funding_status=settled(changes),
            refunded_amount=order.refunded_amount + back.amount,
            released_amount=order.released_amount + fee + vat,
        )
        .post(journal)
        .include(settling.refund_hook(WalletRefund(order=order, amount=back, reason=cause, fee=fee, vat=vat), context))
        .tell(EventType.REFUNDED, cause=cause, reason=reason, refunded=told)
        .notify(Party.BUYER, "order_refunded", refunded=told)
        .notify(Party.SELLER, "order_refunded", refunded=told)
    )


def share_price(order: Order, seller_amount: int) -> Split:
    """Return how what an order holds is shared when ``seller_amount`` of the price left is the seller's (R3).

    The fees are those of that part only; the buyer gets the rest of what is held.

    :raises SplitTooSmallError: when the fees of so small a part leave nothing for the seller.
    :raises SplitAboveHeldError: when the order does not hold that much.
    """
    if not 0 < seller_amount < order.outstanding.amount:
        raise issue_errors.SplitAboveHeldError
    part = order.fees.between(order.released_in_parts, order.released_in_parts + seller_amount)
    if part.seller_receives <= 0:
        raise issue_errors.SplitTooSmallError
    if part.buyer_pays > order.held:
        raise issue_errors.SplitAboveHeldError
    return Split(
        order_id=order.id,
        buyer_id=order.buyer_id,
        seller_id=order.seller_id,
        currency=order.currency,
        buyer=order.held - part.buyer_pays,
        seller=part.seller_receives,
        fee=part.fee,
        vat=part.vat,
    )


def share_out(
    changes: Changes, seller_amount: int, cause: CloseReason, *, settling: Settling, context: Context
) -> Changes:
    """R3: share what the order holds; the order is closed, for the seller got a part."""
    order = changes.state.order
    split = share_price(order, seller_amount)
    received, refunded = money(split.seller, order.currency), money(split.buyer, order.currency)
    if split.buyer:
        refund = WalletRefund(order=order, amount=Money(split.buyer, order.currency), reason=cause)
        changes.include(settling.refund_hook(refund, context))
    changes = (
        changes.to(
            OrderStatus.CLOSED,
            close_reason=cause,
            funding_status=settled(changes),
            refunded_amount=order.refunded_amount + split.buyer,
            released_amount=order.released_amount + split.seller + split.fee + split.vat,
        )
        .post(split_settlement(changes.posting(), split=split))
        .tell(EventType.SPLIT, cause=cause, released=received, refunded=refunded)
        .notify(Party.BUYER, "order_split", received=refunded)
        .notify(Party.SELLER, "order_split", received=received)
    )
    return repay_from_release(changes, received=split.seller, source=("order", order.id))


def settle(
    changes: Changes, seller_amount: int, cause: CloseReason, *, settling: Settling, context: Context
) -> Changes:
    """Settle an order as agreed or decided: ``seller_amount`` of the price left to the seller, the rest back.

    :raises SplitTooSmallError: when the fees of so small a part leave nothing for the seller.
    :raises SplitAboveHeldError: when the order does not hold that much.
    """
    order = changes.state.order
    if seller_amount == 0:
        return refund_all(changes, cause, cause, settling=settling, context=context)
    fulfill_the_rest(changes, by=changes.state.viewer, context=context)
    if seller_amount == order.outstanding.amount:
        return release_all(changes, cause, EventType.RELEASED)
    return share_out(changes, seller_amount, cause, settling=settling, context=context)
