from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class SanctionListRow(Base):
    __tablename__ = "sanction_lists"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,29}$'", name="code"),
        CheckConstraint("format IN ('un_xml', 'ofac_xml', 'ofac_csv', 'csv')", name="format"),
        CheckConstraint("status IN ('loading', 'active', 'superseded')", name="status"),
        Index("uq_sanction_lists_code", "code", unique=True, postgresql_where=text("status = 'active'")),
        Index("ix_sanction_lists_imported_at_id", text("imported_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str]
    format: Mapped[str]
    sha256: Mapped[str]
    status: Mapped[str]
    entries: Mapped[int]
    names: Mapped[int]
    unreadable: Mapped[int]
    problems: Mapped[Any] = mapped_column(JSON)
    imported_at: Mapped[datetime]
    imported_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    screened_to: Mapped[UUID | None]
    screened_at: Mapped[datetime | None]


class SanctionNameRow(Base):
    __tablename__ = "sanction_names"
    __table_args__ = (
        Index("ix_sanction_names_keys", "keys", postgresql_using="gin"),
        Index("ix_sanction_names_list_id", "list_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    list_id: Mapped[UUID] = mapped_column(ForeignKey("sanction_lists.id"))
    entry_ref: Mapped[str]
    name: Mapped[str]
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text))
    born: Mapped[list[str]] = mapped_column(ARRAY(Text))


class SanctionMatchRow(Base):
    __tablename__ = "sanction_matches"
    __table_args__ = (
        CheckConstraint("source IN ('profile', 'bank_account')", name="source"),
        CheckConstraint("status IN ('open', 'confirmed', 'dismissed')", name="status"),
        Index(
            "uq_sanction_matches_comparison",
            "user_id",
            "list_code",
            "entry_ref",
            func.md5(text("listed_name")),
            func.md5(text("compared_name")),
            unique=True,
        ),
        Index("ix_sanction_matches_status", "status", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    list_code: Mapped[str]
    list_id: Mapped[UUID] = mapped_column(ForeignKey("sanction_lists.id"))
    entry_ref: Mapped[str]
    listed_name: Mapped[str]
    compared_name: Mapped[str]
    source: Mapped[str]
    score: Mapped[int] = mapped_column(SmallInteger)
    likely: Mapped[bool]
    status: Mapped[str]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]


class UserFreezeRow(Base):
    __tablename__ = "user_freezes"
    __table_args__ = (
        CheckConstraint("lift_approved_by <> lifted_by", name="two_persons"),
        CheckConstraint("num_nulls(lifted_by, lift_approved_by, lifted_at) IN (0, 3)", name="lifted"),
        Index("uq_user_freezes_user_id", "user_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    match_id: Mapped[UUID | None] = mapped_column(ForeignKey("sanction_matches.id"))
    placed_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    placed_at: Mapped[datetime]
    reason: Mapped[str]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    lift_approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    lifted_at: Mapped[datetime | None]
    version: Mapped[int]
