"""The record of money that went back: kept for good, in the write that moves the money."""

from __future__ import annotations

from kro.core.decisions import Decision, Insert
from kro.order.domain import Context, WalletRefund
from kro.refund.database.records import RefundDestination, RefundStatus


def record_wallet_refund(refund: WalletRefund, context: Context) -> Decision:
    """Record that an order's escrow went back to its buyer's balance; the order posts the money itself."""
    row = {
        "id": context.ids.new(),
        "order_id": refund.order.id,
        "user_id": refund.order.buyer_id,
        "currency": refund.amount.currency,
        "amount": refund.amount.amount,
        "destination": RefundDestination.BALANCE,
        "status": RefundStatus.PROCESSED,
        "reason": refund.reason,
        "created_at": context.now,
        "processed_at": context.now,
    }
    return Decision(writes=(Insert("refunds", (row,)),))
