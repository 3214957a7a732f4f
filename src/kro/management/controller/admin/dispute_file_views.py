"""A dispute with all that is on its record, as the admin sees it who decides about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.management.controller.admin.dispute_views import DisputeRead
from kro.order.domain import Author, DisputeFile, Message, MessageWarning, OfferStatus, OrderType, Party, event_item


class DisputePartyRead(Output):
    id: str
    display_name: str


class DisputeConditionRead(Output):
    id: str
    position: int
    kind: str
    title: str
    description: str
    confirmed_by: str
    required: bool
    evidence_required: bool
    status: str
    note: str | None
    evidence_ids: list[str]
    submitted_at: datetime | None
    settled_at: datetime | None
    settled_by: Party | None
    rejection_reason: str | None


class DisputeEvidenceRead(Output):
    """A file; its bytes are for the admin the dispute is assigned to."""

    id: str
    handed_in_by: Party
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    created_at: datetime


class DisputeStatementRead(Output):
    author: Party
    author_id: str | None
    text: str
    evidence_ids: list[str]
    created_at: datetime


class DisputeOfferRead(Output):
    made_by: Party
    seller_amount: MoneyOut
    note: str | None
    status: OfferStatus
    created_at: datetime


class DisputeRulingRead(Output):
    round: int
    awarded: MoneyOut
    grounds: str
    decided_by: str
    approved_by: str | None
    decided_at: datetime


class DisputeEventRead(Output):
    seq: int
    type: str
    actor: Party
    data: dict[str, Any]
    at: datetime


class DisputeFileRead(DisputeRead):
    """All that is on a dispute's record; of the parties no more than their names."""

    order_type: OrderType
    order_description: str
    amount: MoneyOut
    statement: str = Field(description="What was reported.")
    condition_id: str | None
    buyer: DisputePartyRead
    seller: DisputePartyRead
    conditions: list[DisputeConditionRead]
    evidence: list[DisputeEvidenceRead]
    statements: list[DisputeStatementRead]
    offers: list[DisputeOfferRead]
    rulings: list[DisputeRulingRead]
    timeline: list[DisputeEventRead] = Field(description="The newest 500 events of the order, oldest first.")

    @classmethod
    def of_file(cls, file: DisputeFile) -> Self:
        issue, order = file.dispute.issue, file.dispute.order
        return cls(
            **DisputeRead.facts(file.dispute),
            order_type=order.order_type,
            order_description=order.description,
            amount=MoneyOut(amount=order.amount, currency=order.currency),
            statement=issue.statement,
            condition_id=show_id("cnd", issue.condition_id) if issue.condition_id else None,
            buyer=DisputePartyRead(id=show_id("usr", order.buyer_id), display_name=file.buyer_name),
            seller=DisputePartyRead(id=show_id("usr", order.seller_id), display_name=file.seller_name),
            **_record(file, order.currency),
        )


def _record(file: DisputeFile, currency: str) -> dict[str, Any]:
    return {
        "conditions": [
            {
                **{name: getattr(condition, name) for name in _CONDITION},
                "id": show_id("cnd", condition.id),
                "evidence_ids": [show_id("evd", evidence_id) for evidence_id in condition.evidence_ids],
            }
            for condition in file.conditions
        ],
        "evidence": [{**item, "id": show_id("evd", UUID(item["id"]))} for item in file.files],
        "statements": [
            {
                **{name: item[name] for name in ("author", "text", "created_at")},
                "author_id": show_id("adm", UUID(item["author_id"])) if item["author"] == Party.ADMIN else None,
                "evidence_ids": [show_id("evd", UUID(evidence_id)) for evidence_id in item["evidence_ids"]],
            }
            for item in file.statements
        ],
        "offers": [
            {
                **{name: item[name] for name in ("made_by", "note", "status", "created_at")},
                "seller_amount": {"amount": item["seller_amount"], "currency": currency},
            }
            for item in file.offers
        ],
        "rulings": [
            {
                **{name: item[name] for name in ("round", "grounds", "decided_at")},
                "awarded": {"amount": item["awarded"], "currency": currency},
                "decided_by": show_id("adm", UUID(item["decided_by"])),
                "approved_by": show_id("adm", UUID(item["approved_by"])) if item["approved_by"] else None,
            }
            for item in file.rulings
        ],
        "timeline": [
            {**{name: item[name] for name in ("seq", "type", "data", "at")}, "actor": item["actor"]["kind"]}
            for item in map(event_item, file.timeline)
        ],
    }


_CONDITION = (
    "position",
    "kind",
    "title",
    "description",
    "confirmed_by",
    "required",
    "evidence_required",
    "status",
    "note",
    "submitted_at",
    "settled_at",
    "settled_by",
    "rejection_reason",
)


class DisputeMessageRead(Output):
    """What one party wrote to the other, with nothing hidden."""

    id: str
    seq: int
    author: Author
    text: str | None = Field(description="Nothing when it was taken back before the order was contested.")
    warnings: list[MessageWarning]
    evidence_ids: list[str]
    created_at: datetime

    @classmethod
    def of(cls, message: Message) -> Self:
        return cls(
            id=show_id("msg", message.id),
            seq=message.seq,
            author=message.author_kind,
            text=None if message.redacted_at is not None else message.original,
            warnings=list(message.warnings),
            evidence_ids=[show_id("evd", evidence_id) for evidence_id in message.evidence_ids],
            created_at=message.created_at,
        )


class DisputeThreadRead(Output):
    data: list[DisputeMessageRead]
    has_more: bool
