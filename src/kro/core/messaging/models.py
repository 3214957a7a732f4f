from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class TextAttemptRow(Base):
    """One hand-over of a text to a vendor. ``estimate_minor`` is what the caps count, ``cost_micros`` the real price.

    ``follow_up_at`` is when to look for another way, and ``replaced_at`` when that was done.
    """

    __tablename__ = "text_attempts"
    __table_args__ = (
        CheckConstraint("kind IN ('code', 'notice')", name="kind"),
        CheckConstraint("channel IN ('sms', 'whatsapp')", name="channel"),
        CheckConstraint(
            "state IN ('sending', 'refused', 'unknown', 'accepted', 'sent', 'failed', 'delivered', 'read')",
            name="state",
        ),
        CheckConstraint("estimate_minor >= 0", name="estimate_minor"),
        Index(
            "uq_text_attempts_provider_message_id",
            "provider",
            "provider_message_id",
            unique=True,
            postgresql_where=text("provider_message_id IS NOT NULL"),
        ),
        Index("ix_text_attempts_message_id", "message_id"),
        Index("ix_text_attempts_notice_id", "notice_id", postgresql_where=text("notice_id IS NOT NULL")),
        Index(
            "ix_text_attempts_number_index",
            "number_index",
            "delivered_at",
            postgresql_where=text("delivered_at IS NOT NULL"),
        ),
        Index("ix_text_attempts_follow_up_at", "follow_up_at", postgresql_where=text("follow_up_at IS NOT NULL")),
        Index("ix_text_attempts_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    notice_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    purpose: Mapped[str]
    kind: Mapped[str]
    route: Mapped[str]
    provider: Mapped[str]
    channel: Mapped[str]
    provider_message_id: Mapped[str | None]
    number_index: Mapped[str]
    number_shown: Mapped[str]
    country: Mapped[str]
    network: Mapped[str]
    number_range: Mapped[str]
    carrier: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="sending")
    rank: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    error: Mapped[str | None]
    estimate_minor: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    cost_currency: Mapped[str | None]
    spent_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    follow_up_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class TextReportRow(Base):
    """A state that a vendor told of a message, once however often it was told."""

    __tablename__ = "text_reports"
    __table_args__ = (
        CheckConstraint("state IN ('sent', 'failed', 'delivered', 'read')", name="state"),
        Index("ix_text_reports_last_at", "last_at"),
    )

    provider: Mapped[str] = mapped_column(primary_key=True)
    provider_message_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger)
    error: Mapped[str | None]
    is_final: Mapped[bool]
    is_known: Mapped[bool]
    times: Mapped[int] = mapped_column(server_default=text("1"))
    first_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TextSpendRow(Base):
    """What a day's texts cost by estimate, in minor units, and the highest level there was an alarm for."""

    __tablename__ = "text_spend"
    __table_args__ = (
        CheckConstraint("scope IN ('total', 'country', 'provider', 'number', 'range', 'account')", name="scope"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    spent_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    alarmed: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))


class TextSwitchRow(Base):
    """What is switched off, by an admin or, without one, by the watch over conversions."""

    __tablename__ = "text_switches"
    __table_args__ = (
        CheckConstraint("scope IN ('route', 'provider', 'channel', 'country', 'range')", name="scope"),
        CheckConstraint("state IN ('on', 'off')", name="state"),
    )

    scope: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str]
    changed_by: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
