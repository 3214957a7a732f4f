from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, desc, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class OrderMessageRow(Base):
    __tablename__ = "order_messages"
    __table_args__ = (
        UniqueConstraint("order_id", "seq", name="uq_order_messages_order_id_seq"),
        CheckConstraint("seq > 0", name="seq"),
        CheckConstraint("author_kind IN ('buyer', 'seller', 'admin')", name="author_kind"),
        Index("ix_order_messages_notified", "order_id", "author_id", "created_at", postgresql_where=text("notified")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    seq: Mapped[int]
    author_kind: Mapped[str]
    author_id: Mapped[UUID]
    original: Mapped[str]
    shown: Mapped[str]
    warnings: Mapped[list[str]] = mapped_column(ARRAY(Text))
    evidence_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID))
    notified: Mapped[bool]
    created_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]
    version: Mapped[int]


class MessageReportRow(Base):
    __tablename__ = "message_reports"
    __table_args__ = (
        UniqueConstraint("message_id", "reported_by", name="uq_message_reports_message_id_reported_by"),
        CheckConstraint(
            "category IN ('off_platform_payment', 'fraud', 'abuse', 'threat', 'spam', 'other')", name="category"
        ),
        Index("ix_message_reports_created_at_id", desc("created_at"), desc("id")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("order_messages.id"))
    reported_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    category: Mapped[str]
    note: Mapped[str | None]
    created_at: Mapped[datetime]


class UserBlockRow(Base):
    __tablename__ = "user_blocks"
    __table_args__ = (CheckConstraint("user_id <> blocked_id", name="others"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    blocked_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    created_at: Mapped[datetime]


class OrderRatingRow(Base):
    __tablename__ = "order_ratings"
    __table_args__ = (
        UniqueConstraint("order_id", "rated_by", name="uq_order_ratings_order_id_rated_by"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint("rated_by <> subject_id", name="others"),
        Index("ix_order_ratings_subject_id_created_at", "subject_id", desc("created_at")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    rated_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    subject_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    stars: Mapped[int]
    original: Mapped[str | None]
    shown: Mapped[str | None]
    created_at: Mapped[datetime]
    visible_at: Mapped[datetime]


class OrderCodeRow(Base):
    __tablename__ = "order_codes"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
