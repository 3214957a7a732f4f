from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class ChargebackRow(Base):
    """A payment contested at its payer's bank: who bore it, what came back, how it ended."""

    __tablename__ = "chargebacks"
    __table_args__ = (
        UniqueConstraint("provider", "provider_reference", name="uq_chargebacks_provider_reference"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("from_escrow >= 0", name="from_escrow"),
        CheckConstraint("from_payer >= 0", name="from_payer"),
        CheckConstraint("from_seller >= 0", name="from_seller"),
        CheckConstraint("payer_owed BETWEEN 0 AND from_payer", name="payer_owed"),
        CheckConstraint("seller_owed BETWEEN 0 AND from_seller", name="seller_owed"),
        CheckConstraint("returned BETWEEN 0 AND amount", name="returned"),
        CheckConstraint("fee >= 0", name="fee"),
        CheckConstraint("status IN ('opened', 'won', 'lost')", name="status"),
        CheckConstraint("from_escrow + from_payer + from_seller = amount", name="shares"),
        CheckConstraint("(status = 'opened') = (resolved_at IS NULL)", name="resolved"),
        CheckConstraint("status <> 'won' OR returned = amount", name="won"),
        CheckConstraint("status <> 'opened' OR returned = 0", name="still_out"),
        Index("ix_chargebacks_created_at_id", text("created_at DESC"), text("id DESC")),
        Index("ix_chargebacks_payment_id", "payment_id"),
        Index("ix_chargebacks_order_id", "order_id", postgresql_where=text("order_id IS NOT NULL")),
        Index("ix_chargebacks_payer_id", "payer_id", postgresql_where=text("status = 'opened'")),
        Index("ix_chargebacks_seller_id", "seller_id", postgresql_where=text("status = 'opened'")),
        Index("ix_chargebacks_next_poll_at", "next_poll_at", postgresql_where=text("next_poll_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    provider_reference: Mapped[str]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    payer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    seller_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    from_escrow: Mapped[int] = mapped_column(Minor)
    from_payer: Mapped[int] = mapped_column(Minor)
    from_seller: Mapped[int] = mapped_column(Minor)
    payer_owed: Mapped[int] = mapped_column(Minor)
    seller_owed: Mapped[int] = mapped_column(Minor)
    returned: Mapped[int] = mapped_column(Minor)
    fee: Mapped[int] = mapped_column(Minor)
    category: Mapped[str | None]
    status: Mapped[str]
    due_at: Mapped[datetime | None]
    next_poll_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    version: Mapped[int]
