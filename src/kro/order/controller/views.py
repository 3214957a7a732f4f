"""What clients get about orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from kro.core.decisions import Reply
from kro.core.http import MoneyOut, Output
from kro.core.ids import show_id
from kro.order.controller.issue_views import IssueRead, OfferRead
from kro.order.database.lists import OrderSummary
from kro.order.database.records import Condition, OrderState
from kro.order.database.words import (
    ConditionKind,
    ConditionStatus,
    ConfirmedBy,
    FundingStatus,
    OrderStatus,
    OrderType,
    Party,
)
from kro.order.domain.handover_codes import MAX_TRIES
from kro.order.domain.lifecycle import allowed_commands


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


def order_read(state: OrderState) -> OrderRead:
    """Return an order as its viewer sees it."""
    order = state.order

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount=amount, currency=order.currency)

    fees = order.fees
    issue = state.issue if state.issue is not None and not state.issue.status.is_over else None
    return OrderRead(
        id=show_id("ord", order.id),
        role=state.viewer,
        status=order.status,
        funding_status=order.funding_status,
        close_reason=order.close_reason,
        on_hold=order.on_hold,
        order_type=order.order_type,
        title=order.title,
        description=order.description,
        amount=money(order.amount),
        fees=FeesRead(
            buyer_share_bps=order.buyer_share_bps,
            fee_buyer=money(order.fee_buyer),
            fee_seller=money(order.fee_seller),
            vat_buyer=money(order.vat_buyer),
            vat_seller=money(order.vat_seller),
            buyer_pays=money(fees.buyer_pays),
            seller_receives=money(fees.seller_receives),
        ),
        held=money(order.held),
        released=money(order.released_amount),
        refunded=money(order.refunded_amount),
        terms=TermsRead(
            version=order.terms_version,
            hash=order.terms_hash,
            accepted_hash=order.accepted_hash,
            code_is_acceptance=order.code_is_acceptance,
        ),
        revisions=RevisionsRead(agreed=order.revisions, used=order.revisions_used),
        buyer=PersonRead(id=show_id("usr", order.buyer_id), display_name=state.buyer_name),
        seller=PersonRead(id=show_id("usr", order.seller_id), display_name=state.seller_name),
        conditions=[condition_read(condition, order.currency) for condition in state.conditions],
        deadlines=DeadlinesRead(
            accept_by=order.accept_by,
            fund_by=order.fund_by,
            deliver_by=order.deliver_by,
            inspect_by=order.inspect_by,
        ),
        issue=IssueRead.of(issue, order.currency) if issue is not None else None,
        offers=[OfferRead.of(offer, order.currency) for offer in state.offers],
        allowed_actions=list(allowed_commands(state, state.viewer)),
        last_seq=order.last_seq,
        version=order.version,
        created_at=order.created_at,
        updated_at=order.updated_at,
        ended_at=order.ended_at,
    )


def condition_read(condition: Condition, currency: str) -> ConditionRead:
    """Return a condition as both parties see it."""
    return ConditionRead(
        id=show_id("cnd", condition.id),
        position=condition.position,
        kind=condition.kind,
        title=condition.title,
        description=condition.description,
        confirmed_by=condition.confirmed_by,
        required=condition.required,
        evidence_required=condition.evidence_required,
        deemed_on_timeout=condition.deemed_on_timeout,
        status=condition.status,
        note=condition.note,
        evidence_ids=[show_id("evd", evidence_id) for evidence_id in condition.evidence_ids],
        submitted_at=condition.submitted_at,
        settled_at=condition.settled_at,
        settled_by=condition.settled_by,
        rejection_reason=condition.rejection_reason,
        amount=MoneyOut(amount=condition.amount, currency=currency) if condition.amount else None,
        not_before=condition.not_before,
        inspect_by=condition.inspect_by,
        code_tries_left=max(MAX_TRIES - condition.code_tries, 0) if condition.code_hash else None,
    )


def summary_item(summary: OrderSummary) -> Mapping[str, object]:
    """Return an order as it stands in a list, plainly: what :class:`OrderSummaryRead` describes."""
    return {
        "id": show_id("ord", summary.id),
        "role": summary.role,
        "status": summary.status,
        "funding_status": summary.funding_status,
        "order_type": summary.order_type,
        "title": summary.title,
        "amount": {"amount": summary.amount, "currency": summary.currency},
        "counterparty": {
            "id": show_id("usr", summary.counterparty_id),
            "display_name": summary.counterparty_name,
        },
        "created_at": summary.created_at,
        "updated_at": summary.updated_at,
    }


def reply_with(model: BaseModel, status: int) -> Reply:
    """Answer with a model as JSON."""
    return Reply(status=status, body=model.__pydantic_serializer__.to_json(model))


def render_order(state: OrderState) -> Reply:
    """Answer with the order."""
    return reply_with(order_read(state), 200)


def render_new_order(state: OrderState) -> Reply:
    """Answer that the order was created."""
    return reply_with(order_read(state), 201)
