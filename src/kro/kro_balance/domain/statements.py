"""A statement: everything that moved a balance in a run of business days, from its opening to its closing balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from kro.core.actor import Actor
from kro.core.business_days import Days, day_of
from kro.core.clock import Clock
from kro.core.errors import ErrorKind, KroError
from kro.kro_balance.database.statement_records import Holder, StatementFacts
from kro.kro_balance.database.statements import StatementRepository
from kro.kro_balance.domain.statement_rows import Part, StatementRow, rows_of

MAX_DAYS: Final = 366
MAX_MOVEMENTS: Final = 5_000
"""What one statement may hold, so that it can be put together and printed within a request."""

_SETTLING: Final = timedelta(minutes=1)
"""A posting that began before midnight may end after it; no statement of ours runs longer than ten seconds."""


class StatementPeriodError(KroError):
    """A statement covers at most 366 days, from a first day to a last one that is not after today."""

    kind = ErrorKind.INVALID
    code = "statement_period_invalid"


class StatementTooLongError(KroError):
    """Too much has moved in these days for one statement; ask for fewer of them."""

    kind = ErrorKind.INVALID
    code = "statement_too_long"


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a statement's rows, none negative; charges are net of what was given back and part of in and out."""

    money_in: int
    money_out: int
    fees: int
    vat: int
    stamp_duty: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Amounts in minor units of ``currency``. ``complete`` says that nothing can be added to these days any more."""

    holder: Holder = field(repr=False)
    currency: str
    first: date
    last: date
    generated_at: datetime
    complete: bool
    opening: int
    closing: int
    totals: Totals
    rows: Sequence[StatementRow]


class Statements:
    def __init__(self, repository: StatementRepository, *, clock: Clock) -> None:
        self._repository = repository
        self._clock = clock

    async def issue(self, *, actor: Actor, currency: str, first: date, last: date) -> Statement:
        """Return the actor's statement for whole days in Africa/Lagos, the last one included.

        :raises StatementPeriodError: when the days are no period, too many, or still to come.
        :raises StatementTooLongError: when more moved in them than one statement holds.
        """
        days, now = Days(first, last), self._clock.now()
        if not 0 < len(days) <= MAX_DAYS or last > day_of(now):
            raise StatementPeriodError
        facts = await self._repository.load(actor, currency=currency, days=days, limit=MAX_MOVEMENTS + 1)
        facts.standing.ensure_active()
        if len(facts.lines) > MAX_MOVEMENTS:
            raise StatementTooLongError
        return assemble(facts, currency=currency, first=first, last=last, now=now)


def assemble(facts: StatementFacts, *, currency: str, first: date, last: date, now: datetime) -> Statement:
    """Put a statement together.

    :raises AssertionError: when opening balance and rows do not add up to the closing balance: such a page is not
        shown to anybody.
    """
    rows = [row for line in facts.lines for row in rows_of(line, owner_id=facts.holder.id)]
    closing = facts.lines[-1].balance_after if facts.lines else facts.opening
    totals = _totals(rows)
    if facts.opening + totals.money_in - totals.money_out != closing:
        raise AssertionError("a statement does not add up")
    return Statement(
        holder=facts.holder,
        currency=currency,
        first=first,
        last=last,
        generated_at=now,
        complete=Days(first, last).end + _SETTLING <= now,
        opening=facts.opening,
        closing=closing,
        totals=totals,
        rows=rows,
    )


def _totals(rows: Sequence[StatementRow]) -> Totals:
    def charged(part: Part) -> int:
        return -sum(row.amount for row in rows if row.part is part)

    return Totals(
        money_in=sum(row.amount for row in rows if row.amount > 0),
        money_out=-sum(row.amount for row in rows if row.amount < 0),
        fees=charged(Part.FEE),
        vat=charged(Part.VAT),
        stamp_duty=charged(Part.STAMP_DUTY),
    )
