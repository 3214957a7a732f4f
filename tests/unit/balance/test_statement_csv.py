"""A statement for a spreadsheet: what others put into its words must not run there."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from kro.kro_balance.controller.statement_csv import statement_csv
from kro.kro_balance.database.statement_records import Holder
from kro.kro_balance.domain.statement_rows import Part, StatementRow
from kro.kro_balance.domain.statements import Statement, Totals

AT = datetime(2026, 1, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t"])
def test_no_cell_is_a_formula_and_amounts_stay_numbers(sign: str) -> None:
    typed = f"{sign}SUM(A1:A9)"
    row = StatementRow(
        entry_id=1,
        at=AT,
        part=Part.MOVEMENT,
        kind="receipt",
        description=typed,
        reference=typed,
        amount=-1_050,
        balance_after=-1_050,
    )
    statement = Statement(
        holder=Holder(UUID(int=1), "Ada", "+2348031234567"),
        currency="NGN",
        first=date(2026, 1, 1),
        last=date(2026, 1, 31),
        generated_at=AT,
        complete=True,
        opening=0,
        closing=-1_050,
        totals=Totals(money_in=0, money_out=1_050, fees=0, vat=0, stamp_duty=0),
        rows=[row],
    )

    lines = statement_csv(statement).decode("utf-8-sig").splitlines()

    _, shown, closing = csv.DictReader(lines)
    assert (shown["description"], shown["reference"]) == (f"'{typed}", f"'{typed}")
    assert (shown["money_out"], shown["balance"], closing["balance"]) == ("10.50", "-10.50", "-10.50")
