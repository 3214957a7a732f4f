"""What clients ask of statements, and get as JSON."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pydantic import Field

from kro.core.http import Currency, MoneyOut, Output, QueryInput
from kro.kro_balance.controller.schemas import FIRST_DAY, LAST_DAY
from kro.kro_balance.domain.statement_rows import Part, StatementRow
from kro.kro_balance.domain.statements import Statement


class StatementFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


class StatementQuery(QueryInput):
    first: date = Field(
        alias="from", ge=FIRST_DAY, le=LAST_DAY, description="The first day, in Africa/Lagos.", examples=["2026-01-01"]
    )
    last: date = Field(
        alias="to",
        ge=FIRST_DAY,
        le=LAST_DAY,
        description="The last day, in Africa/Lagos, included; not after today.",
        examples=["2026-01-31"],
    )
    currency: Currency = "NGN"
    format: StatementFormat = StatementFormat.JSON


class TotalsRead(Output):
    """Sums of the rows. Fees, VAT and stamp duty are net of what was given back, and part of in and out."""

    money_in: MoneyOut
    money_out: MoneyOut
    fees: MoneyOut
    vat: MoneyOut
    stamp_duty: MoneyOut


class StatementRowRead(Output):
    """One row. What was charged for a movement follows it in rows of its own with the same entry."""

    entry_id: str
    at: datetime
    part: Part
    kind: str
    description: str
    reference: str | None = Field(description="The order, payment, payout or refund that moved the money.")
    amount: MoneyOut = Field(description="Positive is money in.")
    balance_after: MoneyOut

    @classmethod
    def of(cls, row: StatementRow, currency: str) -> Self:
        return cls(
            entry_id=str(row.entry_id),
            at=row.at,
            part=row.part,
            kind=row.kind,
            description=row.description,
            reference=row.reference,
            amount=MoneyOut(amount=row.amount, currency=currency),
            balance_after=MoneyOut(amount=row.balance_after, currency=currency),
        )


class StatementRead(Output):
    """Opening balance plus money in less money out is the closing balance, to the minor unit."""

    holder: str
    currency: str
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    time_zone: str = Field(description="The zone the days are in.")
    generated_at: datetime
    complete: bool = Field(description="False while these days may still be added to.")
    opening_balance: MoneyOut
    closing_balance: MoneyOut
    totals: TotalsRead
    rows: list[StatementRowRead]

    @classmethod
    def of(cls, statement: Statement) -> Self:
        def money(amount: int) -> MoneyOut:
            return MoneyOut(amount=amount, currency=statement.currency)

        totals = statement.totals
        return cls(
            holder=statement.holder.name,
            currency=statement.currency,
            first=statement.first,
            last=statement.last,
            time_zone="Africa/Lagos",
            generated_at=statement.generated_at,
            complete=statement.complete,
            opening_balance=money(statement.opening),
            closing_balance=money(statement.closing),
            totals=TotalsRead(
                money_in=money(totals.money_in),
                money_out=money(totals.money_out),
                fees=money(totals.fees),
                vat=money(totals.vat),
                stamp_duty=money(totals.stamp_duty),
            ),
            rows=[StatementRowRead.of(row, statement.currency) for row in statement.rows],
        )
