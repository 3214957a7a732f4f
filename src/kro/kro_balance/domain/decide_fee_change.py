"""Fees change by closing bands and opening others. An order or a quote made before keeps its price."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import orjson

from kro.core.actor import Actor
from kro.core.decisions import Audit, Decision, Insert, Outcome
from kro.core.errors import KroError, ValidationFailedError
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.kro_balance.database.records import FeeAdminState, FeeBand
from kro.kro_balance.domain.fees import (
    AmountTooSmallError,
    Fees,
    FeeScope,
    NoFeeConfiguredError,
    PromoCodeInvalidError,
    choose_band,
    price,
)
from kro.kro_balance.domain.succession import Period, Succession
from kro.kro_balance.domain.taxes import rate_of, vat_rule

TABLE: Final = "fee_configuration"


class FeePreviewOutdatedError(KroError):
    """The fees have changed since this preview was made; look at a new one."""

    code = "fee_preview_outdated"


class NothingToChangeError(KroError):
    """There is nothing to end or to change here."""

    code = "nothing_to_change"


@dataclass(frozen=True, slots=True)
class BandTerms:
    """The price of amounts from ``amount_from`` to just below ``amount_to``, in minor units and basis points."""

    amount_from: int
    amount_to: int | None
    percent_bps: int
    minimum: int
    cap: int | None


@dataclass(frozen=True, slots=True)
class FeeChange:
    """What one scope costs from a moment on. Without a start it begins at once; without bands the scope ends."""

    currency: str
    order_type: str | None
    promo_code: str | None
    effective_from: datetime | None
    effective_to: datetime | None
    bands: tuple[BandTerms, ...]

    def concerns(self, band: FeeBand) -> bool:
        return (band.currency, band.order_type, band.promo_code) == (self.currency, self.order_type, self.promo_code)


@dataclass(frozen=True, slots=True)
class FeeStep:
    """What a change would close, withdraw and open, in the form it was looked at: ``shown`` covers all of it."""

    period: Period
    ended: tuple[FeeBand, ...]
    withdrawn: tuple[FeeBand, ...]
    opened: tuple[FeeBand, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class Example:
    """What one amount costs before and after, at the moment the change begins; ``None``: not offered."""

    amount: int
    before: Fees | None
    after: Fees | None


@dataclass(frozen=True, slots=True)
class FeePreview:
    step: FeeStep
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Who changes fees or taxes, and for what reason."""

    actor: Actor
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Sample:
    """The amounts, in minor units, and the buyer's share of the fees by which a change is looked at."""

    amounts: Sequence[int]
    buyer_share_bps: int


def preview_fee_change(
    state: FeeAdminState, change: FeeChange, *, sample: Sample, ids: IdSource, now: datetime
) -> FeePreview:
    """Show what a change would do, with the price of some amounts before and after. Nothing is written.

    :raises ValidationFailedError: when the change contradicts itself or the past.
    :raises NothingToChangeError: when it ends what does not exist.
    :raises NoTaxRuleError: when no VAT rule is in force for the currency then.
    """
    step = plan(state, change, ids=ids, now=now)
    vat = vat_rule(state.taxes, currency=change.currency, at=step.period.starts)
    closed = {band.id for band in (*step.ended, *step.withdrawn)}
    after = (*(band for band in state.bands if band.id not in closed), *step.opened)

    def cost(bands: Sequence[FeeBand], amount: int) -> Fees | None:
        wanted = FeeScope(Money(amount, change.currency), change.order_type or "", change.promo_code)
        return _cost(bands, wanted, vat_bps=rate_of(vat), share_bps=sample.buyer_share_bps, at=step.period.starts)

    examples = (Example(amount, cost(state.bands, amount), cost(after, amount)) for amount in sample.amounts)
    return FeePreview(step, tuple(examples))


def decide_fee_change(
    state: FeeAdminState, change: FeeChange, *, shown: str, why: Why, ids: IdSource
) -> Outcome[FeeStep]:
    """Make the change exactly as it was shown; ``shown`` is what the preview said.

    :raises FeePreviewOutdatedError: when somebody changed the same fees since.
    :raises ValidationFailedError: when the change contradicts itself or the past.
    :raises NothingToChangeError: when it ends what does not exist.
    :raises NoTaxRuleError: when no VAT rule is in force for the currency then.
    """
    step = plan(state, change, ids=ids, now=why.now)
    if step.shown != shown:
        raise FeePreviewOutdatedError
    vat_rule(state.taxes, currency=change.currency, at=step.period.starts)
    closing = Succession(step.ended, step.withdrawn).updates(TABLE, step.period, now=why.now)
    traces = {"reason": why.reason, "created_by": why.actor.id, "created_at": why.now}
    opening = tuple({**asdict(band), **traces} for band in step.opened)
    decision = Decision(
        # What makes room is written first: the database lets no two bands of a scope overlap.
        writes=(*closing, Insert(TABLE, opening)) if opening else closing,
        audits=(_audit(change, step, why, ids),),
    )
    return Outcome(decision, step)


def plan(state: FeeAdminState, change: FeeChange, *, ids: IdSource, now: datetime) -> FeeStep:
    """Work out what a change closes, withdraws and opens.

    :raises ValidationFailedError: when the change contradicts itself or the past.
    :raises NothingToChangeError: when it ends what does not exist.
    """
    period = Period.of(change.effective_from, change.effective_to, now=now)
    _check_terms(change)
    making_room = Succession.of([band for band in state.bands if change.concerns(band)], period)
    opened = tuple(_open(terms, change, period, ids.new()) for terms in change.bands)
    if not opened and not making_room:
        raise NothingToChangeError
    return FeeStep(period, making_room.ended, making_room.withdrawn, opened, _shown(change, making_room))


def _check_terms(change: FeeChange) -> None:
    if change.promo_code is None and change.effective_to is not None:
        raise ValidationFailedError("/effective_to", "not_a_promotion", "Only a promotion ends by itself.")
    is_general = change.promo_code is None and change.order_type is None
    if is_general and not change.bands:
        raise ValidationFailedError("/bands", "bands_missing", "Ordinary orders must always have a price.")
    for index, terms in enumerate(change.bands):
        if terms.amount_to is not None and terms.amount_to <= terms.amount_from:
            raise _wrong(index, "amount_to", "A band must end above where it begins.")
        if terms.cap is not None and terms.cap < terms.minimum:
            raise _wrong(index, "cap", "A cap must not be below the minimum.")
    for index, (lower, upper) in enumerate(pairwise(change.bands), start=1):
        if lower.amount_to is None or upper.amount_from < lower.amount_to:
            raise _wrong(index, "amount_from", "Bands are listed upwards and must not overlap.")
    if is_general:
        _check_all_amounts_have_a_price(change.bands)


def _check_all_amounts_have_a_price(bands: Sequence[BandTerms]) -> None:
    expected: int | None = 0
    for index, terms in enumerate(bands):
        if terms.amount_from != expected:
            raise _wrong(index, "amount_from", "Every amount of an ordinary order must have a price: a gap lies below.")
        expected = terms.amount_to
    if expected is not None:
        raise _wrong(len(bands) - 1, "amount_to", "The last band of ordinary orders must have no end.")


def _wrong(index: int, field: str, detail: str) -> ValidationFailedError:
    return ValidationFailedError(f"/bands/{index}/{field}", "band_misplaced", detail)


def _open(terms: BandTerms, change: FeeChange, period: Period, band_id: UUID) -> FeeBand:
    return FeeBand(
        id=band_id,
        order_type=change.order_type,
        currency=change.currency,
        promo_code=change.promo_code,
        effective_from=period.starts,
        effective_to=period.ends,
        **asdict(terms),
    )


def _shown(change: FeeChange, making_room: Succession[FeeBand]) -> str:
    """Return SHA-256 (hex) over the wish and everything it makes room in, so that a rival's change is noticed."""
    closed = [(band.id, band.version) for band in (*making_room.ended, *making_room.withdrawn)]
    return hashlib.sha256(orjson.dumps([change, closed], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _cost(bands: Sequence[FeeBand], wanted: FeeScope, *, vat_bps: int, share_bps: int, at: datetime) -> Fees | None:
    # Where a promotion says nothing, its users pay the ordinary price: that is what it is compared with.
    for scope in (wanted, replace(wanted, promo_code=None)):
        try:
            band = choose_band(bands, scope, at=at)
            return price(wanted.amount, band=band, vat_bps=vat_bps, buyer_share_bps=share_bps)
        except AmountTooSmallError:
            return None
        except (NoFeeConfiguredError, PromoCodeInvalidError):
            continue
    return None


def _audit(change: FeeChange, step: FeeStep, why: Why, ids: IdSource) -> Audit:
    detail: dict[str, Any] = {
        "currency": change.currency,
        "order_type": change.order_type,
        "promo_code": change.promo_code,
        "effective_from": step.period.starts,
        "effective_to": step.period.ends,
        "before": [_terms(band) for band in (*step.ended, *step.withdrawn)],
        "after": [_terms(band) for band in step.opened],
    }
    return Audit(
        id=ids.new(),
        actor=why.actor,
        action="fees.change",
        target_type=TABLE,
        target_id=(step.opened or step.ended or step.withdrawn)[0].id,
        reason=why.reason,
        detail=detail,
    )


def _terms(band: FeeBand) -> dict[str, Any]:
    return {"id": band.id, **{name: getattr(band, name) for name in BandTerms.__slots__}}
