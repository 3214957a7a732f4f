from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class ReceiptRow(Base):
    """One notice by one channel, from before it leaves until it is known to have arrived or not.

    ``notice_id`` is the whole it is a part of. With ``subject_id`` and ``purpose`` it is evidence that somebody was
    told. ``tries`` counts how often it may have left.
    """

    __tablename__ = "notice_receipts"
    __table_args__ = (
        CheckConstraint("channel IN ('sms', 'mail', 'in_app')", name="channel"),
        CheckConstraint(
            "status IN ('waiting', 'sending', 'accepted', 'delivered', 'failed', 'unknown', 'skipped')", name="status"
        ),
        CheckConstraint("(subject_id IS NULL) = (purpose IS NULL)", name="evidence"),
        Index("ix_notice_receipts_subject_id_purpose", "subject_id", "purpose"),
        Index("ix_notice_receipts_user_id_at", "user_id", text("at DESC"), text("message_id DESC")),
    )

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str | None]
    channel: Mapped[str]
    status: Mapped[str]
    at: Mapped[datetime]
    notice_id: Mapped[UUID | None]
    template: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=text("1"))
    reason: Mapped[str | None]
    provider: Mapped[str | None]
    provider_message_id: Mapped[str | None]


class NotificationRow(Base):
    """A notice in its reader's inbox, in the words of the time. ``about`` is the shown id of what it is about."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("reader IN ('buyer', 'seller', 'owner')", name="reader"),
        CheckConstraint("weight IN ('critical', 'important', 'informative')", name="weight"),
        CheckConstraint("language IN ('en', 'pcm')", name="language"),
        Index("ix_notifications_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_notifications_user_id_unread", "user_id", "created_at", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    template: Mapped[str]
    reader: Mapped[str]
    topic: Mapped[str]
    weight: Mapped[str]
    language: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    about: Mapped[str | None]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class PreferenceRow(Base):
    """What one person chose: ``muted`` holds ``group.channel``, quiet hours are minutes after midnight in Lagos."""

    __tablename__ = "notification_preferences"
    __table_args__ = (
        CheckConstraint("language IN ('en', 'pcm')", name="language"),
        CheckConstraint("quiet_from BETWEEN 0 AND 1439", name="quiet_from"),
        CheckConstraint("quiet_until BETWEEN 0 AND 1439", name="quiet_until"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    language: Mapped[str]
    muted: Mapped[list[str]] = mapped_column(ARRAY(Text))
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger)
    updated_at: Mapped[datetime]


class MailEventRow(Base):
    """What a mail vendor told of one mail, once."""

    __tablename__ = "mail_events"
    __table_args__ = (Index("ix_mail_events_received_at", "received_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[UUID | None]
    kind: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BadAddressRow(Base):
    """A mailbox that takes no mail of ours, unless it did later."""

    __tablename__ = "bad_addresses"
    __table_args__ = (CheckConstraint("reason IN ('bounced', 'dropped', 'spam_report')", name="reason"),)

    address: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    bad_at: Mapped[datetime]
    good_at: Mapped[datetime | None]
