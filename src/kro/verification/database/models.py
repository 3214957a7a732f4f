from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class VerificationCodeRow(Base):
    __tablename__ = "verification_codes"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('register', 'login', 'password_reset', 'contact_new', 'contact_old')", name="purpose"
        ),
        CheckConstraint("num_nonnulls(phone, email) = 1", name="target"),
        Index("ix_verification_codes_phone_created_at", "phone", "created_at"),
        Index("ix_verification_codes_email_created_at", "email", "created_at"),
        Index("ix_verification_codes_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    phone: Mapped[str | None]
    code_mac: Mapped[bytes]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    email: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))


class StepUpChallengeRow(Base):
    """A code that proves, for one task, that its user is still who they were at the login."""

    __tablename__ = "step_up_challenges"
    __table_args__ = (Index("ix_step_up_challenges_user_id", "user_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str]
    task_hash: Mapped[bytes]
    code_mac: Mapped[bytes]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class MagicLinkRow(Base):
    """A link that was asked for; the token itself is nowhere but in the message. Without a user nobody was sent it."""

    __tablename__ = "magic_link_logs"
    __table_args__ = (
        CheckConstraint("purpose IN ('order_invite', 'login', 'password_reset', 'change_stop')", name="purpose"),
        CheckConstraint("(purpose = 'order_invite') = (order_id IS NOT NULL)", name="order"),
        CheckConstraint("channel IN ('sms', 'mail')", name="channel"),
        UniqueConstraint("token_hash"),
        Index("ix_magic_link_logs_order_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    token_hash: Mapped[bytes]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    subject_id: Mapped[UUID | None]
    channel: Mapped[str | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    country: Mapped[str | None]
    used_ip: Mapped[str | None]
    used_user_agent: Mapped[str | None]
    used_country: Mapped[str | None]
