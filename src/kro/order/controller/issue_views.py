"""What clients get about a disagreement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.order.database.issue_records import Issue, Offer
from kro.order.database.issue_words import IssueCategory, IssueStatus, OfferStatus
from kro.order.database.words import OrderStatus, Party


class OfferRead(Output):
    """How one party would share what the order holds."""

    id: str
    made_by: Party
    seller_amount: MoneyOut
    note: str | None
    status: OfferStatus
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, offer: Offer, currency: str) -> Self:
        return cls(
            id=show_id("ofr", offer.id),
            made_by=offer.made_by,
            seller_amount=MoneyOut(amount=offer.seller_amount, currency=currency),
            note=offer.note,
            status=offer.status,
            created_at=offer.created_at,
            expires_at=offer.expires_at,
        )


class IssueRead(Output):
    """The disagreement that is not over; who decides it is nobody's business."""

    id: str
    condition_id: str | None
    reported_by: Party
    category: IssueCategory
    statement: str
    status: IssueStatus
    reported_at: datetime
    respond_by: datetime | None
    negotiate_by: datetime
    evidence_by: datetime | None
    decide_by: datetime | None
    awarded: MoneyOut | None = Field(description="What the decision gives the seller of the price that was left.")
    grounds: str | None
    appeal_by: datetime | None
    appealed_by: Party | None

    @classmethod
    def of(cls, issue: Issue, currency: str) -> Self:
        return cls(
            id=show_id("iss", issue.id),
            condition_id=show_id("cnd", issue.condition_id) if issue.condition_id else None,
            reported_by=issue.reported_by,
            category=issue.category,
            statement=issue.statement,
            status=issue.status,
            reported_at=issue.reported_at,
            respond_by=issue.respond_by,
            negotiate_by=issue.negotiate_by,
            evidence_by=issue.evidence_by,
            decide_by=issue.decide_by,
            awarded=MoneyOut(amount=issue.awarded, currency=currency) if issue.awarded is not None else None,
            grounds=issue.grounds,
            appeal_by=issue.appeal_by,
            appealed_by=issue.appealed_by,
        )


class StatementRead(Output):
    author: Party
    text: str
    evidence_ids: list[str]
    created_at: datetime


class RulingRead(Output):
    round: int = Field(description="1 is the decision, 2 the one after an appeal.")
    awarded: MoneyOut
    grounds: str
    decided_at: datetime


class IssueRecordRead(Output):
    """One disagreement, open or over, with all that was said, offered and decided."""

    id: str
    reported_by: Party
    category: IssueCategory
    statement: str
    from_status: OrderStatus
    status: IssueStatus
    reported_at: datetime
    escalated_at: datetime | None
    appealed_by: Party | None
    appeal_grounds: str | None
    ended_at: datetime | None
    statements: list[StatementRead]
    offers: list[OfferRead]
    decisions: list[RulingRead]

    @classmethod
    def of(cls, row: Mapping[str, Any], currency: str) -> Self:
        """Return an issue from its row with the record beside it."""
        return cls(
            **{name: row[name] for name in _PLAIN},
            id=show_id("iss", row["id"]),
            statements=[
                StatementRead(
                    **{name: item[name] for name in ("author", "text", "created_at")},
                    evidence_ids=[show_id("evd", UUID(evidence_id)) for evidence_id in item["evidence_ids"]],
                )
                for item in row["record"] or ()
            ],
            offers=[
                OfferRead(
                    **{name: item[name] for name in ("made_by", "note", "status", "created_at", "expires_at")},
                    id=show_id("ofr", UUID(item["id"])),
                    seller_amount=MoneyOut(amount=item["seller_amount"], currency=currency),
                )
                for item in row["offered"] or ()
            ],
            decisions=[
                RulingRead(
                    **{name: item[name] for name in ("round", "grounds", "decided_at")},
                    awarded=MoneyOut(amount=item["awarded"], currency=currency),
                )
                for item in row["decisions"] or ()
            ],
        )


_PLAIN = (
    "reported_by",
    "category",
    "statement",
    "from_status",
    "status",
    "reported_at",
    "escalated_at",
    "appealed_by",
    "appeal_grounds",
    "ended_at",
)


class IssueRecordsRead(Output):
    data: list[IssueRecordRead]
