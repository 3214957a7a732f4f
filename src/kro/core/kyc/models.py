from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base

_LIMITS = ("order_limit", "payout_limit", "day_in_limit", "day_out_limit", "balance_limit")


class TierLimitRow(Base):
    """The constraint against overlapping rules is in the migration; SQLAlchemy does not compare those."""

    __tablename__ = "kyc_tier_limits"
    __table_args__ = (
        CheckConstraint("tier BETWEEN 0 AND 3", name="tier"),
        *(CheckConstraint(f"{name} >= 0", name=name) for name in _LIMITS),
        CheckConstraint("requires <@ '{phone,identity,bvn,nin,address}'", name="requires"),
        CheckConstraint("effective_to > effective_from", name="period"),
        Index("ix_kyc_tier_limits_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tier: Mapped[int] = mapped_column(SmallInteger)
    currency: Mapped[str]
    order_limit: Mapped[int | None] = mapped_column(BigInteger)
    payout_limit: Mapped[int | None] = mapped_column(BigInteger)
    day_in_limit: Mapped[int | None] = mapped_column(BigInteger)
    day_out_limit: Mapped[int | None] = mapped_column(BigInteger)
    balance_limit: Mapped[int | None] = mapped_column(BigInteger)
    requires: Mapped[list[str]] = mapped_column(ARRAY(Text))
    effective_from: Mapped[datetime]
    effective_to: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    withdrawn_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    reason: Mapped[str | None]
