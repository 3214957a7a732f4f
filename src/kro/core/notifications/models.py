from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class ReceiptRow(Base):
    """A notice that a channel's provider has taken or delivered: the proof that somebody was told.

    ``subject_id`` is what it was about and ``purpose`` which notice of it.
    """

    __tablename__ = "notice_receipts"
    __table_args__ = (
        CheckConstraint("channel IN ('sms', 'mail')", name="channel"),
        CheckConstraint("status IN ('accepted', 'delivered', 'failed')", name="status"),
        Index("ix_notice_receipts_subject_id_purpose", "subject_id", "purpose"),
    )

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str]
    channel: Mapped[str]
    status: Mapped[str]
    at: Mapped[datetime]
