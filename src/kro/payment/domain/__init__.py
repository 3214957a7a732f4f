"""The door of payments: starting to collect, paying out, and following both to their end."""

from kro.payment.database.payouts import PAYOUT_DAY
from kro.payment.database.records import (
    OPEN_PAYMENT_STATUSES,
    AdminPayout,
    Approval,
    Destination,
    Payment,
    PaymentStatus,
    Payout,
    PayoutStatus,
    Variance,
    WebhookState,
    WebhookView,
)
from kro.payment.domain.checkout import PaymentStarter
from kro.payment.domain.collections import CollectionService
from kro.payment.domain.decide_payout import (
    PayoutAccount,
    PayoutDay,
    decide_payout_request,
    payout_day_start,
    read_payout_day,
)
from kro.payment.domain.decide_payout_approval import approval_hash
from kro.payment.domain.decide_start import start_payment
from kro.payment.domain.errors import (
    AccountCoolingError,
    AlreadyApprovedError,
    ApprovalMismatchError,
    PaymentNotFoundError,
    PayoutBlockedError,
    PayoutLimitError,
    PayoutNotFoundError,
    PayoutStateError,
    WebhookNotFoundError,
)
from kro.payment.domain.payouts import PayoutService
from kro.payment.domain.polling import PaymentPoller
from kro.payment.domain.progress import Progress
from kro.payment.domain.reads import AdminPayoutReads, PaymentReads, PayoutReads
from kro.payment.domain.receipts import Receipt, ReceiptListener
from kro.payment.domain.rules import CollectionRules, PayoutRules
from kro.payment.domain.submission import PayoutSubmitter, bank_account_context
from kro.payment.domain.tracking import PayoutTracker
from kro.payment.domain.views import PaymentRead, PayoutAccountRead, PayoutRead, render_payment, render_payout
from kro.payment.domain.webhook_admin import WebhookAdmin
from kro.payment.domain.webhook_intake import WebhookIntake
from kro.payment.domain.webhook_processing import WebhookProcessor
from kro.payment.providers import (
    AccountResolver,
    Bank,
    BankDirectory,
    NotResolved,
    ProviderUnavailableError,
    ResolvedAccount,
)

__all__ = [
    "OPEN_PAYMENT_STATUSES",
    "PAYOUT_DAY",
    "AccountCoolingError",
    "AccountResolver",
    "AdminPayout",
    "AdminPayoutReads",
    "AlreadyApprovedError",
    "Approval",
    "ApprovalMismatchError",
    "Bank",
    "BankDirectory",
    "CollectionRules",
    "CollectionService",
    "Destination",
    "NotResolved",
    "Payment",
    "PaymentNotFoundError",
    "PaymentPoller",
    "PaymentRead",
    "PaymentReads",
    "PaymentStarter",
    "PaymentStatus",
    "Payout",
    "PayoutAccount",
    "PayoutAccountRead",
    "PayoutBlockedError",
    "PayoutDay",
    "PayoutLimitError",
    "PayoutNotFoundError",
    "PayoutRead",
    "PayoutReads",
    "PayoutRules",
    "PayoutService",
    "PayoutStateError",
    "PayoutStatus",
    "PayoutSubmitter",
    "PayoutTracker",
    "Progress",
    "ProviderUnavailableError",
    "Receipt",
    "ReceiptListener",
    "ResolvedAccount",
    "Variance",
    "WebhookAdmin",
    "WebhookIntake",
    "WebhookNotFoundError",
    "WebhookProcessor",
    "WebhookState",
    "WebhookView",
    "approval_hash",
    "bank_account_context",
    "decide_payout_request",
    "payout_day_start",
    "read_payout_day",
    "render_payment",
    "render_payout",
    "start_payment",
]
