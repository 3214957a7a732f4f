"""What clients send in a disagreement."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kro.core.http import Currency, Input, Paragraphs, id_text
from kro.core.ids import read_id
from kro.core.money import MAX_AMOUNT_MINOR, Money
from kro.order.database.issue_words import IssueCategory
from kro.order.domain.decide_dispute import AddStatement
from kro.order.domain.decide_issue import ReportIssue
from kro.order.domain.decide_offer import MakeOffer
from kro.verification.domain import ProvenIn

EvidenceIds = Annotated[list[Annotated[str, id_text("evd")]], Field(default_factory=list, max_length=20)]


class Category(StrEnum):
    """What is wrong."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"
    LATE = "late"
    NO_COOPERATION = "no_cooperation"
    OTHER = "other"


class IssueIn(Input):
    category: Category
    statement: Annotated[Paragraphs, Field(examples=["The screen is cracked in the lower left corner."])]
    condition_id: Annotated[str, id_text("cnd")] | None = Field(
        default=None, description="The condition it is about; the whole order when left out."
    )

    def command(self) -> ReportIssue:
        return ReportIssue(
            category=IssueCategory(self.category),
            statement=self.statement,
            condition_id=read_id("cnd", self.condition_id) if self.condition_id else None,
        )


class WordsIn(Input):
    text: Paragraphs


class StatementIn(Input):
    text: Paragraphs
    evidence_ids: EvidenceIds

    def command(self) -> AddStatement:
        return AddStatement(self.text, tuple(read_id("evd", evidence_id) for evidence_id in self.evidence_ids))


class ShareIn(Input):
    """An amount in minor units that may be nothing, with its ISO 4217 currency."""

    amount: int = Field(ge=0, le=MAX_AMOUNT_MINOR, examples=[9_000_000])
    currency: Currency

    def to_money(self) -> Money:
        return Money(self.amount, self.currency)


class OfferIn(ProvenIn):
    seller_amount: ShareIn = Field(
        description="The seller's share of the price that is left: nothing gives all of it back, all of it releases it."
    )
    note: Paragraphs | None = None

    def command(self) -> MakeOffer:
        return MakeOffer(self.seller_amount.to_money(), self.note)
