"""The door of refunds: asking for them, letting them go, following them to their end, and their record."""

from kro.refund.database.chargeback_records import Chargeback, ChargebackStatus
from kro.refund.database.chargebacks import ChargebackRepository
from kro.refund.database.invariants import REFUND_INVARIANTS
from kro.refund.database.reads import RefundReadRepository
from kro.refund.database.receivable_records import Debtor, DebtState
from kro.refund.database.receivables import ReceivableRepository
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
from kro.refund.domain.chargeback_rules import ChargebackRules, FeeBearer
from kro.refund.domain.chargebacks import ChargebackNotFoundError, ChargebackService
from kro.refund.domain.decide_receivable import DebtContestedError, DebtTooLowError, decide_write_off
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
    RefundNotOfferedError,
    RefundNotUnclearError,
    RefundStateError,
)
from kro.refund.domain.reads import AdminRefundReads, RefundReads
from kro.refund.domain.receivables import DebtReceipts, ReceivableService
from kro.refund.domain.requests import RefundRequests
from kro.refund.domain.rules import RefundRules
from kro.refund.domain.sending import RefundSubmitter
from kro.refund.domain.tracking import RefundTracker
from kro.refund.domain.unheard_disputes import UnheardDisputes
from kro.refund.domain.views import RefundRead, render_refund

__all__ = [
    "REFUND_INVARIANTS",
    "AdminRefund",
    "AdminRefundReads",
    "Agreement",
    "Chargeback",
    "ChargebackNotFoundError",
    "ChargebackRepository",
    "ChargebackRules",
    "ChargebackService",
    "ChargebackStatus",
    "DebtContestedError",
    "DebtOutstandingError",
    "DebtReceipts",
    "DebtState",
    "DebtTooLowError",
    "Debtor",
    "Ending",
    "FeeBearer",
    "NotRefundableError",
    "OrderRefundRequest",
    "OwnRefundError",
    "ReceivableRepository",
    "ReceivableService",
    "Refund",
    "RefundAlreadyApprovedError",
    "RefundApproval",
    "RefundApprovalMismatchError",
    "RefundApprovals",
    "RefundDestination",
    "RefundNotFoundError",
    "RefundNotOfferedError",
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
    "UnheardDisputes",
    "decide_write_off",
    "record_wallet_refund",
    "render_refund",
]
