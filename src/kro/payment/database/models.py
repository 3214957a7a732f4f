"""The tables of payments, payouts and what providers told us."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class TransactionRow(Base):
    """A payment (money in) or a payout (money out) with a provider."""

    __tablename__ = "transactions"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("kind IN ('payment', 'payout')", name="kind"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("fee >= 0", name="fee"),
        CheckConstraint("vat BETWEEN 0 AND fee", name="vat"),
        CheckConstraint("duty >= 0", name="duty"),
        CheckConstraint("duty_bearer IN ('user', 'platform')", name="duty_bearer"),
        CheckConstraint("name_match IN ('match', 'partial', 'mismatch')", name="name_match"),
        CheckConstraint("method IN ('checkout', 'bank_transfer')", name="method"),
        CheckConstraint("variance IN ('exact', 'under', 'over')", name="variance"),
        CheckConstraint(
            "status IN ('initiated', 'processing', 'succeeded', 'failed', 'abandoned', 'unknown', "
            "'awaiting_approval', 'approved', 'rejected', 'cancelled', 'submitting', 'submitted', 'returned')",
            name="status",
        ),
        Index("ix_transactions_user_id_created_at_id", "user_id", "kind", text("created_at DESC"), text("id DESC")),
        Index("ix_transactions_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_transactions_next_poll_at", "next_poll_at", postgresql_where=text("next_poll_at IS NOT NULL")),
        Index(
            "ix_transactions_user_id_open_top_ups",
            "user_id",
            postgresql_where=text(
                "kind = 'payment' AND order_id IS NULL AND status IN ('initiated', 'processing', 'unknown')"
            ),
        ),
        Index(
            "ix_transactions_user_id_in_transit",
            "user_id",
            postgresql_where=text(
                "kind = 'payout' AND status IN ('awaiting_approval', 'approved', 'submitting', 'submitted', 'unknown')"
            ),
        ),
        Index(
            "uq_transactions_provider_reference",
            "provider",
            "provider_reference",
            unique=True,
            postgresql_where=text("kind = 'payment' AND provider_reference IS NOT NULL"),
        ),
        Index(
            "ix_transactions_pay_to",
            "provider",
            text("(pay_to ->> 'account_number')"),
            postgresql_where=text("pay_to IS NOT NULL"),
        ),
        Index("ix_transactions_payout_status", "status", "created_at", postgresql_where=text("kind = 'payout'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    provider: Mapped[str]
    reference: Mapped[str]
    provider_reference: Mapped[str | None]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    fee: Mapped[int] = mapped_column(Minor)
    vat: Mapped[int] = mapped_column(Minor)
    received_amount: Mapped[int | None] = mapped_column(Minor)
    variance: Mapped[str | None]
    status: Mapped[str]
    checkout_url: Mapped[str | None]
    destination: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    approvals_required: Mapped[int]
    failure_code: Mapped[str | None]
    polls: Mapped[int]
    next_poll_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    duty: Mapped[int] = mapped_column(Minor, server_default=text("0"))
    duty_bearer: Mapped[str | None]
    name_match: Mapped[str | None]
    method: Mapped[str | None]
    pay_to: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    provider_named: Mapped[bool | None]


class PayoutApprovalRow(Base):
    __tablename__ = "payout_approvals"
    __table_args__ = (UniqueConstraint("payout_id", "admin_id", name="uq_payout_approvals_payout_id_admin_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    admin_id: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    approval_hash: Mapped[str]
    at: Mapped[datetime]


class PayoutAttemptRow(Base):
    __tablename__ = "payout_attempts"
    __table_args__ = (
        UniqueConstraint("reference"),
        UniqueConstraint("payout_id", "number", name="uq_payout_attempts_payout_id_number"),
        CheckConstraint("status IN ('submitting', 'submitted', 'unknown', 'succeeded', 'failed')", name="status"),
        Index(
            "uq_payout_attempts_open",
            "payout_id",
            unique=True,
            postgresql_where=text("status IN ('submitting', 'submitted', 'unknown')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    number: Mapped[int]
    provider: Mapped[str]
    reference: Mapped[str]
    status: Mapped[str]
    provider_reference: Mapped[str | None]
    failure_code: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class WebhookInfoRow(Base):
    """What is kept of an authentic event for good; append-only. ``headers`` also hold the mark of its trace.

    ``body`` is that of events from before there were months, sealed, until it is forgotten.
    """

    __tablename__ = "payment_webhook_info"
    __table_args__ = (
        UniqueConstraint("provider", "dedupe_key", name="uq_payment_webhook_info_dedupe_key"),
        Index("ix_payment_webhook_info_body", "id", postgresql_where=text("body IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    dedupe_key: Mapped[str]
    event_type: Mapped[str]
    subject: Mapped[str]
    reference: Mapped[str | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    body_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)


class WebhookBodyRow(Base):
    """What was sent, sealed; parted by the month of the event's id and dropped by it."""

    __tablename__ = "payment_webhook_bodies"
    __table_args__ = ({"postgresql_partition_by": "RANGE (webhook_id)"},)

    webhook_id: Mapped[UUID] = mapped_column(primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class WebhookStateRow(Base):
    """How far an event was looked into; beside the event, because the event itself never changes.

    Written by the event's own statement, so it has no foreign key.
    """

    __tablename__ = "payment_webhook_state"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'processed', 'ignored', 'parked')", name="state"),
        Index("ix_payment_webhook_state_due", "next_attempt_at", postgresql_where=text("state = 'received'")),
        Index("ix_payment_webhook_state_parked", "webhook_id", postgresql_where=text("state = 'parked'")),
    )

    webhook_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    processed_at: Mapped[datetime | None]
