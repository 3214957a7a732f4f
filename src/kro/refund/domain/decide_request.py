"""Asking for money to go back: by its payer to the source of a payment, or by an admin out of an order's escrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.decisions import Decision, Insert, InsufficientFundsError, Message, Outcome
from kro.core.money import CurrencyMismatchError, Money
from kro.kro_balance.domain import balance_refund_requested
from kro.order.domain import CloseReason, OrderNotFoundError, RefundAboveHeldError
from kro.payment.domain import PaymentNotFoundError
from kro.refund.database.records import (
    OrderBasis,
    Refund,
    RefundablePayment,
    RefundDestination,
    RefundOrigin,
    RefundStatus,
    SourceBasis,
)
from kro.refund.database.rows import refund_row
from kro.refund.domain.announcements import audit, balance_updated, refund_notice, refund_updated
from kro.refund.domain.context import Context
from kro.refund.domain.errors import DebtOutstandingError, NotRefundableError, RefundNotOfferedError
from kro.refund.domain.rules import RefundRules

BY_OWNER: Final = "requested_by_payer"


@dataclass(frozen=True, slots=True)
class OrderRefundRequest:
    """What an admin wants to give back to an order's buyer; ``payment_id`` names the source, else it is the balance."""

    order_id: UUID
    amount: Money
    payment_id: UUID | None
    note: str


def decide_source_request(
    basis: SourceBasis, amount: Money | None, *, rules: RefundRules, context: Context
) -> Outcome[Refund]:
    """Set money of the owner's balance aside for its way back to the payment it came from; all of it by default.

    Two requests about one order cannot be decided on the same sums: each takes the next place among its refunds to
    source, and the one that comes second finds its place taken, loads again and sees what the first has used.

    :raises PaymentNotFoundError: when the payment is not the actor's, or never succeeded.
    :raises RefundNotOfferedError: when its provider sends nothing back.
    :raises CurrencyMismatchError: when the amount is in another currency than the payment.
    :raises NotRefundableError: when less than the amount may still go back, or nothing at all.
    :raises InsufficientFundsError: when the balance does not cover it.
    :raises DebtOutstandingError: while the actor owes money.
    """
    payment = basis.payment
    if payment is None:
        raise PaymentNotFoundError
    _ensure_offered(payment, rules)
    wanted = amount or Money(min(payment.refundable, basis.available_minor), payment.received.currency)
    if wanted.currency != payment.received.currency:
        raise CurrencyMismatchError(f"The payment was made in {payment.received.currency}.")
    if basis.owed_minor > 0:
        raise DebtOutstandingError
    if payment.refundable == 0 or wanted.amount > payment.refundable:
        raise NotRefundableError(payment.refundable)
    if wanted.amount <= 0 or basis.available_minor < wanted.amount:
        raise InsufficientFundsError
    approvals = rules.approvals_for(wanted.amount, by_admin=False)
    refund = _new(
        context,
        order_id=payment.order_id,
        payment=payment,
        user_id=payment.user_id,
        amount=wanted,
        origin=RefundOrigin.BALANCE,
        status=RefundStatus.REQUESTED if approvals else RefundStatus.APPROVED,
        reason=BY_OWNER,
        approvals_required=approvals,
    )
    journal = balance_refund_requested(
        context.posting(), refund_id=refund.id, user_id=refund.user_id, amount=refund.amount
    )
    decision = Decision(
        writes=(Insert("refunds", (refund_row(refund, place=_place(payment)),)),),
        journals=(journal,),
        messages=(
            *(() if approvals else (submission(refund, context),)),
            refund_updated(refund, refund.status, context=context),
            balance_updated(refund.user_id, context=context),
            refund_notice(refund, "refund_requested", context=context),
        ),
    )
    return Outcome(decision, refund)


def decide_order_request(
    basis: OrderBasis, request: OrderRefundRequest, *, rules: RefundRules, context: Context
) -> Outcome[Refund]:
    """Record what an admin wants given back of an order's escrow. Nothing moves before another admin lets it go.

    :raises OrderNotFoundError: when there is no such order.
    :raises PaymentNotFoundError: when the payment is not one of the order's.
    :raises RefundNotOfferedError: when the payment's provider sends nothing back.
    :raises CurrencyMismatchError: when the amount is in another currency than the order.
    :raises RefundAboveHeldError: when the order holds less, or other requests already want it.
    :raises NotRefundableError: when less than the amount may still go back on the payment.
    """
    if basis.order_id is None or basis.buyer_id is None:
        raise OrderNotFoundError
    if request.payment_id is not None and basis.payment is None:
        raise PaymentNotFoundError
    amount, payment = request.amount, basis.payment
    if amount.currency != basis.currency:
        raise CurrencyMismatchError(f"The order is in {basis.currency}.")
    if amount.amount > basis.held - basis.asked:
        raise RefundAboveHeldError
    if payment is not None:
        _ensure_offered(payment, rules)
        if amount.amount > payment.refundable_from_escrow:
            raise NotRefundableError(payment.refundable_from_escrow)
    refund = _new(
        context,
        order_id=basis.order_id,
        payment=payment,
        user_id=basis.buyer_id,
        amount=amount,
        origin=RefundOrigin.ESCROW,
        status=RefundStatus.REQUESTED,
        reason=CloseReason.ADMIN_DECISION,
        note=request.note,
        requested_by=context.actor.id,
        approvals_required=rules.approvals_for(amount.amount, by_admin=True),
    )
    place = _place(payment) if payment is not None else None
    decision = Decision(
        writes=(Insert("refunds", (refund_row(refund, place=place),)),),
        audits=(audit(refund, "refund.request", context=context, reason=request.note),),
    )
    return Outcome(decision, refund)


def submission(refund: Refund, context: Context) -> Message:
    """Return the message on which the worker sends a refund."""
    return Message(id=context.new_id(), topic="refund.submit", payload={"refund_id": refund.id})


def _ensure_offered(payment: RefundablePayment, rules: RefundRules) -> None:
    if payment.provider not in rules.refunding:
        raise RefundNotOfferedError


def _place(payment: RefundablePayment) -> str:
    return f"{payment.order_id or payment.id}/{payment.places + 1}"


def _new(
    context: Context,
    *,
    order_id: UUID | None,
    payment: RefundablePayment | None,
    user_id: UUID,
    amount: Money,
    origin: RefundOrigin,
    status: RefundStatus,
    reason: str,
    approvals_required: int,
    note: str | None = None,
    requested_by: UUID | None = None,
) -> Refund:
    return Refund(
        id=context.new_id(),
        order_id=order_id,
        payment_id=payment.id if payment is not None else None,
        user_id=user_id,
        amount=amount,
        fee=0,
        vat=0,
        origin=origin,
        destination=RefundDestination.SOURCE if payment is not None else RefundDestination.BALANCE,
        status=status,
        reason=reason,
        note=note,
        provider=payment.provider if payment is not None else None,
        requested_by=requested_by,
        approvals_required=approvals_required,
        failure_code=None,
        polls=0,
        # The outbox sends it; should that message be lost to a human, the poll still finds it.
        next_poll_at=context.now if status is RefundStatus.APPROVED else None,
        alarms=0,
        version=1,
        created_at=context.now,
        updated_at=context.now,
        processed_at=None,
    )
