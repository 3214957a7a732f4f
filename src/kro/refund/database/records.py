"""Refunds as they are loaded: frozen, and free of any framework."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.actor import Standing
from kro.core.money import Money


class RefundStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    SENDING = "sending"
    PROCESSED = "processed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class RefundDestination(StrEnum):
    BALANCE = "balance"
    SOURCE = "source"


class RefundOrigin(StrEnum):
    """Where the money of a refund is taken from: what an order holds, or the owner's own balance."""

    ESCROW = "escrow"
    BALANCE = "balance"


class AttemptStatus(StrEnum):
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Purpose(StrEnum):
    """What an admin agreed to: that a refund is sent, or how one ended that its provider cannot tell."""

    SEND = "send"
    RESOLVE = "resolve"


NOT_COUNTED: Final = frozenset({RefundStatus.FAILED, RefundStatus.REJECTED, RefundStatus.CANCELLED})
"""Refunds that gave nothing back to the source, so that their amount may be asked for again."""


@dataclass(frozen=True, slots=True)
class RefundAttempt:
    """One try with the provider. Another exists only after this one failed definitively."""

    id: UUID
    number: int
    status: AttemptStatus
    provider_reference: str | None
    lease_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RefundApproval:
    admin_id: UUID
    purpose: Purpose
    approval_hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back to its payer. The row is never deleted, and its id is the provider's reference for it.

    ``amount`` is what reaches the payer; ``fee`` and the ``vat`` on top of it, in minor units of the same currency,
    are what the platform keeps of an order's escrow beside it. ``reason`` is the cause, ``note`` what a person wrote.
    ``requested_by`` is the admin who asked for it, if one did.
    """

    id: UUID
    order_id: UUID | None
    payment_id: UUID | None
    user_id: UUID
    amount: Money
    fee: int
    vat: int
    origin: RefundOrigin
    destination: RefundDestination
    status: RefundStatus
    reason: str
    note: str | None
    provider: str | None
    requested_by: UUID | None
    approvals_required: int
    failure_code: str | None
    polls: int
    next_poll_at: datetime | None
    alarms: int
    version: int
    created_at: datetime
    updated_at: datetime
    processed_at: datetime | None
    approvals: tuple[RefundApproval, ...] = ()
    attempts: tuple[RefundAttempt, ...] = ()

    @property
    def attempt(self) -> RefundAttempt | None:
        """The last try, if there was one."""
        return self.attempts[-1] if self.attempts else None

    @property
    def taken(self) -> Money:
        """What leaves the origin: the amount and what is kept beside it."""
        return Money(self.amount.amount + self.fee + self.vat, self.amount.currency)


@dataclass(frozen=True, slots=True)
class RefundablePayment:
    """A payment that succeeded, and what of it may still go back to its source, in minor units.

    ``received`` is what it brought, less what the payer's bank has taken back itself, and ``returned`` what refunds of
    it have taken or are taking; ``order_received`` and ``order_returned`` are the same for all payments of its order.
    ``order_used`` is what the order has taken of its buyer's balance and not given back. ``places`` counts the refunds
    to source of the order, or of the payment without one.
    """

    id: UUID
    order_id: UUID | None
    user_id: UUID
    provider: str
    provider_reference: str
    received: Money
    returned: int
    order_received: int
    order_used: int
    order_returned: int
    places: int
    settled_at: datetime

    @property
    def refundable(self) -> int:
        """What may go back, whatever the owner's balance: never more than came in, nor what an order has used of it."""
        left = self.received.amount - self.returned
        if self.order_id is not None:
            left = min(left, self.order_received - self.order_used - self.order_returned)
        return max(left, 0)

    @property
    def refundable_from_escrow(self) -> int:
        """What may go back of the money its order still holds."""
        return max(min(self.received.amount - self.returned, self.order_received - self.order_returned), 0)


@dataclass(frozen=True, slots=True)
class OrderBasis:
    """What an admin's request about an order depends on; amounts in minor units of the order's currency.

    ``held`` is what the order holds, ``asked`` what other requests want of that. ``payment`` is the one to go back on.
    """

    standing: Standing
    order_id: UUID | None
    buyer_id: UUID | None
    currency: str
    held: int
    asked: int
    payment: RefundablePayment | None


@dataclass(frozen=True, slots=True)
class SourceBasis:
    """What a user's request for a refund to source depends on; ``payment`` is ``None`` when it is not theirs."""

    standing: Standing
    payment: RefundablePayment | None
    available_minor: int
    owed_minor: int


@dataclass(frozen=True, slots=True)
class SubmissionState:
    """A refund, the payment it goes back on, and whether its owner may have money sent.

    ``transaction`` is the provider's id of the payment. ``payment_left`` is what the payment brought, less what the
    payer's bank has taken back and what its other refunds take, in minor units of the refund's currency.
    """

    refund: Refund
    transaction: str
    payment_version: int
    payment_left: int
    owner_is_active: bool


@dataclass(frozen=True, slots=True)
class OwnedRefund:
    """A refund before its owner; ``None`` when it is not theirs."""

    standing: Standing
    refund: Refund | None


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """A refund before an admin; ``last_used_step`` is the time step of the admin's last spent TOTP."""

    standing: Standing
    refund: Refund | None
    user_name: str
    last_used_step: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class AdminRefund:
    """A refund as admins see it; ``approval_hash`` is what an approval has to repeat."""

    refund: Refund
    user_name: str
    approval_hash: str
