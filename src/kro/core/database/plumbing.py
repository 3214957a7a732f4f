"""Tables every module writes through its decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Xid8


class IdempotencyKeyRow(Base):
    __tablename__ = "idempotency_keys"

    principal_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    route: Mapped[str]
    fingerprint: Mapped[str]
    status: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[str]
    content_type: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Base):
    __tablename__ = "audit_log"
    __table_args__ = (
        CheckConstraint("result IN ('done', 'refused')", name="result"),
        Index("ix_audit_log_target_id", "target_id", "at"),
        Index("ix_audit_log_actor_id", "actor_id", "at"),
        Index("ix_audit_log_xid_id", "xid", "id"),
        Index("ix_audit_log_at_id", "at", "id"),
        Index("ix_audit_log_action", "action", "at"),
        Index("ix_audit_log_ip", "ip", "at"),
        Index("ix_audit_log_request_id", "request_id"),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    action: Mapped[str]
    target_type: Mapped[str]
    target_id: Mapped[UUID | None]
    result: Mapped[str]
    reason: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
    request_id: Mapped[str | None]
    ip: Mapped[str | None]
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class TraceRow(Base):
    """The trace that wrote a journal or an event of an order, while traces are exported; ``row_id`` names that row."""

    __tablename__ = "traces"

    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    trace_id: Mapped[UUID] = mapped_column(index=True)
    request_id: Mapped[str | None]
    """The request that caused it, also of what a worker wrote on its behalf."""


class BackfillRow(Base):
    __tablename__ = "backfills"

    name: Mapped[str] = mapped_column(primary_key=True)
    after: Mapped[str | None]
    changed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]
