"""Builds disagreements and offers from their JSON form inside an order's row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from kro.core.database.columns import known
from kro.order.database.issue_records import Issue, Offer
from kro.order.database.issue_words import IssueCategory, IssueStatus, OfferStatus
from kro.order.database.words import OrderStatus, Party

_MOMENTS: Final = (
    "answered_at",
    "respond_by",
    "escalated_at",
    "evidence_by",
    "decide_by",
    "overdue_by",
    "decided_at",
    "appeal_by",
    "ended_at",
)
_IDS: Final = ("condition_id", "assigned_to", "decided_by", "approved_by")
_PARTIES: Final = ("escalated_by", "appealed_by")


def read_issue(item: dict[str, Any]) -> Issue:
    return Issue(
        **{
            **known(Issue, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "reported_by": Party(item["reported_by"]),
            "category": IssueCategory(item["category"]),
            "from_status": OrderStatus(item["from_status"]),
            "status": IssueStatus(item["status"]),
            "reported_at": datetime.fromisoformat(item["reported_at"]),
            "negotiate_by": datetime.fromisoformat(item["negotiate_by"]),
            **{name: moment(item[name]) for name in _MOMENTS},
            **{name: UUID(item[name]) if item[name] else None for name in _IDS},
            **{name: Party(item[name]) if item[name] else None for name in _PARTIES},
        }
    )


def read_offer(item: dict[str, Any]) -> Offer:
    return Offer(
        **{
            **known(Offer, item),
            "id": UUID(item["id"]),
            "order_id": UUID(item["order_id"]),
            "issue_id": UUID(item["issue_id"]) if item["issue_id"] else None,
            "made_by": Party(item["made_by"]),
            "status": OfferStatus(item["status"]),
            "created_at": datetime.fromisoformat(item["created_at"]),
            "expires_at": datetime.fromisoformat(item["expires_at"]),
            "settled_at": moment(item["settled_at"]),
        }
    )


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None
