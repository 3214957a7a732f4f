"""The record of money that went back at once: kept for good, in the write that moves the money."""

from __future__ import annotations

from kro.core.decisions import Decision, Insert
from kro.order.domain import Context, WalletRefund
from kro.refund.database.records import Refund, RefundDestination, RefundOrigin, RefundStatus
from kro.refund.database.rows import refund_row


def record_wallet_refund(refund: WalletRefund, context: Context) -> Decision:
    """Record that an order's escrow went back to its buyer's balance; the order posts the money itself."""
    done = Refund(
        id=context.ids.new(),
        order_id=refund.order.id,
        payment_id=None,
        user_id=refund.order.buyer_id,
        amount=refund.amount,
        fee=refund.fee,
        vat=refund.vat,
        origin=RefundOrigin.ESCROW,
        destination=RefundDestination.BALANCE,
        status=RefundStatus.PROCESSED,
        reason=refund.reason,
        note=None,
        provider=None,
        requested_by=None,
        approvals_required=0,
        failure_code=None,
        polls=0,
        next_poll_at=None,
        alarms=0,
        version=1,
        created_at=context.now,
        updated_at=context.now,
        processed_at=context.now,
    )
    return Decision(writes=(Insert("refunds", (refund_row(done),)),))
