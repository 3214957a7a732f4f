"""Payments, payouts and their attempts as they were loaded: frozen, and free of any framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from kro.core.actor import Standing
from kro.core.money import Money
from kro.payment.database.payout_words import Alarm, DutyBearer, NameMatch


class TransactionKind(StrEnum):
    PAYMENT = "payment"
    PAYOUT = "payout"


class PaymentStatus(StrEnum):
    """``failed`` and ``abandoned`` are how it looks now: the payer may still pay on the same page."""

    INITIATED = "initiated"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"


OPEN_PAYMENT_STATUSES: Final = frozenset({PaymentStatus.INITIATED, PaymentStatus.PROCESSING, PaymentStatus.UNKNOWN})
"""Payments whose outcome is not known yet."""


class PaymentMethod(StrEnum):
    """How the payer pays: on a page of the provider's, or by transfer to an account lent for this one payment."""

    CHECKOUT = "checkout"
    BANK_TRANSFER = "bank_transfer"


@dataclass(frozen=True, slots=True)
class PayTo:
    """The account to transfer to. After ``expires_at`` its number may be somebody else's."""

    account_number: str
    account_name: str
    bank_name: str
    expires_at: datetime | None


class Variance(StrEnum):
    """How what was received compares with what was asked for."""

    EXACT = "exact"
    UNDER = "under"
    OVER = "over"


class PayoutStatus(StrEnum):
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"


MONEY_GIVEN_BACK: Final = frozenset(
    {PayoutStatus.REJECTED, PayoutStatus.CANCELLED, PayoutStatus.FAILED, PayoutStatus.RETURNED}
)


class AttemptStatus(StrEnum):
    """``submitting`` without a lease means: not taken by the provider, may be sent under the same reference."""

    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Payment:
    """Money coming in: one attempt on one page or account. ``reference`` is ours and what the provider knows it by.

    ``is_provider_named`` says that the payer wanted this provider, so that no other takes its place.
    """

    id: UUID
    user_id: UUID
    order_id: UUID | None
    provider: str
    reference: str
    provider_reference: str | None
    amount: Money
    received_minor: int | None
    variance: Variance | None
    status: PaymentStatus
    checkout_url: str | None = field(repr=False)
    failure_code: str | None
    polls: int
    next_poll_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    settled_at: datetime | None
    method: PaymentMethod = PaymentMethod.CHECKOUT
    pay_to: PayTo | None = None
    is_provider_named: bool = False

    @property
    def is_payable(self) -> bool:
        """Say whether anybody was ever told where to pay."""
        return self.checkout_url is not None or self.pay_to is not None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a payout goes, as it was when it was requested; the account number stays sealed."""

    bank_account_id: UUID
    bank_code: str
    bank_name: str
    account_number_sealed: str = field(repr=False)
    account_number_last4: str
    account_name: str = field(repr=False)

    @property
    def masked_number(self) -> str:
        return f"******{self.account_number_last4}"


@dataclass(frozen=True, slots=True)
class Approval:
    admin_id: UUID
    approval_hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One transfer under one reference. A second attempt exists only after the first failed definitively."""

    id: UUID
    number: int
    reference: str
    status: AttemptStatus
    lease_until: datetime | None
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NamedAttempt:
    """The attempt that bears a reference, and whose it is; ``is_last`` unless another one followed it."""

    payout_id: UUID
    provider: str
    is_last: bool


@dataclass(frozen=True, slots=True)
class Payout:
    """Money going out. ``fee`` is on top of ``amount`` and contains ``vat``, in minor units of the same currency.

    ``duty`` is the stamp duty of the transfer: on top as well where the owner bears it, else the platform's affair.
    ``approvals_required`` is 0 where nobody had to let it go. ``turned_down_by`` are the providers an attempt
    has failed at; ``provider`` is whoever has it now.
    """

    id: UUID
    user_id: UUID
    provider: str
    amount: Money
    fee: int
    vat: int
    destination: Destination
    status: PayoutStatus
    approvals_required: int
    failure_code: str | None
    provider_reference: str | None
    polls: int
    next_poll_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    settled_at: datetime | None
    duty: int = 0
    duty_bearer: DutyBearer = DutyBearer.USER
    name_match: NameMatch | None = None
    approvals: tuple[Approval, ...] = ()
    attempt: Attempt | None = None
    alarms: tuple[Alarm, ...] = ()
    turned_down_by: frozenset[str] = frozenset()

    @property
    def owners_duty(self) -> int:
        """Return what the owner pays of the duty."""
        return self.duty if self.duty_bearer is DutyBearer.USER else 0

    @property
    def total_debit(self) -> Money:
        return self.amount + Money(self.fee + self.owners_duty, self.amount.currency)


@dataclass(frozen=True, slots=True)
class DueTransaction:
    """A payment or payout whose provider is to be asked now."""

    id: UUID
    kind: TransactionKind
    reference: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """A payment that is to be made payable, and what the provider may have to know of the payer."""

    payment: Payment
    payer_email: str | None = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SubmissionState:
    """A payout and whether its owner may have money sent at this moment."""

    payout: Payout
    owner_is_active: bool
    owner_owes: bool


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """A payout before an admin; ``last_used_step`` is the time step of the admin's last spent TOTP.

    ``is_own`` says that admin and owner are one person, and ``next_id`` which payout this admin could decide next.
    """

    standing: Standing
    payout: Payout | None
    user_name: str
    last_used_step: int
    is_own: bool
    next_id: UUID | None


@dataclass(frozen=True, slots=True)
class RejectionState:
    """The payouts of a list that exist, before an admin."""

    standing: Standing
    payouts: tuple[Payout, ...]


@dataclass(frozen=True, slots=True)
class OwnedPayout:
    """A payout before its owner; ``None`` when it is not theirs."""

    standing: Standing
    payout: Payout | None


class WebhookState(StrEnum):
    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """An authentic event to be kept; the body is sealed, ``body_sha256`` is of what was sent."""

    id: UUID
    provider: str
    dedupe_key: str
    event_type: str
    subject: str
    reference: str | None
    body: bytes = field(repr=False)
    body_sha256: bytes
    received_at: datetime
    headers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WebhookTask:
    """An authentic event waiting to be looked into."""

    id: UUID
    provider: str
    subject: str
    reference: str | None
    attempts: int
    received_at: datetime
    mark: Mapping[str, Any] | None = None
    """Of the request that brought it, while traces are on."""


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An event as admins see it, without its body."""

    id: UUID
    provider: str
    event_type: str
    subject: str
    reference: str | None
    state: str
    attempts: int
    last_error: str | None
    received_at: datetime
    processed_at: datetime | None
