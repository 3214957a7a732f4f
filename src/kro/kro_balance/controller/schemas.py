"""What clients send and get about balances and fees."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from kro.core.http import Currency, Input, MoneyIn, MoneyOut, PageQuery
from kro.core.ids import show_id
from kro.kro_balance.database.records import BalanceView, EntryView
from kro.kro_balance.domain import Quote


class QuoteIn(Input):
    amount: MoneyIn
    order_type: str = Field(max_length=30, examples=["goods"])
    buyer_share_bps: int = Field(
        ge=0, le=10_000, description="The buyer's share of the fees in basis points.", examples=[5_000]
    )


class EntryQuery(PageQuery):
    currency: Currency = "NGN"


class PartsRead(BaseModel):
    total: MoneyOut
    buyer: MoneyOut
    seller: MoneyOut


class QuoteRead(BaseModel):
    """An exact price, promised until it expires."""

    id: str
    amount: MoneyOut
    fee: PartsRead
    vat: PartsRead
    buyer_pays: MoneyOut
    seller_receives: MoneyOut
    expires_at: datetime


class BalanceRead(BaseModel):
    currency: str
    available: MoneyOut
    in_escrow: MoneyOut = Field(description="Held for the user's own purchases.")
    in_transit: MoneyOut = Field(description="On the way to the user's bank.")


class BalancesRead(BaseModel):
    data: list[BalanceRead]


class EntryRead(BaseModel):
    id: str
    journal_id: str
    kind: str
    amount: MoneyOut = Field(description="Positive is money in.")
    balance_after: MoneyOut
    source: str | None = Field(description="The order, payment or payout that moved the money.")
    at: datetime


_SOURCES = {"order": "ord", "payment": "pay", "payout": "pyt", "refund": "rfd"}


def quote_read(quote: Quote) -> QuoteRead:
    """Return a quote as its owner sees it."""
    fees = quote.fees

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount=amount, currency=fees.currency)

    return QuoteRead(
        id=show_id("quo", quote.id),
        amount=money(fees.amount),
        fee=PartsRead(total=money(fees.fee), buyer=money(fees.fee_buyer), seller=money(fees.fee_seller)),
        vat=PartsRead(total=money(fees.vat), buyer=money(fees.vat_buyer), seller=money(fees.vat_seller)),
        buyer_pays=money(fees.buyer_pays),
        seller_receives=money(fees.seller_receives),
        expires_at=quote.expires_at,
    )


def balance_read(view: BalanceView) -> BalanceRead:
    """Return one currency of a balance."""

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount=amount, currency=view.currency)

    return BalanceRead(
        currency=view.currency,
        available=money(view.available),
        in_escrow=money(view.in_escrow),
        in_transit=money(view.in_transit),
    )


def entry_read(view: EntryView) -> EntryRead:
    """Return one movement of a balance."""
    prefix = _SOURCES.get(view.source_type)
    return EntryRead(
        id=str(view.id),
        journal_id=show_id("jrn", view.journal_id),
        kind=view.kind,
        amount=MoneyOut(amount=view.amount, currency=view.currency),
        balance_after=MoneyOut(amount=view.balance_after, currency=view.currency),
        source=show_id(prefix, view.source_id) if prefix else None,
        at=view.at,
    )
