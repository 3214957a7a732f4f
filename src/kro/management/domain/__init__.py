"""The door of management."""

from kro.management.database.accounts import UserAccounts
from kro.management.database.adjustments import AdjustmentStore
from kro.management.database.admin_directory import AdminRecord
from kro.management.database.admin_enrolments import Enrolment
from kro.management.database.admins import AdminAccounts
from kro.management.database.bank_accounts import BankAccountStore
from kro.management.database.closing import ClosingStore
from kro.management.database.contact_changes import ContactChangeStore
from kro.management.database.contact_records import ContactChange
from kro.management.database.data_exports import DataExport, DataExportStore
from kro.management.database.imports import Imported, ImportStore
from kro.management.database.payouts import PayoutBasisStore
from kro.management.database.proposal_records import Proposal, ProposalKind, ProposalStatus, Terms
from kro.management.database.proposals import ProposalRepository
from kro.management.database.queues import Queue, QueueLength, QueueReads
from kro.management.database.records import AdminView, BankAccount, Match, UserView
from kro.management.database.user_directory import UserDirectory
from kro.management.database.user_records import UserFacts, UserFilter, UserNote, UserRecord
from kro.management.domain.accounts import Accounts
from kro.management.domain.adjustments import (
    AdjustmentEffect,
    GoodwillEffect,
    ReversalEffect,
    SuspenseCreditEffect,
    SuspenseReturnEffect,
    WriteOffEffect,
)
from kro.management.domain.admin_access import AdminAccess, AdminLoggedIn
from kro.management.domain.admin_administration import (
    AdminAdministration,
    AdminExistsError,
    AdminNotFoundError,
    AdminStateError,
    EnrolmentNotFoundError,
    SamePersonError,
)
from kro.management.domain.admin_enrolment import AdminEnrolment, EnrolmentEndedError
from kro.management.domain.bank_accounts import AccountNumber, BankAccounts, ImportingAccounts
from kro.management.domain.banks import Banks
from kro.management.domain.closing import AccountClosing
from kro.management.domain.contact_changes import ContactChanges, Started
from kro.management.domain.data_exports import EXPORT_TOPIC, DataExports
from kro.management.domain.decide_adjustment import (
    AdjustmentReason,
    Direction,
    GoodwillReason,
    JournalNotFoundError,
    ReversalReason,
    SuspenseCreditReason,
    SuspenseReturnReason,
    Why,
    WriteOffReason,
    adjustment_terms,
    goodwill_terms,
    reversal_terms,
    suspense_credit_terms,
    suspense_return_terms,
    write_off_terms,
)
from kro.management.domain.decide_dispute_proposal import dispute_decision_terms, hold_lift_terms
from kro.management.domain.decide_proposal import proposal_hash
from kro.management.domain.decide_user_import import (
    NO_PASSWORD,
    ImportedUser,
    import_bank_account,
    import_record,
    import_user,
)
from kro.management.domain.dispute_effects import DisputeDecisionEffect, HoldLiftEffect
from kro.management.domain.logins import LoggedIn, Logins
from kro.management.domain.opening_transfers import (
    OpeningReason,
    OpeningReferenceUsedError,
    OpeningTooLowError,
    OpeningTransferEffect,
    opening_transfer_terms,
)
from kro.management.domain.passwords import Passwords, WrongPasswordError
from kro.management.domain.profiles import Profiles
from kro.management.domain.proposal_errors import (
    BeneficiaryNotFoundError,
    OwnBenefitError,
    ProposalDecidedError,
    ProposalMismatchError,
    ProposalNotFoundError,
    ProposalOpenError,
    TwoPersonsError,
)
from kro.management.domain.proposals import ProposalService
from kro.management.domain.registration import Register, Registration
from kro.management.domain.request_payout import PayoutRequests
from kro.management.domain.seeding import Seeding
from kro.management.domain.user_administration import (
    OwnAccountError,
    UserAdministration,
    UserFile,
    UserStatusError,
)
from kro.management.domain.user_factors import FactorExistsError, FactorProof, NoFactorError, UserFactors

__all__ = [
    "EXPORT_TOPIC",
    "NO_PASSWORD",
    "AccountClosing",
    "AccountNumber",
    "Accounts",
    "AdjustmentEffect",
    "AdjustmentReason",
    "AdjustmentStore",
    "AdminAccess",
    "AdminAccounts",
    "AdminAdministration",
    "AdminEnrolment",
    "AdminExistsError",
    "AdminLoggedIn",
    "AdminNotFoundError",
    "AdminRecord",
    "AdminStateError",
    "AdminView",
    "BankAccount",
    "BankAccountStore",
    "BankAccounts",
    "Banks",
    "BeneficiaryNotFoundError",
    "ClosingStore",
    "ContactChange",
    "ContactChangeStore",
    "ContactChanges",
    "DataExport",
    "DataExportStore",
    "DataExports",
    "Direction",
    "DisputeDecisionEffect",
    "Enrolment",
    "EnrolmentEndedError",
    "EnrolmentNotFoundError",
    "FactorExistsError",
    "FactorProof",
    "GoodwillEffect",
    "GoodwillReason",
    "HoldLiftEffect",
    "ImportStore",
    "Imported",
    "ImportedUser",
    "ImportingAccounts",
    "JournalNotFoundError",
    "LoggedIn",
    "Logins",
    "Match",
    "NoFactorError",
    "OpeningReason",
    "OpeningReferenceUsedError",
    "OpeningTooLowError",
    "OpeningTransferEffect",
    "OwnAccountError",
    "OwnBenefitError",
    "Passwords",
    "PayoutBasisStore",
    "PayoutRequests",
    "Profiles",
    "Proposal",
    "ProposalDecidedError",
    "ProposalKind",
    "ProposalMismatchError",
    "ProposalNotFoundError",
    "ProposalOpenError",
    "ProposalRepository",
    "ProposalService",
    "ProposalStatus",
    "Queue",
    "QueueLength",
    "QueueReads",
    "Register",
    "Registration",
    "ReversalEffect",
    "ReversalReason",
    "SamePersonError",
    "Seeding",
    "Started",
    "SuspenseCreditEffect",
    "SuspenseCreditReason",
    "SuspenseReturnEffect",
    "SuspenseReturnReason",
    "Terms",
    "TwoPersonsError",
    "UserAccounts",
    "UserAdministration",
    "UserDirectory",
    "UserFactors",
    "UserFacts",
    "UserFile",
    "UserFilter",
    "UserNote",
    "UserRecord",
    "UserStatusError",
    "UserView",
    "Why",
    "WriteOffEffect",
    "WriteOffReason",
    "WrongPasswordError",
    "adjustment_terms",
    "dispute_decision_terms",
    "goodwill_terms",
    "hold_lift_terms",
    "import_bank_account",
    "import_record",
    "import_user",
    "opening_transfer_terms",
    "proposal_hash",
    "reversal_terms",
    "suspense_credit_terms",
    "suspense_return_terms",
    "write_off_terms",
]
