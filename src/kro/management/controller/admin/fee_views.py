"""What admins are told about fees and taxes. Amounts are whole minor units of the rule's currency."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from kro.core.decisions import Reply
from kro.core.http import Output
from kro.core.ids import show_id
from kro.kro_balance.domain import (
    Example,
    FeeBand,
    FeeBandView,
    FeePreview,
    Fees,
    FeeStep,
    RuleState,
    TaxKind,
    TaxRule,
    TaxRuleView,
    TaxStep,
)


class PlannedBandRead(Output):
    amount_from: int
    amount_to: int | None
    percent_bps: int
    minimum: int
    cap: int | None


class BandRead(PlannedBandRead):
    id: str = Field(examples=["fee_01kajz7k3nf9b8r2m4q6s8t0vw"])
    currency: str
    order_type: str | None
    promo_code: str | None
    effective_from: datetime
    effective_to: datetime | None

    @classmethod
    def of(cls, band: FeeBand) -> Self:
        names = cls.model_fields.keys() - {"id"}
        return cls.model_validate({"id": show_id("fee", band.id), **{name: getattr(band, name) for name in names}})


class TaxRead(Output):
    id: str = Field(examples=["tax_01kajz7k3nf9b8r2m4q6s8t0vw"])
    kind: TaxKind
    currency: str
    rate_bps: int | None
    fixed_minor: int | None
    threshold_minor: int
    effective_from: datetime
    effective_to: datetime | None

    @classmethod
    def of(cls, rule: TaxRule) -> Self:
        names = cls.model_fields.keys() - {"id"}
        return cls.model_validate({"id": show_id("tax", rule.id), **{name: getattr(rule, name) for name in names}})


class TraceRead(Output):
    state: RuleState
    created_at: datetime
    created_by: str | None = Field(description="The admin; nobody for what an installation started with.")
    reason: str | None


class KeptBandRead(BandRead, TraceRead):
    """A fee band, whatever has become of it."""

    @classmethod
    def of_kept(cls, view: FeeBandView) -> Self:
        return cls.model_validate({**dict(BandRead.of(view.band)), **_trace(view)})


class KeptTaxRead(TaxRead, TraceRead):
    """A tax rule, whatever has become of it."""

    @classmethod
    def of_kept(cls, view: TaxRuleView) -> Self:
        return cls.model_validate({**dict(TaxRead.of(view.rule)), **_trace(view)})


class PriceRead(Output):
    fee: int
    vat: int
    buyer_pays: int
    seller_receives: int

    @classmethod
    def of(cls, fees: Fees) -> Self:
        return cls(fee=fees.fee, vat=fees.vat, buyer_pays=fees.buyer_pays, seller_receives=fees.seller_receives)


class ExampleRead(Output):
    amount: int
    before: PriceRead | None = Field(description="At the moment the change begins, without it; `null`: not offered.")
    after: PriceRead | None

    @classmethod
    def of(cls, example: Example) -> Self:
        before, after = example.before, example.after
        return cls(
            amount=example.amount,
            before=PriceRead.of(before) if before else None,
            after=PriceRead.of(after) if after else None,
        )


class FeeStepRead(Output):
    """What a change closes and opens. Orders and quotes made before it keep their price."""

    effective_from: datetime
    ended: list[BandRead] = Field(description="End when the change begins.")
    withdrawn: list[BandRead] = Field(description="Were to begin later and never will.")
    opened: list[BandRead]

    @classmethod
    def of(cls, step: FeeStep) -> Self:
        return cls(
            effective_from=step.period.starts,
            ended=[BandRead.of(band) for band in step.ended],
            withdrawn=[BandRead.of(band) for band in step.withdrawn],
            opened=[BandRead.of(band) for band in step.opened],
        )


class FeePreviewRead(Output):
    """A change that nobody has made yet."""

    effective_from: datetime
    ended: list[BandRead] = Field(description="Would end when the change begins.")
    withdrawn: list[BandRead] = Field(description="Were to begin later and never would.")
    opened: list[PlannedBandRead]
    examples: list[ExampleRead]
    preview_hash: str = Field(description="Covers all of this; whoever makes the change repeats it.")

    @classmethod
    def of(cls, preview: FeePreview) -> Self:
        step = preview.step
        names = PlannedBandRead.model_fields
        return cls(
            effective_from=step.period.starts,
            ended=[BandRead.of(band) for band in step.ended],
            withdrawn=[BandRead.of(band) for band in step.withdrawn],
            opened=[PlannedBandRead(**{name: getattr(band, name) for name in names}) for band in step.opened],
            examples=[ExampleRead.of(example) for example in preview.examples],
            preview_hash=step.shown,
        )


class TaxStepRead(Output):
    opened: TaxRead
    ended: list[TaxRead]
    withdrawn: list[TaxRead]

    @classmethod
    def of(cls, step: TaxStep) -> Self:
        return cls(
            opened=TaxRead.of(step.opened),
            ended=[TaxRead.of(rule) for rule in step.ended],
            withdrawn=[TaxRead.of(rule) for rule in step.withdrawn],
        )


def render_fee_step(step: FeeStep) -> Reply:
    """Return the finished answer to a change of fees."""
    return Reply(status=201, body=FeeStepRead.of(step).model_dump_json().encode())


def render_tax_step(step: TaxStep) -> Reply:
    """Return the finished answer to a change of a tax."""
    return Reply(status=201, body=TaxStepRead.of(step).model_dump_json().encode())


def _trace(view: FeeBandView | TaxRuleView) -> dict[str, object]:
    trace = view.trace
    by = show_id("adm", trace.created_by) if trace.created_by else None
    return {"state": trace.state, "created_at": trace.created_at, "created_by": by, "reason": trace.reason}
