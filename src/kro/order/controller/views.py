"""What clients get about orders."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from kro.core.decisions import Reply
from kro.core.http import MoneyOut, Output
from kro.order.controller.issue_views import IssueRead, OfferRead
from kro.order.database.words import (
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    FundingStatus,
    OrderStatus,
    OrderType,
    Party,
)


class PersonRead(Output):
    id: str
    display_name: str


class ConditionRead(Output):
    id: str
    position: int
    kind: ConditionKind
    title: str
    description: str
    confirmed_by: ConfirmedBy
    required: bool
    evidence_required: bool
    deemed_on_timeout: bool
    status: ConditionStatus
    note: str | None
    evidence_ids: list[str]
    submitted_at: datetime | None
    settled_at: datetime | None
    settled_by: Party | None
    rejection_reason: str | None
    amount: MoneyOut | None = Field(description="What a milestone releases when it is fulfilled.")
    not_before: datetime | None
    inspect_by: datetime | None = Field(description="Until when the buyer answers about a milestone.")
    code_tries_left: int | None = Field(description="Null while there is no delivery code.")


class FeesRead(Output):
    buyer_share_bps: int
    fee_buyer: MoneyOut
    fee_seller: MoneyOut
    vat_buyer: MoneyOut
    vat_seller: MoneyOut
    buyer_pays: MoneyOut
    seller_receives: MoneyOut


class TermsRead(Output):
    version: int
    hash: str
    accepted_hash: str | None
    code_is_acceptance: bool = Field(description="Whether the delivery code closes the order without inspection.")


class RevisionsRead(Output):
    """How often the buyer may ask for changes, and did."""

    agreed: int
    used: int


class DeadlinesRead(Output):
    accept_by: datetime | None
    fund_by: datetime | None
    deliver_by: datetime | None
    inspect_by: datetime | None


class OrderRead(Output):
    """An order as one of its parties sees it."""

    id: str
    role: Party
    status: OrderStatus
    funding_status: FundingStatus
    close_reason: str | None
    on_hold: bool
    order_type: OrderType
    title: str
    description: str
    amount: MoneyOut
    fees: FeesRead
    held: MoneyOut
    released: MoneyOut
    refunded: MoneyOut
    terms: TermsRead
    revisions: RevisionsRead
    buyer: PersonRead
    seller: PersonRead
    conditions: list[ConditionRead]
    deadlines: DeadlinesRead
    issue: IssueRead | None = Field(description="The disagreement that is not over, if there is one.")
    offers: list[OfferRead] = Field(description="What is on the table.")
    allowed_actions: list[str] = Field(description="What the viewer may do now.")
    last_seq: int
    version: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None


class OrderSummaryRead(Output):
    id: str
    role: Party
    status: OrderStatus
    funding_status: FundingStatus
    order_type: OrderType
    title: str
    amount: MoneyOut
    counterparty: PersonRead
    created_at: datetime
    updated_at: datetime


class CapsRead(Output):
    """How far is counted: among a side's newest open orders, and each status an order ends in up to a number."""

    open: int
    ended_per_status: int


class CountsRead(Output):
    buyer: dict[OrderStatus, int]
    seller: dict[OrderStatus, int]
    caps: CapsRead


class EventRead(Output):
    id: str
    order_id: str
    seq: int
    type: str
    actor: dict[str, str | None]
    data: dict[str, Any]
    at: datetime


class ToldRead(Output):
    """What happened, in plain words."""

    seq: int
    at: datetime
    text: str


class TimelineRead(Output):
    data: list[ToldRead]
    has_more: bool


class EventsRead(Output):
    data: list[EventRead]
    has_more: bool


class TemplateRead(Output):
    code: str
    version: int
    order_type: OrderType
    title: str
    conditions: list[dict[str, Any]]


class TemplatesRead(Output):
    data: list[TemplateRead]


def reply_with(model: BaseModel, status: int) -> Reply:
    """Answer with a model as JSON."""
    return Reply(status=status, body=model.__pydantic_serializer__.to_json(model))
