"""The tables of what providers lend us, who paid through them, and which of them take new business."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class VirtualAccountRow(Base):
    """An account a provider lends to a user for good: what arrives on it is a top-up."""

    __tablename__ = "virtual_accounts"
    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("status IN ('requested', 'active', 'failed')", name="status"),
        CheckConstraint("(status = 'active') = (account_number IS NOT NULL)", name="number"),
        Index("uq_virtual_accounts_account_number", "provider", "account_number", unique=True),
        Index(
            "uq_virtual_accounts_lent",
            "user_id",
            "provider",
            "currency",
            unique=True,
            postgresql_where=text("status <> 'failed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str]
    currency: Mapped[str]
    reference: Mapped[str]
    status: Mapped[str]
    provider_reference: Mapped[str | None]
    account_number: Mapped[str | None]
    account_name: Mapped[str | None]
    bank_name: Mapped[str | None]
    failure_code: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PayerRow(Base):
    """Who paid. ``sealed`` is JSON: it names people and their accounts."""

    __tablename__ = "payers"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    sealed: Mapped[str]
    created_at: Mapped[datetime]


class ProviderSwitchRow(Base):
    """What admins let a provider do in one direction; without a row everything."""

    __tablename__ = "provider_switches"
    __table_args__ = (
        UniqueConstraint("provider", "direction", name="uq_provider_switches_provider_direction"),
        CheckConstraint("direction IN ('collections', 'payouts')", name="direction"),
        CheckConstraint("state IN ('enabled', 'draining', 'disabled')", name="state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    direction: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    changed_by: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    version: Mapped[int]
    updated_at: Mapped[datetime]
