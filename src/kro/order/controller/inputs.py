"""What clients send about orders."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from kro.core.http import Email, Input, Line, MoneyIn, Paragraphs, QueryInput, id_text
from kro.core.ids import read_id
from kro.order.database.words import ConditionKind, ConfirmedBy, OrderType, Party
from kro.order.domain import NewCondition
from kro.order.domain.decide_create import CreateOrder
from kro.order.domain.list_input import OrderListQuery
from kro.order.domain.rules import MAX_INSPECTION_HOURS
from kro.payment.domain import ProviderName
from kro.verification.domain import ProvenIn

ConditionTitle = Annotated[Line, Field(max_length=120, examples=["Charger included"])]


def _in_our_time(moment: datetime) -> datetime:
    """Read a moment in UTC; the ends of the calendar have none."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("This moment is out of range") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]


class FundingMethod(StrEnum):
    """From the balance, on a provider's page, or by transfer to an account lent for this payment."""

    BALANCE = "balance"
    CHECKOUT = "checkout"
    BANK_TRANSFER = "bank_transfer"


class Side(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


class ConditionIn(Input):
    kind: ConditionKind
    title: ConditionTitle
    description: str = Field(default="", max_length=1_000)
    confirmed_by: ConfirmedBy
    required: bool = True
    evidence_required: bool = False
    deemed_on_timeout: bool = True
    amount: MoneyIn | None = Field(
        default=None, description="Makes it a milestone: this part of the price is released when it is fulfilled."
    )
    not_before: Moment | None = Field(default=None, description="The date of a `date` condition.")

    def to_condition(self) -> NewCondition:
        return NewCondition(
            kind=self.kind,
            title=self.title,
            description=self.description,
            confirmed_by=self.confirmed_by,
            required=self.required,
            evidence_required=self.evidence_required,
            deemed_on_timeout=self.deemed_on_timeout,
            amount=self.amount.to_money() if self.amount else None,
            not_before=self.not_before,
        )


class OrderIn(Input):
    """A proposal. The amount and the fees are those of the quote."""

    quote_id: Annotated[str, id_text("quo")] = Field(examples=["quo_06c3k1y3x3y8z0e9w4t1a2b3c4"])
    role: Side = Field(description="Which side the proposer takes.")
    counterparty_phone: Line = Field(examples=["+2348031234567"])
    counterparty_name: Line | None = Field(
        default=None, max_length=60, description="How to address them in an invitation, if they have no account."
    )
    counterparty_email: Email | None = Field(
        default=None, description="Where an invitation goes too, if they have no account."
    )
    order_type: OrderType
    title: Annotated[Line, Field(max_length=120, examples=["Refurbished laptop"])]
    description: Paragraphs
    delivery_hours: int = Field(ge=1, le=24 * 365, examples=[72])
    inspection_hours: int | None = Field(default=None, ge=24, le=MAX_INSPECTION_HOURS)
    revisions: int | None = Field(default=None, ge=0, le=10, description="How often the buyer may ask for changes.")
    template_code: str | None = Field(default=None, max_length=60, examples=["goods_by_waybill"])
    template_conditions: list[int] | None = Field(
        default=None, max_length=20, description="Positions in the template, from 1; all when left out."
    )
    conditions: list[ConditionIn] = Field(default_factory=list, max_length=20)
    code_is_acceptance: bool = Field(
        default=False, description="Whether the delivery code accepts the goods: the order closes without inspection."
    )


class AcceptIn(Input):
    terms_hash: str = Field(pattern="^[0-9a-f]{64}$")


class ReasonIn(Input):
    reason: Annotated[Line, Field(examples=["Found another offer"])]


class ExtendIn(Input):
    hours: int = Field(ge=1, le=MAX_INSPECTION_HOURS, examples=[48], description="How much later the inspection ends.")


class PartIn(ProvenIn):
    amount: MoneyIn = Field(description="The part of the price to release; its share of the fees is taken beside it.")


class NoInput(Input):
    """An empty object."""


class FundIn(Input):
    method: FundingMethod
    provider: ProviderName | None = Field(default=None, description="Who collects it; the best one when left out.")
    use_balance: bool = Field(default=False, description="Take what the balance covers first, collect the rest.")


class SubmitIn(Input):
    note: Paragraphs | None = None
    evidence_ids: list[Annotated[str, id_text("evd")]] = Field(default_factory=list, max_length=20)


FileName = Annotated[Line, Field(max_length=120, pattern=r"^[^/\\]+$", examples=["waybill.pdf"])]


class UploadIn(Input):
    """A file about to be uploaded: PDF, PNG, JPEG, WebP or MP4."""

    file_name: FileName
    content_type: Annotated[Line, Field(max_length=100, examples=["application/pdf"])]
    size_bytes: int = Field(gt=0, le=2**40, examples=[2_400_000], description="Exactly what will be uploaded.")


class FileQuery(QueryInput):
    file_name: FileName


class OrderQuery(OrderListQuery):
    role: Side | None = None
    counterparty: str | None = Field(default=None, examples=["usr_01kajz7k3nf9b8r2m4q6s8t0vw"])


class EventQuery(QueryInput):
    after: int = Field(default=0, ge=0, le=2**31 - 1)
    limit: int = Field(default=100, ge=1, le=100)


def create_command(body: OrderIn, *, counterparty_phone: str) -> CreateOrder:
    """Turn the proposal into the domain's command."""
    return CreateOrder(
        quote_id=read_id("quo", body.quote_id),
        role=Party(body.role),
        counterparty_phone=counterparty_phone,
        order_type=body.order_type,
        title=body.title,
        description=body.description,
        delivery_hours=body.delivery_hours,
        inspection_hours=body.inspection_hours,
        revisions=body.revisions,
        template_code=body.template_code,
        template_conditions=tuple(body.template_conditions) if body.template_conditions is not None else None,
        conditions=new_conditions(body.conditions),
        code_is_acceptance=body.code_is_acceptance,
        counterparty_name=body.counterparty_name,
        counterparty_email=body.counterparty_email,
    )


def new_conditions(conditions: Sequence[ConditionIn]) -> tuple[NewCondition, ...]:
    """Turn conditions as a client wrote them into the domain's."""
    return tuple(condition.to_condition() for condition in conditions)
