"""A statement on paper: as many pages as it takes, each beginning and ending with a balance."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from kro.core.printing import Printer
from kro.kro_balance.controller.statement_pdf import MAX_PRINTED_ROWS, statement_pdf
from kro.kro_balance.database.statement_records import Holder
from kro.kro_balance.domain.statement_rows import Part, StatementRow
from kro.kro_balance.domain.statements import Statement, StatementTooLongError, Totals

OPENING, EACH = 100_000, 1_050
LONG_NAME = "Adaeze Oluwaseun-Chukwuemeka Nwachukwu-Okonkwo-Abdulrahman-Of-The-House-Without-A-Space"


def statement(rows: int) -> Statement:
    start = datetime(2026, 1, 3, 9, tzinfo=UTC)
    movements = [
        StatementRow(
            entry_id=number,
            at=start + timedelta(minutes=number),
            part=Part.MOVEMENT,
            kind="receipt",
            description="Money received through a provider with a name that is longer than its column is wide",
            reference="pay_01m8bze7jne75taesbs9kg458e",
            amount=EACH,
            balance_after=OPENING + number * EACH,
        )
        for number in range(1, rows + 1)
    ]
    return Statement(
        holder=Holder(UUID(int=1), LONG_NAME, "+2348031234567"),
        currency="NGN",
        first=date(2026, 1, 1),
        last=date(2026, 1, 31),
        generated_at=datetime(2026, 2, 2, tzinfo=UTC),
        complete=True,
        opening=OPENING,
        closing=OPENING + rows * EACH,
        totals=Totals(money_in=rows * EACH, money_out=0, fees=0, vat=0, stamp_duty=0),
        rows=movements,
    )


def pages_of(document: bytes) -> int:
    found = re.search(rb"/Type/Pages/Count (\d+)", document)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (10, 1), (100, 6)])
async def test_takes_the_pages_it_needs(rows: int, pages: int) -> None:
    document = await statement_pdf(statement(rows), printer=Printer())

    assert document.startswith(b"%PDF-")
    assert pages_of(document) == pages


async def test_of_more_than_anybody_reads_is_refused() -> None:
    with pytest.raises(StatementTooLongError):
        await statement_pdf(statement(MAX_PRINTED_ROWS + 1), printer=Printer())
