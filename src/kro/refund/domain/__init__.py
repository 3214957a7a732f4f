"""The door of refunds: their record, and what users see of it."""

from kro.refund.database.records import Refund, RefundDestination, RefundStatus
from kro.refund.domain.decide_refund import record_wallet_refund
from kro.refund.domain.reads import RefundNotFoundError, RefundReads

__all__ = [
    "Refund",
    "RefundDestination",
    "RefundNotFoundError",
    "RefundReads",
    "RefundStatus",
    "record_wallet_refund",
]
