from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class ContactChangeRow(Base):
    """A change of phone or mail address under way, until both the old and the new one have had their say."""

    __tablename__ = "contact_changes"
    __table_args__ = (
        CheckConstraint("kind IN ('phone', 'email')", name="kind"),
        CheckConstraint("status IN ('open', 'done', 'stopped', 'replaced', 'lapsed')", name="status"),
        Index(
            "uq_contact_changes_user_id_open", "user_id", "kind", unique=True, postgresql_where=text("status = 'open'")
        ),
        Index("ix_contact_changes_open", "takes_effect_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    old_value: Mapped[str | None]
    new_value: Mapped[str | None]
    status: Mapped[str]
    new_proven_at: Mapped[datetime | None]
    old_proven_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    takes_effect_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class DataExportRow(Base):
    """A copy of everything about a person, asked for by that person."""

    __tablename__ = "data_exports"
    __table_args__ = (
        CheckConstraint("status IN ('pending', 'ready', 'expired')", name="status"),
        Index("ix_data_exports_user_id_requested_at", "user_id", "requested_at"),
        Index("ix_data_exports_expires_at", "expires_at", postgresql_where=text("status <> 'expired'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str]
    object_key: Mapped[str | None]
    size_bytes: Mapped[int | None]
    requested_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
