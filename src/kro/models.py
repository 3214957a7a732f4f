"""Every model of every module, for the migrations to compare with."""

from kro.core.audit import models as audit
from kro.core.auth import models as auth
from kro.core.database import plumbing
from kro.core.database.base import Base
from kro.core.kyc import models as kyc
from kro.core.messaging import models as messaging
from kro.core.notifications import models as notifications
from kro.core.outbox import models as outbox
from kro.core.outgoing import models as outgoing
from kro.core.rate_limit import models as rate_limit
from kro.core.scheduler import models as scheduler
from kro.core.two_factor import models as two_factor
from kro.kro_balance.database import models as kro_balance
from kro.management.database import account_models as accounts
from kro.management.database import identity_models as identities
from kro.management.database import import_models as imports
from kro.management.database import models as management
from kro.management.database import proposal_models as proposals
from kro.management.database import sanction_models as sanctions
from kro.order.database import handover_models as handover
from kro.order.database import issue_models as issues
from kro.order.database import models as order
from kro.order.database import terms_models as terms
from kro.order.database import thread_models as threads
from kro.payment.database import models as payment
from kro.payment.database import payout_models as payouts
from kro.payment.database import provider_models as providers
from kro.payment.database import reconciliation_models as reconciliation
from kro.payment.database import suspense_models as suspense
from kro.refund.database import chargeback_models as chargebacks
from kro.refund.database import models as refund
from kro.verification.database import models as verification

__all__ = [
    "Base",
    "accounts",
    "audit",
    "auth",
    "chargebacks",
    "handover",
    "identities",
    "imports",
    "issues",
    "kro_balance",
    "kyc",
    "management",
    "messaging",
    "notifications",
    "order",
    "outbox",
    "outgoing",
    "payment",
    "payouts",
    "plumbing",
    "proposals",
    "providers",
    "rate_limit",
    "reconciliation",
    "refund",
    "sanctions",
    "scheduler",
    "suspense",
    "terms",
    "threads",
    "two_factor",
    "verification",
]
