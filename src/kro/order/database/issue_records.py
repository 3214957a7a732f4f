"""A disagreement as it was loaded: the case, what is on the table, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kro.order.database.issue_words import IssueCategory, IssueStatus, OfferStatus
from kro.order.database.words import OrderStatus, Party


@dataclass(frozen=True, slots=True)
class Issue:
    """The row of ``issues``: one disagreement about an order, from report to effect.

    ``from_status`` is where the order goes on when it is withdrawn. ``awarded`` is what a decision gives the seller of
    the price that was left, in minor units; ``None`` until there is one. ``round`` is 2 after an appeal.
    """

    id: UUID
    order_id: UUID
    condition_id: UUID | None
    reported_by: Party
    category: IssueCategory
    statement: str
    from_status: OrderStatus
    status: IssueStatus
    reported_at: datetime
    answered_at: datetime | None
    respond_by: datetime | None
    negotiate_by: datetime
    escalated_by: Party | None = None
    escalated_at: datetime | None = None
    evidence_by: datetime | None = None
    decide_by: datetime | None = None
    overdue_by: datetime | None = None
    assigned_to: UUID | None = None
    round: int = 1
    awarded: int | None = None
    grounds: str | None = None
    decided_by: UUID | None = None
    approved_by: UUID | None = None
    decided_at: datetime | None = None
    appeal_by: datetime | None = None
    appealed_by: Party | None = None
    appeal_grounds: str | None = None
    waived_by_buyer: bool = False
    waived_by_seller: bool = False
    ended_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Offer:
    """The row of ``offers``: how one party would share what the order still holds.

    ``seller_amount`` is the seller's share of the price that is left, in minor units: nothing gives all of it back,
    everything releases all of it. Without an issue it is a mutual split.
    """

    id: UUID
    order_id: UUID
    issue_id: UUID | None
    made_by: Party
    seller_amount: int
    note: str | None
    status: OfferStatus
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """The row of ``rulings``: one decision of a dispute, kept as it was made."""

    id: UUID
    issue_id: UUID
    order_id: UUID
    round: int
    awarded: int
    grounds: str
    decided_by: UUID
    approved_by: UUID | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """The row of ``statements``: what a party or an admin puts on a dispute's record."""

    id: UUID
    issue_id: UUID
    order_id: UUID
    author: Party
    author_id: UUID | None
    text: str
    evidence_ids: tuple[UUID, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """The row of ``order_holds``: why nothing may move, who said so, and which two persons lifted it."""

    id: UUID
    order_id: UUID
    reason: str
    note: str
    placed_by: UUID
    placed_at: datetime
    lifted_by: UUID | None
    lift_approved_by: UUID | None
    lifted_at: datetime | None
    version: int
