"""What admins send and see of disputes and holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import Currency, Input, MoneyOut, Output, PageQuery, Paragraphs, QueryInput, id_text
from kro.core.ids import read_id, show_id
from kro.core.money import MAX_AMOUNT_MINOR, Money
from kro.order.domain import (
    AddStatement,
    Ages,
    Assigned,
    Dispute,
    DisputeStatus,
    IssueCategory,
    IssueStatus,
    OrderState,
    OrderStatus,
    Party,
    RequestInfo,
    Rule,
)


class DisputeQuery(PageQuery):
    status: DisputeStatus | None = Field(default=None, description="Those that wait for a decision when left out.")
    assigned: Assigned | None = None
    overdue: bool = Field(default=False, description="Only those whose time to decide is over.")


class AssignIn(Input):
    admin_id: Annotated[str, id_text("adm")] | None = Field(default=None, description="You when left out.")


class AdminStatementIn(Input):
    text: Paragraphs = Field(description="Both parties read it.")
    evidence_ids: list[Annotated[str, id_text("evd")]] = Field(default_factory=list, max_length=20)

    def command(self) -> AddStatement:
        return AddStatement(self.text, tuple(read_id("evd", evidence_id) for evidence_id in self.evidence_ids))


class InfoRequestIn(Input):
    question: Paragraphs = Field(description="Both parties read it.")
    hours: int = Field(ge=1, le=24 * 14, examples=[48], description="How long both may hand in evidence from now on.")

    def command(self) -> RequestInfo:
        return RequestInfo(self.question, self.hours)


class AwardIn(Input):
    """An amount in minor units that may be nothing, with its ISO 4217 currency."""

    amount: int = Field(ge=0, le=MAX_AMOUNT_MINOR, examples=[9_000_000])
    currency: Currency


class DecisionIn(Input):
    awarded: AwardIn = Field(
        description="What of the price that is left the seller gets: nothing gives all of it back to the buyer."
    )
    grounds: Paragraphs = Field(description="Both parties read it.")

    def money(self) -> Money:
        return Money(self.awarded.amount, self.awarded.currency)

    def command(self) -> Rule:
        return Rule(self.money(), self.grounds)


class DisputeRead(Output):
    """A dispute as it stands."""

    id: str = Field(examples=["iss_01kajz7k3nf9b8r2m4q6s8t0vw"])
    order_id: str
    order_status: OrderStatus
    order_title: str
    on_hold: bool = Field(description="Nothing moves and no time runs; why is not for disputes to tell.")
    held: MoneyOut
    price_left: MoneyOut = Field(description="What can be awarded to the seller.")
    status: IssueStatus
    category: IssueCategory
    reported_by: Party
    reported_at: datetime
    escalated_at: datetime | None
    evidence_by: datetime | None
    decide_by: datetime | None
    overdue_by: datetime | None = Field(description="When it ends by itself: proof of delivery decides then.")
    assigned_to: str | None
    round: int = Field(description="2 after an appeal.")
    awarded: MoneyOut | None
    grounds: str | None
    decided_by: str | None
    approved_by: str | None
    decided_at: datetime | None
    appeal_by: datetime | None
    appealed_by: Party | None
    appeal_grounds: str | None
    ended_at: datetime | None

    @classmethod
    def facts(cls, dispute: Dispute) -> dict[str, Any]:
        """Return the fields by name."""
        issue, order = dispute.issue, dispute.order

        def money(amount: int) -> MoneyOut:
            return MoneyOut(amount=amount, currency=order.currency)

        return {
            **{name: getattr(issue, name) for name in _SAME},
            **{name: _admin(getattr(issue, name)) for name in ("assigned_to", "decided_by", "approved_by")},
            "id": show_id("iss", issue.id),
            "order_id": show_id("ord", order.id),
            "order_status": order.status,
            "order_title": order.title,
            "on_hold": order.on_hold,
            "held": money(order.held),
            "price_left": money(order.outstanding.amount),
            "awarded": money(issue.awarded) if issue.awarded is not None else None,
        }

    @classmethod
    def of(cls, dispute: Dispute) -> Self:
        return cls(**cls.facts(dispute))


_SAME = (
    "status",
    "category",
    "reported_by",
    "reported_at",
    "escalated_at",
    "evidence_by",
    "decide_by",
    "overdue_by",
    "round",
    "grounds",
    "decided_at",
    "appeal_by",
    "appealed_by",
    "appeal_grounds",
    "ended_at",
)


class AgesRead(Output):
    """How many disputes wait for a decision, by the days since they were escalated."""

    under_7_days: int
    from_7_days: int
    from_14_days: int
    from_21_days: int
    unassigned: int
    overdue: int = Field(description="Their time to decide is over, and no hold stops it.")

    @classmethod
    def of(cls, ages: Ages) -> Self:
        return cls(**{name: getattr(ages, name) for name in cls.model_fields})


def render_dispute(state: OrderState) -> Reply:
    """Answer with the dispute as it is after a command."""
    assert state.issue is not None  # noqa: S101 - a command on a dispute leaves it there
    read = DisputeRead.of(Dispute(state.issue, state.order))
    return Reply(status=200, body=read.__pydantic_serializer__.to_json(read))


def _admin(admin_id: UUID | None) -> str | None:
    return show_id("adm", admin_id) if admin_id else None


class ThreadQuery(QueryInput):
    after: int = Field(default=0, ge=0, le=2**31 - 1, description="Read what follows this `seq`.")
    limit: int = Field(default=50, ge=1, le=100)
