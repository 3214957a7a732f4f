from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class SuspenseItemRow(Base):
    """Money a provider received that belongs to nobody we know; the ledger holds it in ``suspense``."""

    __tablename__ = "suspense_items"
    __table_args__ = (
        UniqueConstraint("provider", "provider_reference", name="uq_suspense_items_provider_reference"),
        CheckConstraint("reason IN ('unknown_reference', 'currency_mismatch')", name="reason"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("status IN ('open', 'credited', 'returned')", name="status"),
        CheckConstraint(
            "(status = 'open') = (resolved_at IS NULL) AND (status = 'open') = (next_alarm_at IS NOT NULL)",
            name="resolved",
        ),
        CheckConstraint("(status = 'credited') = (user_id IS NOT NULL)", name="credited"),
        Index("ix_suspense_items_created_at_id", text("created_at DESC"), text("id DESC")),
        Index("ix_suspense_items_next_alarm_at", "next_alarm_at", postgresql_where=text("next_alarm_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    provider_reference: Mapped[str]
    reference: Mapped[str]
    reason: Mapped[str]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    status: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    occurred_at: Mapped[datetime]
    next_alarm_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    version: Mapped[int]
