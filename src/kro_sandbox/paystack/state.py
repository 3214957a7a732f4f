"""What Paystack knows: customers' payments, recipients, transfers, refunds and the balance."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from kro_sandbox.core.clock import Clock, iso
from kro_sandbox.core.tokens import NumericIds
from kro_sandbox.core.wire import JSONObject

INTEGRATION = 463433


class TransactionStatus(StrEnum):
    SUCCESS = "success"
    FAILED = "failed"
    ABANDONED = "abandoned"
    ONGOING = "ongoing"
    PENDING = "pending"
    PROCESSING = "processing"
    QUEUED = "queued"
    REVERSED = "reversed"


class TransferStatus(StrEnum):
    PENDING = "pending"
    OTP = "otp"
    RECEIVED = "received"
    SUCCESS = "success"
    FAILED = "failed"
    REVERSED = "reversed"
    ABANDONED = "abandoned"
    BLOCKED = "blocked"
    REJECTED = "rejected"


class RefundStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"
    NEEDS_ATTENTION = "needs-attention"


class DisputeStatus(StrEnum):
    AWAITING_MERCHANT = "awaiting-merchant-feedback"
    RESOLVED = "resolved"


@dataclass(slots=True, kw_only=True)
class Customer:
    id: int
    email: str
    code: str
    created_at: datetime
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    metadata: Any = None


@dataclass(slots=True, kw_only=True)
class Account:
    """A dedicated account of a customer."""

    id: int
    number: str
    name: str
    bank: str
    customer: Customer
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTransfer:
    """Who sent the money of a transaction, and to which account."""

    account: Account
    sender_name: str


@dataclass(slots=True, kw_only=True)
class Transaction:
    id: int
    reference: str
    access_code: str
    requested_amount: int
    currency: str
    customer: Customer
    metadata: Any
    callback_url: str | None
    created_at: datetime
    status: TransactionStatus = TransactionStatus.ABANDONED
    amount: int
    fees: int | None = None
    gateway_response: str = "The transaction was not completed"
    paid_at: datetime | None = None
    card_number: str | None = None
    card_expiry: str = "12/2030"
    authorization_code: str = ""
    attempts: int = 0
    errors: int = 0
    history: list[JSONObject] = field(default_factory=list)
    refunded: int = 0
    transfer: BankTransfer | None = None
    """How it came in, if by a transfer to a dedicated account instead of by card."""


@dataclass(slots=True, kw_only=True)
class Recipient:
    id: int
    code: str
    name: str
    account_number: str
    account_name: str
    bank_code: str
    bank_name: str
    currency: str
    description: str | None
    metadata: Any
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Transfer:
    id: int
    request: int
    code: str
    reference: str
    amount: int
    fee: int
    currency: str
    recipient: Recipient
    reason: str | None
    status: TransferStatus
    created_at: datetime
    updated_at: datetime
    session_id: str | None = None
    gateway_response: str | None = None
    then: TransferStatus | None = TransferStatus.SUCCESS
    """Where the transfer goes by itself; None when it stays where it is."""


@dataclass(slots=True, kw_only=True)
class Refund:
    id: int
    transaction: Transaction
    amount: int
    currency: str
    merchant_note: str
    customer_note: str
    status: RefundStatus
    created_at: datetime
    updated_at: datetime
    reference: str | None = None
    then: RefundStatus | None = RefundStatus.PROCESSED
    """Where the refund ends; None when it stays pending."""


@dataclass(slots=True, kw_only=True)
class Dispute:
    id: int
    transaction: Transaction
    amount: int
    status: DisputeStatus
    created_at: datetime
    updated_at: datetime
    resolution: str | None = None
    resolved_at: datetime | None = None


class Balance:
    """The merchant's balance per currency, and every movement of it."""

    def __init__(self, *, clock: Clock, opening: int) -> None:
        self._clock = clock
        self.opening = {"NGN": opening}
        self.balances = {"NGN": opening}
        self.ledger: list[JSONObject] = []

    def move(self, *, currency: str, difference: int, reason: str, model: str, row: int, reference: str) -> None:
        balance = self.balances.get(currency, 0) + difference
        self.balances[currency] = balance
        self.ledger.append(
            {
                "integration": INTEGRATION,
                "domain": "test",
                "balance": balance,
                "currency": currency,
                "difference": difference,
                "reason": reason,
                "model_responsible": model,
                "model_row": row,
                "reference": reference,
                "createdAt": iso(self._clock.now()),
            }
        )


class PaystackState:
    def __init__(self, *, clock: Clock, ids: NumericIds, opening: int) -> None:
        self.ids = ids
        self.account = Balance(clock=clock, opening=opening)
        self.customers: dict[str, Customer] = {}
        self.accounts: dict[str, Account] = {}
        self.transactions: dict[str, Transaction] = {}
        self.by_access_code: dict[str, Transaction] = {}
        self.recipients: dict[str, Recipient] = {}
        self.transfers: dict[str, Transfer] = {}
        self.refunds: dict[int, Refund] = {}
        self.disputes: dict[int, Dispute] = {}
