"""The door of refunds: asking for them, letting them go, following them to their end, and their record."""

from kro.refund.database.invariants import REFUND_INVARIANTS
from kro.refund.database.reads import RefundReadRepository
from kro.refund.database.records import (
    AdminRefund,
    Refund,
    RefundablePayment,
    RefundApproval,
    RefundDestination,
    RefundOrigin,
    RefundStatus,
)
from kro.refund.database.refunds import RefundRepository
from kro.refund.domain.approvals import Agreement, RefundApprovals
from kro.refund.domain.decide_refund import record_wallet_refund
from kro.refund.domain.decide_refund_resolution import Ending, Resolution
from kro.refund.domain.decide_request import OrderRefundRequest
from kro.refund.domain.errors import (
    DebtOutstandingError,
    NotRefundableError,
    OwnRefundError,
    RefundAlreadyApprovedError,
    RefundApprovalMismatchError,
    RefundNotFoundError,
    RefundNotUnclearError,
    RefundStateError,
)
from kro.refund.domain.reads import AdminRefundReads, RefundReads
from kro.refund.domain.requests import RefundRequests
from kro.refund.domain.rules import RefundRules
from kro.refund.domain.sending import RefundSubmitter
from kro.refund.domain.tracking import RefundTracker
from kro.refund.domain.views import RefundRead, render_refund

__all__ = [
    "REFUND_INVARIANTS",
    "AdminRefund",
    "AdminRefundReads",
    "Agreement",
    "DebtOutstandingError",
    "Ending",
    "NotRefundableError",
    "OrderRefundRequest",
    "OwnRefundError",
    "Refund",
    "RefundAlreadyApprovedError",
    "RefundApproval",
    "RefundApprovalMismatchError",
    "RefundApprovals",
    "RefundDestination",
    "RefundNotFoundError",
    "RefundNotUnclearError",
    "RefundOrigin",
    "RefundRead",
    "RefundReadRepository",
    "RefundReads",
    "RefundRepository",
    "RefundRequests",
    "RefundRules",
    "RefundStateError",
    "RefundStatus",
    "RefundSubmitter",
    "RefundTracker",
    "RefundablePayment",
    "Resolution",
    "record_wallet_refund",
    "render_refund",
]
