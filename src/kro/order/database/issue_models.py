from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor

_NOT_OVER = "status NOT IN ('effective', 'withdrawn', 'settled')"


class IssueRow(Base):
    __tablename__ = "issues"
    __table_args__ = (
        CheckConstraint("reported_by IN ('buyer', 'seller', 'system')", name="reported_by"),
        CheckConstraint("from_status IN ('in_progress', 'completed')", name="from_status"),
        CheckConstraint(
            "status IN ('negotiating', 'evidence', 'under_review', 'decided', 'appealed', 'final', 'effective', "
            "'withdrawn', 'settled')",
            name="status",
        ),
        CheckConstraint("awarded >= 0", name="awarded"),
        CheckConstraint("round IN (1, 2)", name="round"),
        CheckConstraint(
            "(status IN ('effective', 'withdrawn', 'settled')) = (ended_at IS NOT NULL)",
            name="ended",
        ),
        Index("uq_issues_order_id_open", "order_id", unique=True, postgresql_where=text(_NOT_OVER)),
        Index("ix_issues_order_id", "order_id"),
        Index("ix_issues_decide_by_open", "decide_by", postgresql_where=text(_NOT_OVER)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    condition_id: Mapped[UUID | None] = mapped_column(ForeignKey("conditions.id"))
    reported_by: Mapped[str]
    category: Mapped[str]
    statement: Mapped[str]
    from_status: Mapped[str]
    status: Mapped[str]
    reported_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    respond_by: Mapped[datetime | None]
    negotiate_by: Mapped[datetime]
    escalated_by: Mapped[str | None]
    escalated_at: Mapped[datetime | None]
    evidence_by: Mapped[datetime | None]
    decide_by: Mapped[datetime | None]
    overdue_by: Mapped[datetime | None]
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    round: Mapped[int]
    awarded: Mapped[int | None] = mapped_column(Minor)
    grounds: Mapped[str | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    decided_at: Mapped[datetime | None]
    appeal_by: Mapped[datetime | None]
    appealed_by: Mapped[str | None]
    appeal_grounds: Mapped[str | None]
    waived_by_buyer: Mapped[bool] = mapped_column(server_default=false())
    waived_by_seller: Mapped[bool] = mapped_column(server_default=false())
    ended_at: Mapped[datetime | None]
    version: Mapped[int]


class OfferRow(Base):
    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("made_by IN ('buyer', 'seller')", name="made_by"),
        CheckConstraint("status IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')", name="status"),
        CheckConstraint("seller_amount >= 0", name="seller_amount"),
        Index(
            "uq_offers_order_id_made_by_open", "order_id", "made_by", unique=True, postgresql_where="status = 'open'"
        ),
        Index("ix_offers_order_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    issue_id: Mapped[UUID | None] = mapped_column(ForeignKey("issues.id"))
    made_by: Mapped[str]
    seller_amount: Mapped[int] = mapped_column(Minor)
    note: Mapped[str | None]
    status: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    version: Mapped[int]


class RulingRow(Base):
    __tablename__ = "rulings"
    __table_args__ = (
        CheckConstraint("awarded >= 0", name="awarded"),
        CheckConstraint("approved_by <> decided_by", name="two_persons"),
        UniqueConstraint("issue_id", "round", name="uq_rulings_issue_id_round"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID] = mapped_column(ForeignKey("issues.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    round: Mapped[int]
    awarded: Mapped[int] = mapped_column(Minor)
    grounds: Mapped[str]
    decided_by: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    decided_at: Mapped[datetime]


class StatementRow(Base):
    __tablename__ = "statements"
    __table_args__ = (
        CheckConstraint("author IN ('buyer', 'seller', 'admin')", name="author"),
        Index("ix_statements_issue_id_created_at", "issue_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issue_id: Mapped[UUID] = mapped_column(ForeignKey("issues.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    author: Mapped[str]
    author_id: Mapped[UUID | None]
    text: Mapped[str]
    evidence_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID))
    created_at: Mapped[datetime]


class HoldRow(Base):
    __tablename__ = "order_holds"
    __table_args__ = (
        CheckConstraint("lift_approved_by <> lifted_by", name="two_persons"),
        Index("uq_order_holds_order_id_open", "order_id", unique=True, postgresql_where="lifted_at IS NULL"),
        Index("ix_order_holds_placed_at_id", text("placed_at DESC"), text("id DESC")),
        Index("ix_order_holds_order_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    reason: Mapped[str]
    note: Mapped[str]
    placed_by: Mapped[UUID] = mapped_column(ForeignKey("admins.id"))
    placed_at: Mapped[datetime]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    lift_approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("admins.id"))
    lifted_at: Mapped[datetime | None]
    version: Mapped[int]
