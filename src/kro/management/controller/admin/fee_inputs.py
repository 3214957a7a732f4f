"""What admins send about fees and taxes. Amounts are whole minor units of the rule's currency."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from kro.core.http import Currency, Input, Line, PageQuery
from kro.core.money import BASIS_POINTS, EXPONENTS, MAX_AMOUNT_MINOR
from kro.kro_balance.domain import BandTerms, FeeChange, PromoCode, RuleState, Sample, TaxChange, TaxKind
from kro.order.domain import OrderType

_USUAL_AMOUNTS: Final = (1_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000)
"""In major units: what a change is shown with when nobody asks for other amounts."""

Minor = Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)]
PositiveMinor = Annotated[int, Field(gt=0, le=MAX_AMOUNT_MINOR)]
Rate = Annotated[int, Field(ge=0, le=BASIS_POINTS, description="Basis points: 250 is 2.5 %.", examples=[250])]
Start = Annotated[
    AwareDatetime | None,
    Field(description="When it begins, with its offset from UTC; at once when left out.", examples=[None]),
]


class RuleQuery(PageQuery):
    currency: Currency | None = None
    state: RuleState | None = None


class BandIn(Input):
    amount_from: Minor = Field(default=0, description="The smallest amount the band is about.")
    amount_to: PositiveMinor | None = Field(default=None, description="The first amount it is not about any more.")
    percent_bps: Rate
    minimum: Minor = 0
    cap: Minor | None = None

    def to_terms(self) -> BandTerms:
        return BandTerms(self.amount_from, self.amount_to, self.percent_bps, self.minimum, self.cap)


class FeeChangeIn(Input):
    """What orders of one kind cost from a moment on: all their bands, or none to end a special price."""

    currency: Currency
    order_type: OrderType | None = Field(default=None, description="All types when left out.")
    promo_code: PromoCode | None = None
    effective_from: Start = None
    effective_to: AwareDatetime | None = Field(default=None, description="For promotions: when it ends.")
    bands: list[BandIn] = Field(max_length=20)

    def to_change(self) -> FeeChange:
        return FeeChange(
            currency=self.currency,
            order_type=self.order_type,
            promo_code=self.promo_code,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            bands=tuple(band.to_terms() for band in self.bands),
        )


class FeePreviewIn(FeeChangeIn):
    examples: list[PositiveMinor] = Field(default_factory=list, max_length=20, description="Amounts to be priced.")
    buyer_share_bps: Rate = 5_000

    def to_sample(self) -> Sample:
        usual = [amount * 10 ** EXPONENTS[self.currency] for amount in _USUAL_AMOUNTS]
        return Sample(amounts=tuple(self.examples or usual), buyer_share_bps=self.buyer_share_bps)


class FeeChangeMadeIn(FeeChangeIn):
    preview_hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="`preview_hash` of the change as it was shown.")
    reason: Line


class TaxChangeIn(Input):
    kind: TaxKind
    currency: Currency
    rate_bps: Rate | None = None
    fixed_minor: Minor | None = Field(default=None, description="A fixed sum instead of a rate.", examples=[5_000])
    threshold_minor: Minor = Field(default=0, description="Due on amounts from here on.", examples=[1_000_000])
    effective_from: Start = None
    reason: Line

    def to_change(self) -> TaxChange:
        return TaxChange(
            kind=self.kind,
            currency=self.currency,
            rate_bps=self.rate_bps,
            fixed_minor=self.fixed_minor,
            threshold_minor=self.threshold_minor,
            effective_from=self.effective_from,
        )
