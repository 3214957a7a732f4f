from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class RefundRow(Base):
    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("fee >= 0", name="fee"),
        CheckConstraint("vat >= 0", name="vat"),
        CheckConstraint("destination IN ('balance', 'source')", name="destination"),
        CheckConstraint("origin IN ('escrow', 'balance')", name="origin"),
        CheckConstraint(
            "status IN ('requested', 'approved', 'sending', 'processed', 'failed', 'rejected', 'cancelled')",
            name="status",
        ),
        CheckConstraint("approvals_required >= 0", name="approvals_required"),
        CheckConstraint("(destination = 'source') = (payment_id IS NOT NULL)", name="source"),
        CheckConstraint("order_id IS NOT NULL OR payment_id IS NOT NULL", name="subject"),
        CheckConstraint("origin <> 'escrow' OR order_id IS NOT NULL", name="escrow"),
        UniqueConstraint("place"),
        Index("ix_refunds_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_refunds_created_at_id", text("created_at DESC"), text("id DESC")),
        Index("ix_refunds_order_id", "order_id"),
        Index("ix_refunds_requested", "created_at", postgresql_where=text("status = 'requested'")),
        Index("ix_refunds_payment_id", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
        Index("ix_refunds_next_poll_at", "next_poll_at", postgresql_where=text("next_poll_at IS NOT NULL")),
        Index(
            "ix_refunds_user_id_in_transit",
            "user_id",
            postgresql_where=text("destination = 'source' AND status IN ('requested', 'approved', 'sending')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    fee: Mapped[int] = mapped_column(Minor)
    vat: Mapped[int] = mapped_column(Minor)
    origin: Mapped[str]
    destination: Mapped[str]
    place: Mapped[str | None]
    status: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str | None]
    provider: Mapped[str | None]
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    approvals_required: Mapped[int]
    failure_code: Mapped[str | None]
    polls: Mapped[int]
    next_poll_at: Mapped[datetime | None]
    alarms: Mapped[int]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]


class RefundAttemptRow(Base):
    __tablename__ = "refund_attempts"
    __table_args__ = (
        UniqueConstraint("refund_id", "number", name="uq_refund_attempts_refund_id_number"),
        UniqueConstraint("provider", "provider_reference", name="uq_refund_attempts_provider_reference"),
        CheckConstraint("status IN ('submitting', 'submitted', 'unknown', 'succeeded', 'failed')", name="status"),
        Index(
            "uq_refund_attempts_open",
            "refund_id",
            unique=True,
            postgresql_where=text("status IN ('submitting', 'submitted', 'unknown')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[UUID] = mapped_column(ForeignKey("refunds.id"))
    number: Mapped[int]
    provider: Mapped[str]
    status: Mapped[str]
    provider_reference: Mapped[str | None]
    failure_code: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RefundApprovalRow(Base):
    """Append-only: who let a refund go, or agreed on how it ended."""

    __tablename__ = "refund_approvals"
    __table_args__ = (
        UniqueConstraint("refund_id", "admin_id", "approval_hash", name="uq_refund_approvals_hash"),
        CheckConstraint("purpose IN ('send', 'resolve')", name="purpose"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[UUID] = mapped_column(ForeignKey("refunds.id"))
    admin_id: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    purpose: Mapped[str]
    approval_hash: Mapped[str]
    at: Mapped[datetime]
