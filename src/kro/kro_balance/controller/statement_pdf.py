from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from kro.core.business_days import LAGOS
from kro.core.printing import Printer
from kro.core.telemetry.masking import mask_phone
from kro.kro_balance.controller.statement_words import grouped, long_day
from kro.kro_balance.domain.statement_rows import Part, StatementRow
from kro.kro_balance.domain.statements import Statement, StatementTooLongError

MAX_PRINTED_ROWS: Final = 2_000
"""About sixty pages, a second's work; more than that nobody reads on paper."""

_TEMPLATE: Final = Path(__file__).with_name("statement.typ")
_ONE_LINE: Final = 54
"""Letters of a name beside the longest period; the first page has all of it."""
_LONG_WORD: Final = re.compile(r"\S{24}")
_BREAK_HERE: Final = "\u200b"


async def statement_pdf(statement: Statement, *, printer: Printer) -> bytes:
    """Print a statement.

    :raises StatementTooLongError: when it has more rows than one document holds; JSON and CSV hold more.
    :raises PrinterBusyError: when too many are being printed.
    """
    if len(statement.rows) > MAX_PRINTED_ROWS:
        raise StatementTooLongError
    return await printer.print(_template(), page_data(statement))


def page_data(statement: Statement) -> dict[str, Any]:
    """Return what the template shows, as texts."""
    currency, totals = statement.currency, statement.totals
    issued = statement.generated_at.astimezone(LAGOS)

    def money(amount: int) -> str:
        return grouped(amount, currency)

    return {
        "issuer": "KROTrust",
        "title": "Account statement",
        "period": f"{long_day(statement.first)} to {long_day(statement.last)}",
        "currency": currency,
        "holder": {
            "name": _breakable(statement.holder.name),
            "short": _shortened(statement.holder.name),
            "phone": mask_phone(statement.holder.phone) if statement.holder.phone else "",
        },
        "facts": [
            ("Account", "KRO Balance"),
            ("Currency", currency),
            ("Days in", "Africa/Lagos"),
            ("Issued", f"{long_day(issued.date())}, {issued:%H:%M}"),
        ],
        "summary": [
            ("Opening balance", money(statement.opening)),
            ("Money in", money(totals.money_in)),
            ("Money out", money(totals.money_out)),
            ("Closing balance", money(statement.closing)),
        ],
        "charges": [
            ("Fees", money(totals.fees)),
            ("VAT", money(totals.vat)),
            ("Stamp duty", money(totals.stamp_duty)),
        ],
        "opening": money(statement.opening),
        "closing": money(statement.closing),
        "total_in": money(totals.money_in),
        "total_out": money(totals.money_out),
        "rows": [_row(row, currency) for row in statement.rows],
        "notice": _notice(statement),
    }


def _row(row: StatementRow, currency: str) -> dict[str, Any]:
    at = row.at.astimezone(LAGOS)
    return {
        "charge": row.part is not Part.MOVEMENT,
        "day": f"{at:%d %b %Y}",
        "time": f"{at:%H:%M}",
        "description": _breakable(row.description),
        "reference": row.reference,
        "out": grouped(-row.amount, currency) if row.amount < 0 else "",
        "into": grouped(row.amount, currency) if row.amount > 0 else "",
        "balance": grouped(row.balance_after, currency),
    }


def _notice(statement: Statement) -> str:
    made = f"All amounts in {statement.currency}. Produced electronically; it needs no signature."
    return made if statement.complete else f"{made} The last day had not ended: more may be added."


def _breakable(text: str) -> str:
    # A word as long as a line would run into the columns of money.
    return _LONG_WORD.sub(lambda found: found.group() + _BREAK_HERE, text)


def _shortened(name: str) -> str:
    return name if len(name) <= _ONE_LINE else f"{name[: _ONE_LINE - 1]}…"


@cache
def _template() -> str:
    return _TEMPLATE.read_text()
