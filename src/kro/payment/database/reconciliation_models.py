"""The tables of what providers and banks say, the pairs found, and what does not agree."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor


class ReconciliationImportRow(Base):
    """One statement that was read, and the period and kinds of lines it is complete for."""

    __tablename__ = "reconciliation_imports"
    __table_args__ = (
        CheckConstraint("source IN ('provider', 'bank')", name="source"),
        CheckConstraint("origin IN ('file', 'api')", name="origin"),
        CheckConstraint("state IN ('loading', 'loaded')", name="state"),
        CheckConstraint("period_to > period_from", name="period"),
        Index("ix_reconciliation_imports_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    account: Mapped[str]
    origin: Mapped[str]
    file_sha256: Mapped[str | None]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    period_from: Mapped[datetime]
    period_to: Mapped[datetime]
    state: Mapped[str]
    lines: Mapped[int]
    new_lines: Mapped[int]
    imported_by: Mapped[str]
    created_at: Mapped[datetime]
    loaded_at: Mapped[datetime | None]
    version: Mapped[int]


class ReconciliationLineRow(Base):
    """One line of a statement, as it was told; append-only. A negative amount left us."""

    __tablename__ = "reconciliation_lines"
    __table_args__ = (
        CheckConstraint("source IN ('provider', 'bank')", name="source"),
        CheckConstraint(
            "kind IN ('charge', 'transfer', 'transfer_return', 'refund', 'chargeback', 'chargeback_return', "
            "'chargeback_fee', 'settlement', 'bank')",
            name="kind",
        ),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("fee >= 0", name="fee"),
        UniqueConstraint(
            "source",
            "account",
            "kind",
            "reference",
            "currency",
            "amount",
            "occurred_at",
            "occurrence",
            name="uq_reconciliation_lines_content",
        ),
        Index("ix_reconciliation_lines_occurred_at", "occurred_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliation_imports.id"))
    source: Mapped[str]
    account: Mapped[str]
    kind: Mapped[str]
    reference: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    fee: Mapped[int | None] = mapped_column(Minor)
    occurred_at: Mapped[datetime]
    occurrence: Mapped[int]
    narration: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReconciliationRunRow(Base):
    __tablename__ = "reconciliation_runs"
    __table_args__ = (
        CheckConstraint("origin IN ('nightly', 'admin', 'command')", name="origin"),
        CheckConstraint("status IN ('requested', 'running', 'done', 'failed')", name="status"),
        UniqueConstraint("slot"),
        Index("uq_reconciliation_runs_running", "status", unique=True, postgresql_where=text("status = 'running'")),
        Index("ix_reconciliation_runs_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    origin: Mapped[str]
    slot: Mapped[date | None]
    status: Mapped[str]
    requested_by: Mapped[str]
    lease_until: Mapped[datetime | None]
    matched: Mapped[int]
    opened: Mapped[int]
    closed: Mapped[int]
    report: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    version: Mapped[int]


class ReconciliationMatchRow(Base):
    """A line and the journal that books it; append-only. A settlement has one line of each side."""

    __tablename__ = "reconciliation_matches"
    __table_args__ = (
        CheckConstraint("source IN ('provider', 'bank')", name="source"),
        UniqueConstraint("journal_id", "source", name="uq_reconciliation_matches_journal_id_source"),
    )

    line_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliation_lines.id"), primary_key=True)
    journal_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_journals.id", deferrable=True, initially="DEFERRED"))
    source: Mapped[str]
    run_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliation_runs.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ReconciliationBreakRow(Base):
    """Something that does not agree. ``in_ledger`` and ``outside`` are what each side says, in minor units."""

    __tablename__ = "reconciliation_breaks"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('missing_in_ledger', 'missing_at_provider', 'missing_at_bank', 'amount_differs', "
            "'currency_differs', 'fee_differs', 'duplicate', 'duplicate_in_ledger', 'unmatched_bank_line')",
            name="kind",
        ),
        CheckConstraint("source IN ('provider', 'bank')", name="source"),
        CheckConstraint("status IN ('open', 'resolved', 'closed')", name="status"),
        CheckConstraint(
            "resolution IN ('corrected_in_ledger', 'corrected_outside', 'timing', 'accepted_difference', 'not_ours')",
            name="resolution",
        ),
        CheckConstraint("(status = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint(
            "(status = 'resolved') = (resolution IS NOT NULL AND note IS NOT NULL AND resolved_by IS NOT NULL)",
            name="resolved",
        ),
        CheckConstraint("line_id IS NOT NULL OR journal_id IS NOT NULL", name="subject"),
        UniqueConstraint("subject"),
        Index("ix_reconciliation_breaks_opened_at_id", text("opened_at DESC"), text("id DESC")),
        Index("ix_reconciliation_breaks_status", "status", "opened_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str]
    kind: Mapped[str]
    source: Mapped[str]
    account: Mapped[str]
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("reconciliation_lines.id"), index=True)
    journal_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_journals.id"), index=True)
    reference: Mapped[str]
    currency: Mapped[str]
    in_ledger: Mapped[int | None] = mapped_column(Minor)
    outside: Mapped[int | None] = mapped_column(Minor)
    occurred_at: Mapped[datetime]
    status: Mapped[str]
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    resolution: Mapped[str | None]
    note: Mapped[str | None]
    resolved_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    version: Mapped[int]
