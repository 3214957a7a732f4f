"""The words of the matrix: what is told, to whom, about what, and by which way."""

from __future__ import annotations

from enum import StrEnum


class Template(StrEnum):
    OTP = "otp"
    STEP_UP = "step_up"
    ADMIN_INVITE = "admin_invite"
    ADMIN_FACTOR_RESET = "admin_factor_reset"
    TWO_FACTOR_ON = "two_factor_on"
    TWO_FACTOR_OFF = "two_factor_off"
    TWO_FACTOR_CODES_RENEWED = "two_factor_codes_renewed"
    RECOVERY_CODE_USED = "recovery_code_used"
    LOGIN_FROM_NEW_COUNTRY = "login_from_new_country"
    ORDER_CREATED = "order_created"
    ORDER_ACCEPTED = "order_accepted"
    ORDER_DECLINED = "order_declined"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_EXPIRED = "order_expired"
    ORDER_FUNDED = "order_funded"
    PAYMENT_RECEIVED = "payment_received"
    CONDITION_SUBMITTED = "condition_submitted"
    CONDITION_CONFIRMED = "condition_confirmed"
    CONDITION_REJECTED = "condition_rejected"
    ORDER_COMPLETED = "order_completed"
    CHANGES_REQUESTED = "changes_requested"
    ORDER_PARTLY_RELEASED = "order_partly_released"
    INSPECTION_EXTENDED = "inspection_extended"
    ORDER_CLOSED = "order_closed"
    ORDER_REFUNDED = "order_refunded"
    PAYOUT_REQUESTED = "payout_requested"
    PAYOUT_SETTLED = "payout_settled"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_RETURNED = "payout_returned"
    REFUND_REQUESTED = "refund_requested"
    REFUND_PROCESSED = "refund_processed"
    REFUND_FAILED = "refund_failed"
    BANK_ACCOUNT_ADDED = "bank_account_added"
    BALANCE_CREDITED = "balance_credited"
    BALANCE_DEBITED = "balance_debited"
    CHARGEBACK_OPENED = "chargeback_opened"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"
    DEBT_REPAID = "debt_repaid"
    DEBT_WRITTEN_OFF = "debt_written_off"
    DEADLINE_REMINDER = "deadline_reminder"
    DELIVERY_OVERDUE = "delivery_overdue"
    ORDER_SPLIT = "order_split"
    ISSUE_REPORTED = "issue_reported"
    ISSUE_ANSWERED = "issue_answered"
    ISSUE_WITHDRAWN = "issue_withdrawn"
    OFFER_MADE = "offer_made"
    OFFER_DECLINED = "offer_declined"
    DISPUTE_OPENED = "dispute_opened"
    INFO_REQUESTED = "info_requested"
    DISPUTE_DECIDED = "dispute_decided"
    DISPUTE_APPEALED = "dispute_appealed"
    ORDER_MESSAGE = "order_message"
    MILESTONE_RELEASED = "milestone_released"
    MILESTONE_REMINDER = "milestone_reminder"
    MILESTONE_UNCONFIRMED = "milestone_unconfirmed"
    HANDOVER_CODE = "handover_code"
    HANDOVER_CODE_LOCKED = "handover_code_locked"
    ORDER_INVITE = "order_invite"
    TERMS_EDITED = "terms_edited"
    TERMS_COUNTERED = "terms_countered"
    AMENDMENT_PROPOSED = "amendment_proposed"
    AMENDMENT_ACCEPTED = "amendment_accepted"
    AMENDMENT_DECLINED = "amendment_declined"
    AMENDMENT_WITHDRAWN = "amendment_withdrawn"
    AMENDMENT_LAPSED = "amendment_lapsed"
    ORDER_HELD = "order_held"
    ORDER_CONTESTED = "order_contested"
    ORDER_RESUMED = "order_resumed"
    MAIL_UNDELIVERABLE = "mail_undeliverable"
    LOGIN_LINK = "login_link"
    PASSWORD_RESET_LINK = "password_reset_link"  # noqa: S105 - the name of a template
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a template
    CONTACT_CHANGE_STARTED = "contact_change_started"
    CONTACT_CHANGED = "contact_changed"
    ACCOUNT_CLOSED = "account_closed"
    DATA_EXPORT_READY = "data_export_ready"
    IDENTITY_VERIFIED = "identity_verified"
    IDENTITY_REFUSED = "identity_refused"
    TIER_CHANGED = "tier_changed"


class Channel(StrEnum):
    SMS = "sms"
    MAIL = "mail"
    IN_APP = "in_app"


class Reader(StrEnum):
    """As what somebody hears of it. Whoever owns the account, the payout or the debt in question is the owner."""

    BUYER = "buyer"
    SELLER = "seller"
    OWNER = "owner"


class Group(StrEnum):
    """What a person chooses channels for. A locked group is about security or money: nobody can switch it off."""

    SECURITY = "security"
    MONEY = "money"
    DEADLINES = "deadlines"
    DISPUTES = "disputes"
    ORDERS = "orders"
    MESSAGES = "messages"

    @property
    def is_locked(self) -> bool:
        return self in _LOCKED


_LOCKED = frozenset({Group.SECURITY, Group.MONEY, Group.DEADLINES, Group.DISPUTES})


class Weight(StrEnum):
    """How much a notice matters. Critical ones come at any hour, by every channel of theirs."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    INFORMATIVE = "informative"


class Language(StrEnum):
    """English, and Nigerian Pidgin by its ISO 639-3 code."""

    EN = "en"
    PCM = "pcm"
