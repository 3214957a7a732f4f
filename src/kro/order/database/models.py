from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, desc, false, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from kro.core.database.base import Base, Minor

_PARTIES = (("buyer_id_", ("buyer_id",)), ("seller_id_", ("seller_id",)), ("", ()))
_HELD = "funded_amount > released_amount + refunded_amount"


class OrderRow(Base):
    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("proposed_by IN ('buyer', 'seller')", name="proposed_by"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("buyer_share_bps BETWEEN 0 AND 10000", name="buyer_share_bps"),
        CheckConstraint("fee_buyer >= 0", name="fee_buyer"),
        CheckConstraint("fee_seller >= 0", name="fee_seller"),
        CheckConstraint("vat_buyer >= 0", name="vat_buyer"),
        CheckConstraint("vat_seller >= 0", name="vat_seller"),
        CheckConstraint(
            "status IN ('created', 'accepted', 'in_progress', 'completed', 'closed', 'issue_reported', 'disputed', "
            "'refunded', 'declined', 'cancelled', 'expired')",
            name="status",
        ),
        CheckConstraint(
            "funding_status IN ('none', 'partial', 'funded', 'part_settled', 'settled')", name="funding_status"
        ),
        CheckConstraint("funded_amount >= 0", name="funded_amount"),
        CheckConstraint("released_amount >= 0", name="released_amount"),
        CheckConstraint("refunded_amount >= 0", name="refunded_amount"),
        CheckConstraint("inspection_added_hours >= 0", name="inspection_added_hours"),
        CheckConstraint("revisions >= 0", name="revisions"),
        CheckConstraint("revisions_used BETWEEN 0 AND revisions", name="revisions_used"),
        CheckConstraint("released_in_parts >= 0 AND released_in_parts < amount", name="released_in_parts"),
        CheckConstraint("NOT compliance_hold OR on_hold", name="compliance_hold"),
        CheckConstraint("buyer_id <> seller_id", name="parties"),
        CheckConstraint("funded_amount >= released_amount + refunded_amount", name="settled"),
        CheckConstraint(
            "(status IN ('closed', 'refunded', 'declined', 'cancelled', 'expired')) = (ended_at IS NOT NULL)",
            name="ended",
        ),
        CheckConstraint("ended_at IS NULL OR funded_amount = released_amount + refunded_amount", name="ended_empty"),
        Index("ix_orders_buyer_id_created_at_id", "buyer_id", desc("created_at"), desc("id")),
        Index("ix_orders_seller_id_created_at_id", "seller_id", desc("created_at"), desc("id")),
        Index("ix_orders_created_at_id", desc("created_at"), desc("id")),
        Index("ix_orders_buyer_id_seller_id_created_at_id", "buyer_id", "seller_id", desc("created_at"), desc("id")),
        CheckConstraint(
            "ended_as IS NOT DISTINCT FROM CASE WHEN ended_at IS NOT NULL THEN status END", name="ended_as"
        ),
        *(
            Index(f"ix_orders_{name}open", *party, desc("created_at"), desc("id"), postgresql_where="ended_at IS NULL")
            for name, party in _PARTIES
        ),
        *(
            Index(
                f"ix_orders_{name}ended",
                *party,
                "ended_as",
                desc("created_at"),
                desc("id"),
                postgresql_where="ended_as IS NOT NULL",
            )
            for name, party in _PARTIES
        ),
        Index("ix_orders_on_hold", desc("created_at"), desc("id"), postgresql_where="on_hold"),
        Index("ix_orders_words", text("order_words(id, buyer_id, seller_id, title)"), postgresql_using="gin"),
        Index("ix_orders_buyer_id_held", "buyer_id", postgresql_where=_HELD),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    proposed_by: Mapped[str]
    order_type: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int] = mapped_column(Minor)
    buyer_share_bps: Mapped[int]
    fee_buyer: Mapped[int] = mapped_column(Minor)
    fee_seller: Mapped[int] = mapped_column(Minor)
    vat_buyer: Mapped[int] = mapped_column(Minor)
    vat_seller: Mapped[int] = mapped_column(Minor)
    fee_basis: Mapped[dict[str, Any]]
    terms_version: Mapped[int]
    terms_hash: Mapped[str]
    accepted_hash: Mapped[str | None]
    delivery_hours: Mapped[int]
    inspection_hours: Mapped[int]
    status: Mapped[str]
    funding_status: Mapped[str]
    close_reason: Mapped[str | None]
    on_hold: Mapped[bool]
    funded_amount: Mapped[int] = mapped_column(Minor)
    released_amount: Mapped[int] = mapped_column(Minor)
    refunded_amount: Mapped[int] = mapped_column(Minor)
    accept_by: Mapped[datetime | None]
    fund_by: Mapped[datetime | None]
    deliver_by: Mapped[datetime | None]
    inspect_by: Mapped[datetime | None]
    inspection_added_hours: Mapped[int] = mapped_column(server_default=text("0"))
    buyer_extended: Mapped[bool] = mapped_column(server_default=false())
    revisions: Mapped[int] = mapped_column(server_default=text("0"))
    revisions_used: Mapped[int] = mapped_column(server_default=text("0"))
    released_in_parts: Mapped[int] = mapped_column(Minor, server_default=text("0"))
    code_is_acceptance: Mapped[bool] = mapped_column(server_default=false())
    compliance_hold: Mapped[bool] = mapped_column(server_default=false())
    held_since: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    receipt_extensions: Mapped[int] = mapped_column(server_default=text("0"))
    overdue_reminders: Mapped[int] = mapped_column(server_default=text("0"))
    last_seq: Mapped[int]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    contested_at: Mapped[datetime | None]
    ended_as: Mapped[str | None]


class ConditionRow(Base):
    __tablename__ = "conditions"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('confirm', 'document', 'delivery_code', 'date', 'inspection', 'third_party')", name="kind"
        ),
        CheckConstraint("confirmed_by IN ('buyer', 'seller', 'both', 'admin', 'system')", name="confirmed_by"),
        CheckConstraint("status IN ('pending', 'submitted', 'fulfilled', 'waived', 'withdrawn')", name="status"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("code_tries >= 0", name="code_tries"),
        Index(
            "uq_conditions_order_id_position",
            "order_id",
            "position",
            unique=True,
            postgresql_where=text("status <> 'withdrawn'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    confirmed_by: Mapped[str]
    required: Mapped[bool]
    evidence_required: Mapped[bool]
    deemed_on_timeout: Mapped[bool]
    template_code: Mapped[str | None]
    status: Mapped[str]
    note: Mapped[str | None]
    evidence_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID))
    submitted_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None]
    rejection_reason: Mapped[str | None]
    amount: Mapped[int | None] = mapped_column(Minor)
    not_before: Mapped[datetime | None]
    inspect_by: Mapped[datetime | None]
    code_hash: Mapped[str | None]
    code_tries: Mapped[int] = mapped_column(server_default=text("0"))
    version: Mapped[int]


class ConditionTemplate(Base):
    __tablename__ = "condition_templates"

    code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    order_type: Mapped[str]
    title: Mapped[str]
    conditions: Mapped[list[Any]]
    active: Mapped[bool]


class EvidenceRow(Base):
    __tablename__ = "evidence"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Minor)
    sha256: Mapped[str]
    storage_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OrderEvent(Base):
    __tablename__ = "order_events"
    __table_args__ = (CheckConstraint("actor_kind IN ('buyer', 'seller', 'admin', 'system')", name="actor_kind"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class EvidenceUploadRow(Base):
    __tablename__ = "evidence_uploads"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_bytes"),
        CheckConstraint("status IN ('pending', 'completed', 'expired')", name="status"),
        CheckConstraint("(status = 'completed') = (evidence_id IS NOT NULL)", name="completed"),
        CheckConstraint("slot IS NULL OR status = 'pending'", name="slot_status"),
        UniqueConstraint("uploaded_by", "slot", name="uq_evidence_uploads_uploaded_by_slot"),
        Index("ix_evidence_uploads_expires_at_uncleaned", "expires_at", postgresql_where="cleaned_at IS NULL"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    file_name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(Minor)
    upload_key: Mapped[str | None]
    storage_key: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    slot: Mapped[int | None]
    evidence_id: Mapped[UUID | None] = mapped_column(ForeignKey("evidence.id"), unique=True)
    expires_at: Mapped[datetime]
    cleaned_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(server_default=text("1"))
