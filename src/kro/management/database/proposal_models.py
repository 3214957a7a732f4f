from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base


class ProposalRow(Base):
    """Something no single person may do: proposed by one, approved or rejected by another."""

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('adjustment', 'goodwill', 'journal_reversal', 'receivable_write_off', 'suspense_credit', "
            "'suspense_return', 'dispute_decision', 'hold_lift', 'freeze_lift', 'opening_transfer')",
            name="kind",
        ),
        CheckConstraint("subject_id IS NOT NULL OR kind IN ('adjustment', 'goodwill')", name="subject_id"),
        CheckConstraint("status IN ('proposed', 'approved', 'rejected')", name="status"),
        CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("status <> 'approved' OR decided_by <> proposed_by", name="two_persons"),
        Index("uq_proposals_open", "kind", "subject_id", unique=True, postgresql_where=text("status = 'proposed'")),
        Index("ix_proposals_created_at_id", text("created_at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    beneficiary_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    payload: Mapped[dict[str, Any]]
    reason_code: Mapped[str]
    ticket: Mapped[str]
    note: Mapped[str]
    status: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    created_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    decided_at: Mapped[datetime | None]
    rejection_reason: Mapped[str | None]
    version: Mapped[int]
