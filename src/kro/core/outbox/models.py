from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class OutboxMessage(Base):
    """An effect outside the database, written with the change it follows from."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str]
    ordering_key: Mapped[str | None]
    payload: Mapped[dict[str, object]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    waits: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    delivered_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'dead', 'discarded')", name="state"),
        Index("ix_outbox_due", "topic", "next_attempt_at", "id", postgresql_where=text("state = 'pending'")),
        Index(
            "ix_outbox_ordering_key",
            "ordering_key",
            "created_at",
            "id",
            postgresql_where=text("state = 'pending' AND ordering_key IS NOT NULL"),
        ),
        Index("ix_outbox_dead", "id", postgresql_where=text("state = 'dead'")),
        {"postgresql_partition_by": "RANGE (id)"},
    )
