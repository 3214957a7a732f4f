"""The tables beside ``audit_log`` itself, which is with the plumbing every decision writes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, SmallInteger, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Xid8


class AuditSealRow(Base):
    __tablename__ = "audit_seals"
    __table_args__ = (
        UniqueConstraint("audit_id"),
        CheckConstraint("position > 0", name="position"),
        CheckConstraint("octet_length(hash) = 32", name="hash"),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    audit_id: Mapped[UUID]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditHeadRow(Base):
    __tablename__ = "audit_head"
    __table_args__ = (
        CheckConstraint("id = 1", name="id"),
        CheckConstraint("octet_length(hash) = 32", name="hash"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    horizon: Mapped[int] = mapped_column(Xid8)
    sealed_at: Mapped[datetime]


class AuditExportRow(Base):
    __tablename__ = "audit_exports"
    __table_args__ = (
        UniqueConstraint("after_position"),
        CheckConstraint("octet_length(hash) = 32", name="hash"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("position > after_position", name="range"),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    after_position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    storage_key: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class DetachedMonthRow(Base):
    """A month that left the audit log: what its seals were, and the manifest of the files that hold it."""

    __tablename__ = "detached_months"
    __table_args__ = (CheckConstraint("parent = 'audit_log'", name="parent"),)

    partition: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str]
    from_id: Mapped[UUID | None]
    until_id: Mapped[UUID]
    row_count: Mapped[int] = mapped_column(BigInteger)
    first_position: Mapped[int] = mapped_column(BigInteger)
    through_position: Mapped[int] = mapped_column(BigInteger)
    seals_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    manifest_key: Mapped[str]
    manifest_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    detached_at: Mapped[datetime] = mapped_column(server_default=func.now())
