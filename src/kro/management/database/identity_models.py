from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class ConsentRow(Base):
    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("purpose IN ('identity_check')", name="purpose"),
        Index("ix_consents_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str]
    text_version: Mapped[str]
    given_at: Mapped[datetime]
    ip: Mapped[str | None]
    session_id: Mapped[UUID | None]
    request_id: Mapped[str | None]


class IdentityCheckRow(Base):
    __tablename__ = "identity_checks"
    __table_args__ = (
        CheckConstraint("kind IN ('bvn', 'nin')", name="kind"),
        CheckConstraint("status IN ('pending', 'review', 'verified', 'refused')", name="status"),
        CheckConstraint("last4 ~ '^[0-9]{4}$'", name="last4"),
        CheckConstraint("status = 'refused' OR num_nulls(number_key, number_sealed) = 0", name="number"),
        CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name="asked"),
        Index(
            "uq_identity_checks_number",
            "kind",
            "number_index",
            unique=True,
            postgresql_where=text("status = 'verified'"),
        ),
        Index(
            "uq_identity_checks_user_id_kind",
            "user_id",
            "kind",
            unique=True,
            postgresql_where=text("status = 'verified'"),
        ),
        Index(
            "uq_identity_checks_user_id_open",
            "user_id",
            unique=True,
            postgresql_where=text("status IN ('pending', 'review')"),
        ),
        Index("ix_identity_checks_user_id", "user_id", text("created_at DESC")),
        Index("ix_identity_checks_status", "status", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_identity_checks_next_attempt_at",
            "next_attempt_at",
            postgresql_where=text("next_attempt_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    status: Mapped[str]
    cause: Mapped[str | None]
    number_key: Mapped[str | None]
    number_sealed: Mapped[str | None]
    record_sealed: Mapped[str | None]
    number_index: Mapped[str]
    last4: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    middle_name: Mapped[str | None]
    score: Mapped[int | None] = mapped_column(SmallInteger)
    provider: Mapped[str | None]
    provider_reference: Mapped[str | None]
    consent_id: Mapped[UUID] = mapped_column(ForeignKey("consents.id"))
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
