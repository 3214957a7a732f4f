"""The vocabulary of an order's life; see docs/order-lifecycle.md for what each word means."""

from __future__ import annotations

from enum import StrEnum


class OrderStatus(StrEnum):
    CREATED = "created"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CLOSED = "closed"
    ISSUE_REPORTED = "issue_reported"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_ended(self) -> bool:
        return self in _ENDED


_ENDED = frozenset(
    {
        OrderStatus.CLOSED,
        OrderStatus.REFUNDED,
        OrderStatus.DECLINED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
    }
)


class FundingStatus(StrEnum):
    NONE = "none"
    PARTIAL = "partial"
    FUNDED = "funded"
    PART_SETTLED = "part_settled"
    SETTLED = "settled"


class CloseReason(StrEnum):
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NOT_ACCEPTED_IN_TIME = "not_accepted_in_time"
    NOT_FUNDED_IN_TIME = "not_funded_in_time"
    SELLER_CANCELLED = "seller_cancelled"
    OVERDUE = "overdue"
    ADMIN_DECISION = "admin_decision"
    CHARGED_BACK = "charged_back"


class Party(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    SYSTEM = "system"

    @property
    def other(self) -> Party:
        return Party.SELLER if self is Party.BUYER else Party.BUYER


class OrderType(StrEnum):
    GOODS = "goods"
    SERVICE = "service"
    VEHICLE = "vehicle"
    RENT = "rent"
    DIGITAL = "digital"
    TICKET = "ticket"


class ConditionKind(StrEnum):
    CONFIRM = "confirm"
    DOCUMENT = "document"
    INSPECTION = "inspection"


class ConfirmedBy(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    BOTH = "both"


class ConditionStatus(StrEnum):
    PENDING = "pending"
    SUBMITTED = "submitted"
    FULFILLED = "fulfilled"
    WAIVED = "waived"

    @property
    def is_settled(self) -> bool:
        return self in {ConditionStatus.FULFILLED, ConditionStatus.WAIVED}


class TimerKind(StrEnum):
    ACCEPT_BY = "accept_by"
    FUND_BY = "fund_by"


class Command(StrEnum):
    """What can happen to an order: commands of the parties and events of the system."""

    CREATE = "create"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    ACCEPT_TIMEOUT = "accept_timeout"
    FUND = "fund"
    FUND_TIMEOUT = "fund_timeout"
    PARTIAL_RECEIPT = "partial_receipt"
    FUNDED = "funded"
    LATE_RECEIPT = "late_receipt"
    SUBMIT_CONDITION = "submit_condition"
    CONFIRM_CONDITION = "confirm_condition"
    REJECT_CONDITION = "reject_condition"
    WAIVE_CONDITION = "waive_condition"
    ADD_EVIDENCE = "add_evidence"
    COMPLETE = "complete"
    SELLER_CANCEL = "seller_cancel"
    CANCEL_OVERDUE = "cancel_overdue"
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    PARTIAL_RELEASE = "partial_release"
    EXTEND_INSPECTION = "extend_inspection"
    REFUND_HELD = "refund_held"
    CHARGEBACK_OPENED = "chargeback_opened"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"


class EventType(StrEnum):
    """What the timeline, Socket.IO and notifications tell: facts in the past tense."""

    CREATED = "created"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    PARTIAL_RECEIPT = "partial_receipt"
    FUNDED = "funded"
    LATE_RECEIPT = "late_receipt"
    EXTRA_RECEIPT = "extra_receipt"
    CONDITION_SUBMITTED = "condition_submitted"
    CONDITION_CONFIRMED = "condition_confirmed"
    CONDITION_REJECTED = "condition_rejected"
    CONDITION_WAIVED = "condition_waived"
    EVIDENCE_ADDED = "evidence_added"
    COMPLETED = "completed"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    PARTLY_RELEASED = "partly_released"
    INSPECTION_EXTENDED = "inspection_extended"
    REFUNDED = "refunded"
    PARTLY_REFUNDED = "partly_refunded"
    CHARGEBACK_OPENED = "chargeback_opened"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"
