"""What clients send and get about balances and fees."""

from datetime import date, datetime
from typing import Final

from pydantic import Field

from kro.core.business_days import Days
from kro.core.http import Currency, Input, MoneyIn, MoneyOut, Output, PageQuery
from kro.core.ids import show_id
from kro.kro_balance.database.records import BalanceView, EntryView
from kro.kro_balance.domain import PromoCode, Quote
from kro.kro_balance.domain.statement_rows import SOURCES

FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)


class QuoteIn(Input):
    amount: MoneyIn
    order_type: str = Field(max_length=30, examples=["goods"])
    buyer_share_bps: int = Field(
        ge=0, le=10_000, description="The buyer's share of the fees in basis points.", examples=[5_000]
    )
    promo_code: PromoCode | None = None


class EntryQuery(PageQuery):
    currency: Currency = "NGN"
    kind: str | None = Field(
        default=None, pattern="^[a-z_]{1,40}$", description="Only movements of this kind.", examples=["receipt"]
    )
    first: date | None = Field(
        default=None, alias="from", ge=FIRST_DAY, le=LAST_DAY, description="The first day, in Africa/Lagos."
    )
    last: date | None = Field(
        default=None, alias="to", ge=FIRST_DAY, le=LAST_DAY, description="The last day, in Africa/Lagos, included."
    )

    @property
    def days(self) -> Days:
        return Days(self.first, self.last)

    def filters(self) -> dict[str, str | None]:
        """Return what a cursor of this list belongs to."""
        return {
            "currency": self.currency,
            "kind": self.kind,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
        }


class PartsRead(Output):
    total: MoneyOut
    buyer: MoneyOut
    seller: MoneyOut


class RateRead(Output):
    """What the price was computed from."""

    percent_bps: int = Field(description="The fee in basis points of the amount.", examples=[250])
    minimum: MoneyOut
    cap: MoneyOut | None
    vat_bps: int = Field(description="VAT in basis points of the fee.", examples=[750])


class QuoteRead(Output):
    """An exact price, promised until it expires."""

    id: str
    order_type: str
    buyer_share_bps: int
    promo_code: str | None
    rate: RateRead
    amount: MoneyOut
    fee: PartsRead
    vat: PartsRead
    buyer_pays: MoneyOut
    seller_receives: MoneyOut
    expires_at: datetime


class BalanceRead(Output):
    currency: str
    available: MoneyOut
    in_escrow: MoneyOut = Field(description="Held for the user's own purchases.")
    in_transit: MoneyOut = Field(description="On the way to the user's bank, or back to where a payment came from.")
    reserved: MoneyOut = Field(description="The user's, but held back for a review.")
    owed: MoneyOut = Field(description="What the user owes; later income pays it first.")


class BalancesRead(Output):
    data: list[BalanceRead]


class EntryRead(Output):
    id: str
    journal_id: str
    kind: str
    amount: MoneyOut = Field(description="Positive is money in.")
    balance_after: MoneyOut
    source: str | None = Field(description="The order, payment or payout that moved the money.")
    at: datetime


def quote_read(quote: Quote) -> QuoteRead:
    """Return a quote as its owner sees it."""
    fees = quote.fees

    def money(amount: int) -> MoneyOut:
        return MoneyOut(amount=amount, currency=fees.currency)

    basis = quote.basis
    return QuoteRead(
        id=show_id("quo", quote.id),
        order_type=quote.order_type,
        buyer_share_bps=fees.buyer_share_bps,
        promo_code=quote.promo_code,
        rate=RateRead(
            percent_bps=basis["percent_bps"],
            minimum=money(basis["minimum"]),
            cap=money(basis["cap"]) if basis["cap"] is not None else None,
            vat_bps=basis["vat_bps"],
        ),
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
        reserved=money(view.reserved),
        owed=money(view.owed),
    )


def entry_read(view: EntryView) -> EntryRead:
    """Return one movement of a balance."""
    prefix = SOURCES.get(view.source_type)
    return EntryRead(
        id=str(view.id),
        journal_id=show_id("jrn", view.journal_id),
        kind=view.kind,
        amount=MoneyOut(amount=view.amount, currency=view.currency),
        balance_after=MoneyOut(amount=view.balance_after, currency=view.currency),
        source=show_id(prefix, view.source_id) if prefix else None,
        at=view.at,
    )
