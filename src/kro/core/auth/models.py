"""The tables of people and their sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class UserRoleRow(Base):
    __tablename__ = "user_roles"
    __table_args__ = (CheckConstraint("audience IN ('user', 'admin')", name="audience"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str]
    title: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))


class UserRow(Base):
    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("phone"),
        CheckConstraint("status IN ('pending', 'active', 'suspended', 'closed', 'invited')", name="status"),
        CheckConstraint("status = 'invited' OR password_hash <> ''", name="password_hash"),
        CheckConstraint("kyc_tier BETWEEN 0 AND 3", name="kyc_tier"),
        Index("uq_users_email_proven", "email", unique=True, postgresql_where=text("email_verified_at IS NOT NULL")),
        Index(
            "ix_users_closed_at",
            "closed_at",
            postgresql_where=text("closed_at IS NOT NULL AND erased_at IS NULL"),
        ),
        Index("ix_users_invited", "updated_at", postgresql_where=text("status = 'invited'")),
        Index("ix_users_words", text("person_words(first_name, last_name)"), postgresql_using="gin"),
        Index("ix_users_lower_email", text("lower(email)")),
        Index("ix_users_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str | None]
    email: Mapped[str | None]
    first_name: Mapped[str]
    last_name: Mapped[str]
    password_hash: Mapped[str]
    status: Mapped[str]
    role_code: Mapped[str] = mapped_column(ForeignKey("user_roles.code"))
    kyc_tier: Mapped[int] = mapped_column(SmallInteger)
    phone_verified_at: Mapped[datetime | None]
    frozen_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    email_verified_at: Mapped[datetime | None]
    credentials_changed_at: Mapped[datetime | None]
    legal_hold_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    former_phone: Mapped[str | None]
    former_email: Mapped[str | None]


class AdminRow(Base):
    __tablename__ = "admins"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("status IN ('active', 'suspended')", name="status"),
        CheckConstraint(r"phone ~ '^\+[1-9][0-9]{6,14}$'", name="phone"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    status: Mapped[str]
    role_code: Mapped[str] = mapped_column(ForeignKey("user_roles.code"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    phone: Mapped[str | None]


class SessionRow(Base):
    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("refresh_hash"),
        CheckConstraint("audience IN ('user', 'admin')", name="audience"),
        CheckConstraint(
            "(audience = 'user') = (user_id IS NOT NULL) AND (audience = 'admin') = (admin_id IS NOT NULL)",
            name="principal",
        ),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        Index("ix_sessions_user_id", "user_id", postgresql_where=text("revoked_at IS NULL")),
        Index("ix_sessions_user_id_country", "user_id", "country", postgresql_where=text("country IS NOT NULL")),
        Index(
            "ix_sessions_admin_id_live",
            "admin_id",
            postgresql_where=text("revoked_at IS NULL AND admin_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    audience: Mapped[str]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    admin_id: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    refresh_hash: Mapped[bytes]
    previous_hash: Mapped[bytes | None]
    rotated_at: Mapped[datetime | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]
    country: Mapped[str | None]


class AdminEnrolmentRow(Base):
    """An invitation to be an admin, or a new authenticator for one: ends when its first code confirms it."""

    __tablename__ = "admin_enrolments"
    __table_args__ = (
        CheckConstraint("purpose IN ('invite', 'reset')", name="purpose"),
        CheckConstraint("end_reason IN ('accepted', 'revoked')", name="end_reason"),
        CheckConstraint("agreed_by <> asked_by", name="two_persons"),
        CheckConstraint("subject_id <> asked_by AND subject_id <> agreed_by", name="not_about_oneself"),
        CheckConstraint("purpose = 'invite' OR token_hash IS NULL OR agreed_by IS NOT NULL", name="agreed"),
        UniqueConstraint("token_hash"),
        Index("ix_admin_enrolments_created_at", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    subject_id: Mapped[UUID]
    email: Mapped[str]
    name: Mapped[str]
    role_code: Mapped[str] = mapped_column(ForeignKey("user_roles.code"))
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    agreed_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    reason: Mapped[str]
    token_hash: Mapped[bytes | None]
    password_hash: Mapped[str | None]
    secret_sealed: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
