"""What clients send about terms."""

from typing import Annotated

from pydantic import Field

from kro.core.http import Input, Line, Paragraphs, id_text
from kro.core.ids import read_id
from kro.order.controller.inputs import ConditionIn, new_conditions
from kro.order.domain.decide_amendment import ProposeAmendment
from kro.order.domain.decide_terms import NewTerms
from kro.order.domain.rules import MAX_INSPECTION_HOURS
from kro.order.domain.terms_service import Offered
from kro.verification.domain import ProvenIn

QuoteId = Annotated[str, id_text("quo")]


class TermsIn(Input):
    """All the terms anew; the conditions take the place of those there were."""

    quote_id: QuoteId | None = Field(
        default=None, description="For another price; left out, amount and fees stay as they are."
    )
    title: Annotated[Line, Field(max_length=120, examples=["Refurbished laptop"])]
    description: Paragraphs
    delivery_hours: int = Field(ge=1, le=24 * 365, examples=[72])
    inspection_hours: int | None = Field(
        default=None, ge=24, le=MAX_INSPECTION_HOURS, description="Left out, it stays as it is."
    )
    revisions: int | None = Field(default=None, ge=0, le=10, description="Left out, it stays as it is.")
    code_is_acceptance: bool | None = Field(default=None, description="Left out, it stays as it is.")
    template_code: str | None = Field(default=None, max_length=60, examples=["goods_by_waybill"])
    template_conditions: list[int] | None = Field(
        default=None, max_length=20, description="Positions in the template, from 1; all when left out."
    )
    conditions: list[ConditionIn] = Field(default_factory=list, max_length=20)

    def to_terms(self) -> NewTerms:
        """Return the domain's form."""
        return NewTerms(
            has_quote=self.quote_id is not None,
            title=self.title,
            description=self.description,
            delivery_hours=self.delivery_hours,
            inspection_hours=self.inspection_hours,
            revisions=self.revisions,
            template_code=self.template_code,
            template_conditions=tuple(self.template_conditions) if self.template_conditions is not None else None,
            conditions=new_conditions(self.conditions),
            code_is_acceptance=self.code_is_acceptance,
        )

    def offered(self) -> Offered:
        """Return what has to be looked up for it."""
        return Offered(read_id("quo", self.quote_id) if self.quote_id else None, self.template_code)


class AmendmentIn(ProvenIn):
    """What is to change; everything left out stays as it is."""

    quote_id: QuoteId | None = Field(default=None, description="For another price.")
    delivery_hours: int | None = Field(
        default=None, ge=1, le=24 * 365, description="The new delivery time in all, counted from funding."
    )
    inspection_hours: int | None = Field(default=None, ge=24, le=MAX_INSPECTION_HOURS)
    add_conditions: list[ConditionIn] = Field(default_factory=list, max_length=20)
    remove_conditions: list[Annotated[str, id_text("cnd")]] = Field(
        default_factory=list, max_length=40, description="Conditions that nobody has handed in or settled yet."
    )

    def to_proposal(self) -> ProposeAmendment:
        """Return the domain's form."""
        return ProposeAmendment(
            has_quote=self.quote_id is not None,
            delivery_hours=self.delivery_hours,
            inspection_hours=self.inspection_hours,
            added=new_conditions(self.add_conditions),
            removed=tuple(read_id("cnd", condition_id) for condition_id in self.remove_conditions),
        )

    def offered(self) -> Offered:
        """Return what has to be looked up for it."""
        return Offered(read_id("quo", self.quote_id) if self.quote_id else None)


class AcceptAmendmentIn(ProvenIn):
    hash: str = Field(pattern="^[0-9a-f]{64}$", description="The hash of the terms as the amendment was shown.")
