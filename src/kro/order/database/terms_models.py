from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class OrderTermsRow(Base):
    """What was on the table as one version of an order's terms; never changed."""

    __tablename__ = "order_terms"
    __table_args__ = (CheckConstraint("proposed_by IN ('buyer', 'seller')", name="proposed_by"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str]
    proposed_by: Mapped[str]
    terms: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class AmendmentRow(Base):
    __tablename__ = "amendments"
    __table_args__ = (
        CheckConstraint("proposed_by IN ('buyer', 'seller')", name="proposed_by"),
        CheckConstraint("status IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')", name="status"),
        Index("uq_amendments_order_id_open", "order_id", unique=True, postgresql_where="status = 'open'"),
        Index("ix_amendments_order_id_created_at", "order_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    proposed_by: Mapped[str]
    base_version: Mapped[int]
    hash: Mapped[str]
    price: Mapped[dict[str, Any] | None]
    delivery_hours: Mapped[int | None]
    inspection_hours: Mapped[int | None]
    added: Mapped[list[Any]]
    removed: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID))
    status: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    version: Mapped[int]
