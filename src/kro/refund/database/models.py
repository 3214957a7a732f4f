from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class RefundRow(Base):
    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("destination IN ('balance', 'source')", name="destination"),
        CheckConstraint("status IN ('requested', 'approved', 'sending', 'processed', 'failed')", name="status"),
        Index("ix_refunds_user_id_created_at_id", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_refunds_order_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    destination: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]
