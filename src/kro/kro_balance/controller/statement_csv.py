from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kro.core.business_days import LAGOS
from kro.kro_balance.controller.statement_words import plain
from kro.kro_balance.domain.statement_rows import StatementRow
from kro.kro_balance.domain.statements import Statement
from kro.utils.csv_text import csv_text

_HEADER: Final = (
    "date",
    "time",
    "entry",
    "part",
    "kind",
    "description",
    "reference",
    "money_out",
    "money_in",
    "balance",
    "currency",
)
_BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it a spreadsheet takes UTF-8 for something else, and names lose their accents."""

_Cells = tuple[str | int | None, ...]


def statement_csv(statement: Statement) -> bytes:
    """Return a statement as a table in major units: the opening balance, every row, the closing balance with totals."""
    return (_BYTE_ORDER_MARK + csv_text(_HEADER, _rows(statement))).encode()


def _rows(statement: Statement) -> Iterator[_Cells]:
    currency, totals = statement.currency, statement.totals
    yield _balance(str(statement.first), "opening_balance", None, None, plain(statement.opening, currency), currency)
    for row in statement.rows:
        yield _row(row, currency)
    money_out, money_in = plain(totals.money_out, currency), plain(totals.money_in, currency)
    closing = plain(statement.closing, currency)
    yield _balance(str(statement.last), "closing_balance", money_out, money_in, closing, currency)


def _row(row: StatementRow, currency: str) -> _Cells:
    at = row.at.astimezone(LAGOS)
    return (
        f"{at:%Y-%m-%d}",
        f"{at:%H:%M:%S}",
        row.entry_id,
        row.part,
        row.kind,
        row.description,
        row.reference,
        plain(-row.amount, currency) if row.amount < 0 else None,
        plain(row.amount, currency) if row.amount > 0 else None,
        plain(row.balance_after, currency),
        currency,
    )


def _balance(day: str, name: str, money_out: str | None, money_in: str | None, balance: str, currency: str) -> _Cells:
    return (day, None, None, name, None, None, None, money_out, money_in, balance, currency)
