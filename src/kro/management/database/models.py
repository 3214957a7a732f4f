from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class BankAccountRow(Base):
    __tablename__ = "bank_accounts"
    __table_args__ = (
        CheckConstraint("name_match IN ('match', 'partial', 'mismatch')", name="name_match"),
        Index(
            "uq_bank_accounts_user_id_account",
            "user_id",
            "bank_code",
            "account_number_index",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    bank_code: Mapped[str]
    bank_name: Mapped[str]
    account_number_sealed: Mapped[str]
    account_number_index: Mapped[str]
    account_number_last4: Mapped[str]
    account_name: Mapped[str]
    currency: Mapped[str]
    usable_from: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    name_match: Mapped[str] = mapped_column(server_default=text("'mismatch'"))


class UserNoteRow(Base):
    __tablename__ = "user_notes"
    __table_args__ = (Index("ix_user_notes_user_id", "user_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    admin_id: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]
