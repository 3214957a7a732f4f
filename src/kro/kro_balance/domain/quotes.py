"""Fee quotes: an exact price, promised until it expires."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kro.core.actor import Actor
from kro.core.clock import Clock
from kro.core.decisions import Decision, DecisionRunner, Insert, Outcome
from kro.core.ids import IdSource
from kro.core.money import Money
from kro.kro_balance.database.quotes import QuoteRepository
from kro.kro_balance.database.records import QuoteState
from kro.kro_balance.domain.fees import Fees, FeeScope, basis, choose_band, price
from kro.kro_balance.domain.taxes import rate_of, vat_rule


@dataclass(frozen=True, slots=True)
class Quote:
    """A promised price: only its owner may use it, for this order type and amount, until ``expires_at``."""

    id: UUID
    user_id: UUID
    order_type: str
    fees: Fees
    basis: dict[str, Any]
    expires_at: datetime
    promo_code: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    amount: Money
    order_type: str
    buyer_share_bps: int
    promo_code: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteTerms:
    """How quotes are made: how long a price is promised."""

    lifetime: timedelta


class QuoteService:
    def __init__(
        self, *, runner: DecisionRunner, quotes: QuoteRepository, terms: QuoteTerms, clock: Clock, ids: IdSource
    ) -> None:
        self._runner = runner
        self._quotes = quotes
        self._terms = terms
        self._clock = clock
        self._ids = ids

    async def create(self, request: QuoteRequest, *, actor: Actor) -> Quote:
        """Promise the exact price of an escrow to one user.

        :raises NoFeeConfiguredError: when the currency or order type is not offered.
        :raises PromoCodeInvalidError: when the named promotion does not price an order like this.
        :raises NoTaxRuleError: when no VAT rule is in force for the currency.
        :raises AmountTooSmallError: when fees would eat the seller's whole amount.
        """
        return await self._runner.carry_out(
            load=lambda: self._quotes.load(actor, request.amount.currency),
            decide=lambda state: decide_quote(
                state, request, actor=actor, terms=self._terms, quote_id=self._ids.new(), now=self._clock.now()
            ),
        )


def decide_quote(
    state: QuoteState, request: QuoteRequest, *, actor: Actor, terms: QuoteTerms, quote_id: UUID, now: datetime
) -> Outcome[Quote]:
    """Price the request with the band and the VAT in force now."""
    state.standing.ensure_active()
    scope = FeeScope(request.amount, request.order_type, request.promo_code)
    band = choose_band(state.bands, scope, at=now)
    vat = vat_rule(state.taxes, currency=request.amount.currency, at=now)
    fees = price(request.amount, band=band, vat_bps=rate_of(vat), buyer_share_bps=request.buyer_share_bps)
    quote = Quote(
        id=quote_id,
        user_id=actor.id,
        order_type=request.order_type,
        fees=fees,
        basis=basis(band, vat=vat),
        expires_at=now + terms.lifetime,
        promo_code=band.promo_code,
    )
    row = {
        "id": quote.id,
        "user_id": quote.user_id,
        "order_type": quote.order_type,
        **asdict(fees),
        "basis": quote.basis,
        "expires_at": quote.expires_at,
        "promo_code": quote.promo_code,
        "created_at": now,
    }
    return Outcome(Decision(writes=(Insert("fee_quotes", (row,)),)), quote)
