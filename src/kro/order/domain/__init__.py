"""The door of orders: the commands of the parties, what arrives for them, and what time does to them."""

from kro.order.database.admin_orders import AdminOrders, AdminOrderSummary, OpenedOrder
from kro.order.database.admin_records import AdminOrder, Ages, Dispute, DisputeFile
from kro.order.database.blocks import BlockRepository
from kro.order.database.condition_reviews import ConditionReviewRepository
from kro.order.database.creation import CreationRepository
from kro.order.database.dispute_reads import DisputeReads
from kro.order.database.handover import HandoverRepository
from kro.order.database.invariants import ORDER_INVARIANTS
from kro.order.database.invites import InviteReads
from kro.order.database.issue_reads import IssueReads
from kro.order.database.issue_records import Hold, Issue
from kro.order.database.issue_words import HoldReason, IssueCategory, IssueStatus, LiftReason, OfferStatus
from kro.order.database.list_query import filter_scope
from kro.order.database.lists import OrderLists, OrderSummary
from kro.order.database.order_codes import OrderCodeRepository
from kro.order.database.orders import OrderRepository
from kro.order.database.orders_for_admins import AdminOrderRepository
from kro.order.database.ratings import RatingRepository
from kro.order.database.reads import OrderReads
from kro.order.database.records import Condition, NewCondition, Order, OrderState
from kro.order.database.reported import ReportedMessages
from kro.order.database.seeding import seed_templates
from kro.order.database.template_admin import TemplateRepository, TemplateVersion
from kro.order.database.terms_reads import TermsReads
from kro.order.database.test_clock import TestClock
from kro.order.database.thread_records import Message, ReportedMessage
from kro.order.database.thread_words import Author, MessageWarning, ReportCategory
from kro.order.database.threads import ThreadRepository
from kro.order.database.uploads import UploadRepository
from kro.order.database.words import (
    CloseReason,
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    EventType,
    OrderStatus,
    OrderType,
    Party,
    TimerKind,
)
from kro.order.domain.blocks import Blocks
from kro.order.domain.changes import Context
from kro.order.domain.condition_reviews import ConditionReviews, Judgement
from kro.order.domain.condition_rules import SenselessConditionError
from kro.order.domain.decide_admin import decide_by_two, decide_lift_by_two
from kro.order.domain.decide_chargeback import (
    Contested,
    decide_contest_lost,
    decide_contest_won,
    decide_contested,
    is_funded,
)
from kro.order.domain.decide_dispute import AddStatement, RequestInfo
from kro.order.domain.decide_held_refund import HeldRefund, decide_refund_held
from kro.order.domain.decide_hold import PlaceHold
from kro.order.domain.decide_import import (
    CannotGoOnError,
    ImportedCondition,
    ImportedOrder,
    import_order,
)
from kro.order.domain.decide_ruling import Rule
from kro.order.domain.decide_upload import EvidenceRules
from kro.order.domain.dispute_administration import DisputeAdministration, OnDispute
from kro.order.domain.dispute_files import Assigned, DisputeFiles, DisputeStatus
from kro.order.domain.errors import (
    ConditionClosedError,
    ConditionNotFoundError,
    EvidenceNotFoundError,
    IllegalTransitionError,
    NoConditionsError,
    OrderNotFoundError,
    OrderOnHoldError,
    RefundAboveHeldError,
    RefundLeavesTooLittleError,
    WrongPartyError,
)
from kro.order.domain.events import event_item
from kro.order.domain.evidence import EvidenceService
from kro.order.domain.evidence_files import EvidenceFiles, UploadCleaning
from kro.order.domain.freezes import FREEZE_TOPIC, FrozenParties, freeze_message
from kro.order.domain.handover import HandoverService, ShownCode, ShownLink
from kro.order.domain.handover_codes import HandoverCodes
from kro.order.domain.invites import InviteNotFoundError, Invites
from kro.order.domain.issue_errors import (
    ConflictOfInterestError,
    DisputeTakenError,
    EvidenceOpenError,
    HoldNotFoundError,
    HoldPlacedError,
    IssueNotFoundError,
    NoHoldError,
    NotAssignedError,
    NotDecidableError,
    ReviewerNotFoundError,
    SameReviewerError,
    SecondAdminNeededError,
    SplitAboveHeldError,
    SplitTooSmallError,
)
from kro.order.domain.issue_service import IssueService
from kro.order.domain.kept_links import KeptLinks
from kro.order.domain.lifecycle_text import lifecycle_page
from kro.order.domain.list_input import OrderListQuery, read_user_id
from kro.order.domain.public_orders import PublicOrders
from kro.order.domain.ratings import RatingService
from kro.order.domain.receipts import OrderReceipts
from kro.order.domain.replay import Told, replay
from kro.order.domain.rules import DisputeRules, FeePolicy, OrderRules
from kro.order.domain.service import OrderService
from kro.order.domain.settling import RefundHook, Settling, WalletRefund
from kro.order.domain.template_administration import NewTemplate, TemplateAdministration, TemplateNotFoundError
from kro.order.domain.templates import TEMPLATES
from kro.order.domain.terms_service import TermsService
from kro.order.domain.threads import ThreadService
from kro.order.domain.timeouts import OrderTimeouts

__all__ = [
    "FREEZE_TOPIC",
    "ORDER_INVARIANTS",
    "TEMPLATES",
    "AddStatement",
    "AdminOrder",
    "AdminOrderRepository",
    "AdminOrderSummary",
    "AdminOrders",
    "Ages",
    "Assigned",
    "Author",
    "BlockRepository",
    "Blocks",
    "CannotGoOnError",
    "CloseReason",
    "Condition",
    "ConditionClosedError",
    "ConditionKind",
    "ConditionNotFoundError",
    "ConditionReviewRepository",
    "ConditionReviews",
    "ConditionStatus",
    "ConfirmedBy",
    "ConflictOfInterestError",
    "Contested",
    "Context",
    "CreationRepository",
    "Dispute",
    "DisputeAdministration",
    "DisputeFile",
    "DisputeFiles",
    "DisputeReads",
    "DisputeRules",
    "DisputeStatus",
    "DisputeTakenError",
    "EventType",
    "EvidenceFiles",
    "EvidenceNotFoundError",
    "EvidenceOpenError",
    "EvidenceRules",
    "EvidenceService",
    "FeePolicy",
    "FrozenParties",
    "HandoverCodes",
    "HandoverRepository",
    "HandoverService",
    "HeldRefund",
    "Hold",
    "HoldNotFoundError",
    "HoldPlacedError",
    "HoldReason",
    "IllegalTransitionError",
    "ImportedCondition",
    "ImportedOrder",
    "InviteNotFoundError",
    "InviteReads",
    "Invites",
    "Issue",
    "IssueCategory",
    "IssueNotFoundError",
    "IssueReads",
    "IssueService",
    "IssueStatus",
    "Judgement",
    "KeptLinks",
    "LiftReason",
    "Message",
    "MessageWarning",
    "NewCondition",
    "NewTemplate",
    "NoConditionsError",
    "NoHoldError",
    "NotAssignedError",
    "NotDecidableError",
    "OfferStatus",
    "OnDispute",
    "OpenedOrder",
    "Order",
    "OrderCodeRepository",
    "OrderListQuery",
    "OrderLists",
    "OrderNotFoundError",
    "OrderOnHoldError",
    "OrderReads",
    "OrderReceipts",
    "OrderRepository",
    "OrderRules",
    "OrderService",
    "OrderState",
    "OrderStatus",
    "OrderSummary",
    "OrderTimeouts",
    "OrderType",
    "Party",
    "PlaceHold",
    "PublicOrders",
    "RatingRepository",
    "RatingService",
    "RefundAboveHeldError",
    "RefundHook",
    "RefundLeavesTooLittleError",
    "ReportCategory",
    "ReportedMessage",
    "ReportedMessages",
    "RequestInfo",
    "ReviewerNotFoundError",
    "Rule",
    "SameReviewerError",
    "SecondAdminNeededError",
    "SenselessConditionError",
    "Settling",
    "ShownCode",
    "ShownLink",
    "SplitAboveHeldError",
    "SplitTooSmallError",
    "TemplateAdministration",
    "TemplateNotFoundError",
    "TemplateRepository",
    "TemplateVersion",
    "TermsReads",
    "TermsService",
    "TestClock",
    "ThreadRepository",
    "ThreadService",
    "TimerKind",
    "Told",
    "UploadCleaning",
    "UploadRepository",
    "WalletRefund",
    "WrongPartyError",
    "decide_by_two",
    "decide_contest_lost",
    "decide_contest_won",
    "decide_contested",
    "decide_lift_by_two",
    "decide_refund_held",
    "event_item",
    "filter_scope",
    "freeze_message",
    "import_order",
    "is_funded",
    "lifecycle_page",
    "read_user_id",
    "replay",
    "seed_templates",
]
