from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class TimerRow(Base):
    """A deadline of an order: cleared or moved by the decision it leads to."""

    __tablename__ = "timers"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    lease_until: Mapped[datetime | None]

    __table_args__ = (Index("ix_timers_due_at", "due_at"),)


class JobClaim(Base):
    """When a repeating job last began, anywhere."""

    __tablename__ = "job_claims"

    name: Mapped[str] = mapped_column(primary_key=True)
    claimed_at: Mapped[datetime]
