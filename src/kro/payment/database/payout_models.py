"""The tables around a payout: what it was, what people were told, and what they decided."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class PayoutHistoryRow(Base):
    """Every status a payout had; append-only, written by the database itself."""

    __tablename__ = "payout_history"
    __table_args__ = (Index("ix_payout_history_payout_id", "payout_id", "id"),)

    id: Mapped[int] = mapped_column(Minor, Identity(always=True), primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    status: Mapped[str]
    failure_code: Mapped[str | None]
    at: Mapped[datetime]


class PayoutAlarmRow(Base):
    """What people were told about a payout, each kind once."""

    __tablename__ = "payout_alarms"
    __table_args__ = (
        UniqueConstraint("payout_id", "kind", name="uq_payout_alarms_payout_id_kind"),
        CheckConstraint(
            "kind IN ('open_for_an_hour', 'open_for_a_day', 'amount_differs', 'failed_after_success', "
            "'paid_after_giving_back', "
            "'paid_after_turning_down')",
            name="kind",
        ),
        Index(
            "ix_payout_alarms_unsettled",
            "raised_at",
            "id",
            postgresql_where=text("settled_at IS NULL AND kind <> 'open_for_an_hour'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    kind: Mapped[str]
    raised_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    version: Mapped[int]


class PayoutResolutionRow(Base):
    """How a stuck payout ended, as one person says with evidence and another confirms."""

    __tablename__ = "payout_resolutions"
    __table_args__ = (
        CheckConstraint("outcome IN ('paid', 'failed', 'returned', 'noted')", name="outcome"),
        CheckConstraint("status IN ('proposed', 'confirmed', 'dismissed')", name="status"),
        CheckConstraint("(outcome IN ('paid', 'returned')) = (provider_reference IS NOT NULL)", name="evidence"),
        CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("status <> 'confirmed' OR decided_by <> proposed_by", name="two_people"),
        Index("uq_payout_resolutions_open", "payout_id", unique=True, postgresql_where=text("status = 'proposed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payout_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    outcome: Mapped[str]
    provider_reference: Mapped[str | None]
    note: Mapped[str]
    status: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    decided_at: Mapped[datetime | None]
    version: Mapped[int]
