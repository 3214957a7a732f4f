from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class TwoFactorAdminRow(Base):
    __tablename__ = "two_factor_admin"

    admin_id: Mapped[UUID] = mapped_column(ForeignKey("admins.id"), primary_key=True)
    secret_sealed: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_used_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]


class TwoFactorUserRow(Base):
    __tablename__ = "two_factor_user"

    id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret_sealed: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    last_used_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class RecoveryCodeRow(Base):
    """One of the codes that stand in for a lost authenticator, of a user or an admin."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, admin_id) = 1", name="owner"),
        UniqueConstraint("code_mac"),
        Index("ix_recovery_codes_user_id", "user_id"),
        Index("ix_recovery_codes_admin_id", "admin_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    admin_id: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    code_mac: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]
