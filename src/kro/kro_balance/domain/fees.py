"""What the platform charges for an escrow: percent within bounds, shared between the parties, VAT on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kro.core.errors import ErrorKind, KroError
from kro.core.money import BASIS_POINTS, Money, allocate, share
from kro.kro_balance.database.records import FeeBand, TaxRule


class NoFeeConfiguredError(KroError):
    """Orders of this kind are not offered in this currency."""

    kind = ErrorKind.INVALID
    code = "no_fee_configured"


class AmountTooSmallError(KroError):
    """The amount does not cover the seller's share of the fees."""

    kind = ErrorKind.INVALID
    code = "amount_too_small"


class PromoCodeInvalidError(KroError):
    """This promotional code is unknown, has ended or is not for an order like this."""

    kind = ErrorKind.INVALID
    code = "promo_code_invalid"


@dataclass(frozen=True, slots=True)
class FeeScope:
    """What a price is asked for: an amount, the type of the order and the promotion, if one is named."""

    amount: Money
    order_type: str
    promo_code: str | None = None

    def priced_by(self, band: FeeBand) -> bool:
        """Whether a band is about orders like this, whenever it is in force."""
        return (
            band.currency == self.amount.currency
            and band.covers(self.amount.amount)
            and band.order_type in {None, self.order_type}
            and band.promo_code == self.promo_code
        )


@dataclass(frozen=True, slots=True)
class Fees:
    """The exact price of an escrow, in minor units; stored on the order, so later changes never alter it."""

    currency: str
    amount: int
    buyer_share_bps: int
    fee_buyer: int
    fee_seller: int
    vat_buyer: int
    vat_seller: int

    @property
    def buyer_pays(self) -> int:
        return self.amount + self.fee_buyer + self.vat_buyer

    @property
    def seller_receives(self) -> int:
        return self.amount - self.fee_seller - self.vat_seller

    @property
    def fee(self) -> int:
        return self.fee_buyer + self.fee_seller

    @property
    def vat(self) -> int:
        return self.vat_buyer + self.vat_seller

    def between(self, start: int, end: int) -> Fees:
        """Return the price of one slice of the amount, from ``start`` to ``end`` in minor units.

        A slice bears what all slices up to its end bear, by largest remainder, less what those before it bore: slices
        side by side add up to the whole exactly, whatever their sizes.
        """

        def up_to(point: int, whole: int) -> int:
            return allocate(whole, (point, self.amount - point))[0]

        def of(whole: int) -> int:
            return up_to(end, whole) - up_to(start, whole)

        return replace(
            self,
            amount=end - start,
            fee_buyer=of(self.fee_buyer),
            fee_seller=of(self.fee_seller),
            vat_buyer=of(self.vat_buyer),
            vat_seller=of(self.vat_seller),
        )


def choose_band(bands: Sequence[FeeBand], wanted: FeeScope, *, at: datetime) -> FeeBand:
    """Return the band in force for an order: of the named promotion, for the order type before a general one.

    :raises PromoCodeInvalidError: when a code is named and prices nothing like this order now.
    :raises NoFeeConfiguredError: when none applies; nothing is ever free by accident.
    """
    fitting = [band for band in bands if wanted.priced_by(band) and band.in_force(at)]
    if fitting:
        return max(fitting, key=lambda band: (band.order_type is not None, band.effective_from))
    raise NoFeeConfiguredError if wanted.promo_code is None else PromoCodeInvalidError


def price(amount: Money, *, band: FeeBand, vat_bps: int, buyer_share_bps: int) -> Fees:
    """Return fee and VAT of an escrow, each rounded half up once, then shared by largest remainder, buyer first.

    :raises AmountTooSmallError: when the seller would receive nothing.
    """
    fee = max(share(amount.amount, band.percent_bps), band.minimum)
    if band.cap is not None:
        fee = min(fee, band.cap)
    vat = share(fee, vat_bps)
    fee_buyer, fee_seller = allocate(fee, (buyer_share_bps, BASIS_POINTS - buyer_share_bps))
    vat_buyer, vat_seller = allocate(vat, (fee_buyer, fee_seller)) if fee else (0, 0)
    fees = Fees(
        currency=amount.currency,
        amount=amount.amount,
        buyer_share_bps=buyer_share_bps,
        fee_buyer=fee_buyer,
        fee_seller=fee_seller,
        vat_buyer=vat_buyer,
        vat_seller=vat_seller,
    )
    if fees.seller_receives <= 0:
        raise AmountTooSmallError
    return fees


def basis(band: FeeBand, *, vat: TaxRule) -> dict[str, Any]:
    """Return what the price was computed from, to be kept beside it."""
    return {
        "fee_configuration_id": str(band.id),
        "percent_bps": band.percent_bps,
        "minimum": band.minimum,
        "cap": band.cap,
        "amount_from": band.amount_from,
        "amount_to": band.amount_to,
        "promo_code": band.promo_code,
        "tax_rule_id": str(vat.id),
        "vat_bps": vat.rate_bps,
    }
