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
    DEEMED_ACCEPTED = "deemed_accepted"
    HANDED_OVER = "handed_over"
    NOT_DELIVERED = "not_delivered"
    AGREED = "agreed"
    CONCEDED = "conceded"
    NOT_DECIDED_IN_TIME = "not_decided_in_time"


class Party(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    SYSTEM = "system"
    ADMIN = "admin"

    @property
    def is_trader(self) -> bool:
        return self in {Party.BUYER, Party.SELLER}

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
    DELIVERY_CODE = "delivery_code"
    DATE = "date"
    THIRD_PARTY = "third_party"


class ConfirmedBy(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"
    BOTH = "both"
    ADMIN = "admin"
    SYSTEM = "system"


class ConditionStatus(StrEnum):
    """``withdrawn`` belongs to terms that newer ones have replaced; such conditions are never loaded."""

    PENDING = "pending"
    SUBMITTED = "submitted"
    FULFILLED = "fulfilled"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"

    @property
    def is_settled(self) -> bool:
        return self in {ConditionStatus.FULFILLED, ConditionStatus.WAIVED}


class AmendmentStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class TimerKind(StrEnum):
    """Deadlines. Reminders of one are timers of their own, see :class:`kro.order.domain.reminders`."""

    ACCEPT_BY = "accept_by"
    FUND_BY = "fund_by"
    DELIVER_BY = "deliver_by"
    NON_DELIVERY = "non_delivery"
    INSPECT_BY = "inspect_by"
    RESPOND_BY = "respond_by"
    NEGOTIATE_BY = "negotiate_by"
    EVIDENCE_BY = "evidence_by"
    DECIDE_BY = "decide_by"
    APPEAL_BY = "appeal_by"
    OVERDUE_BY = "overdue_by"


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
    EDIT_TERMS = "edit_terms"
    COUNTER_OFFER = "counter_offer"
    PROPOSE_AMENDMENT = "propose_amendment"
    WITHDRAW_AMENDMENT = "withdraw_amendment"
    ACCEPT_AMENDMENT = "accept_amendment"
    DECLINE_AMENDMENT = "decline_amendment"
    ENTER_HANDOVER_CODE = "enter_handover_code"
    RENEW_HANDOVER_CODE = "renew_handover_code"
    MAKE_OFFER = "make_offer"
    WITHDRAW_OFFER = "withdraw_offer"
    DECLINE_OFFER = "decline_offer"
    ACCEPT_OFFER = "accept_offer"
    NON_DELIVERY = "non_delivery"
    INSPECTION_TIMEOUT = "inspection_timeout"
    REPORT_ISSUE = "report_issue"
    ANSWER_ISSUE = "answer_issue"
    CONCEDE = "concede"
    WITHDRAW_ISSUE = "withdraw_issue"
    ESCALATE = "escalate"
    ADD_STATEMENT = "add_statement"
    REQUEST_INFO = "request_info"
    ASSIGN = "assign"
    DECIDE = "decide"
    APPEAL = "appeal"
    WAIVE_APPEAL = "waive_appeal"
    DECISION_EFFECTIVE = "decision_effective"
    DECISION_OVERDUE = "decision_overdue"
    PLACE_HOLD = "place_hold"
    LIFT_HOLD = "lift_hold"
    CHARGEBACK_OPENED = "chargeback_opened"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"


class EventType(StrEnum):
    """What the timeline, Socket.IO and notifications tell: facts in the past tense."""

    CREATED = "created"
    IMPORTED = "imported"
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
    TERMS_EDITED = "terms_edited"
    TERMS_COUNTERED = "terms_countered"
    AMENDMENT_PROPOSED = "amendment_proposed"
    AMENDMENT_WITHDRAWN = "amendment_withdrawn"
    AMENDMENT_ACCEPTED = "amendment_accepted"
    AMENDMENT_DECLINED = "amendment_declined"
    HANDED_OVER = "handed_over"
    HANDOVER_CODE_RENEWED = "handover_code_renewed"
    HANDOVER_CODE_WRONG = "handover_code_wrong"
    MILESTONE_RELEASED = "milestone_released"
    REMINDED = "reminded"
    DELIVERY_OVERDUE = "delivery_overdue"
    INSPECTION_UNPROVEN = "inspection_unproven"
    DEEMED_ACCEPTED = "deemed_accepted"
    OFFER_MADE = "offer_made"
    OFFER_WITHDRAWN = "offer_withdrawn"
    OFFER_DECLINED = "offer_declined"
    OFFER_ACCEPTED = "offer_accepted"
    ISSUE_REPORTED = "issue_reported"
    ISSUE_ANSWERED = "issue_answered"
    ISSUE_WITHDRAWN = "issue_withdrawn"
    CONCEDED = "conceded"
    ESCALATED = "escalated"
    STATEMENT_ADDED = "statement_added"
    INFO_REQUESTED = "info_requested"
    ASSIGNED = "assigned"
    EVIDENCE_CLOSED = "evidence_closed"
    DECIDED = "decided"
    APPEALED = "appealed"
    APPEAL_WAIVED = "appeal_waived"
    DECISION_EFFECTIVE = "decision_effective"
    DECISION_OVERDUE = "decision_overdue"
    HOLD_PLACED = "hold_placed"
    HOLD_LIFTED = "hold_lifted"
    RELEASED = "released"
    SPLIT = "split"


class UploadStatus(StrEnum):
    """Of a file on its way into evidence."""

    PENDING = "pending"
    COMPLETED = "completed"
    EXPIRED = "expired"
