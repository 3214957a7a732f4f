from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class OutgoingCallRow(Base):
    """One call to a provider. ``exchange`` is sealed, and ``process`` tells the breakers of processes apart."""

    __tablename__ = "outgoing_calls"
    __table_args__ = (
        CheckConstraint("outcome IN ('answered', 'not_sent', 'unknown')", name="outcome"),
        CheckConstraint("breaker IN ('closed', 'open', 'probing')", name="breaker"),
        CheckConstraint("duration_ms >= 0", name="duration_ms"),
        Index("ix_outgoing_calls_at", "at"),
        Index("ix_outgoing_calls_provider_operation_at", "provider", "operation", text("at DESC")),
        Index("ix_outgoing_calls_reference", "reference", postgresql_where=text("reference IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    provider: Mapped[str]
    operation: Mapped[str]
    reference: Mapped[str | None]
    outcome: Mapped[str]
    cause: Mapped[str | None]
    status: Mapped[int | None]
    breaker: Mapped[str]
    duration_ms: Mapped[int]
    exchange: Mapped[str | None]
    process: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
