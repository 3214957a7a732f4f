"""Files as operators hand them in: in overlapping pieces, twice, cut short, damaged, of somebody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.integration.reconciliation.book import BANK, END, START, ReconciliationWorld, Told

from kro.core.actor import SYSTEM
from kro.core.business_days import Days
from kro.payment.domain import (
    Described,
    LineKind,
    Side,
    StatementAccountError,
    StatementInvalidError,
    StatementKindsError,
    StatementPeriodError,
    read_statement,
)

HEADER = "kind,reference,amount,currency,occurred_at,fee,narration"
PROVIDER = Described(Side.PROVIDER, "paystack", frozenset(LineKind) - {LineKind.BANK}, START, END)
OWN_BANK = Described(Side.BANK, BANK, frozenset({LineKind.BANK}), START, END)


def refused(data: str | bytes, described: Described = PROVIDER) -> list[tuple[str, str]]:
    with pytest.raises(StatementInvalidError) as caught:
        read_statement(data.encode() if isinstance(data, str) else data, described)
    return [(error.pointer, error.code) for error in caught.value.errors]


def file_of(*rows: str, head: str = HEADER, end: str = "\n") -> str:
    return end.join((head, *rows)) + end


class TestReading:
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_takes_either_line_ending_and_a_byte_order_mark(self, end: str, mark: str) -> None:
        text = mark + file_of('charge,77,"1,234.50",ngn,2026-01-05T09:00:00,18.52,x', end=end)
        [line] = read_statement(text.encode(), PROVIDER).lines
        assert (line.amount, line.fee, line.currency, line.reference) == (123_450, 1_852, "NGN", "77")
        assert line.occurred_at.utcoffset() == timedelta(hours=1)

    def test_gives_money_its_direction(self) -> None:
        kinds = ("charge", "transfer", "transfer_return", "refund", "chargeback", "settlement")
        rows = [f"{kind},{number},5.00,NGN,2026-01-05,,x" for number, kind in enumerate(kinds)]
        signs = [line.amount for line in read_statement(file_of(*rows).encode(), PROVIDER).lines]
        assert signs == [500, -500, 500, -500, -500, -500]

    @pytest.mark.parametrize(
        "amount",
        ["", "5.001", "-5.00", "0", "0.00", "5e3", "NaN", "five", "1.000.000,00", "1234,50", "1.2E+10", "1,23,456.00"],
    )
    def test_refuses_an_amount_that_is_none(self, amount: str) -> None:
        [(pointer, _)] = refused(file_of(f'charge,77,"{amount}",NGN,2026-01-05,,x'))
        assert pointer == "/lines/2/amount"

    @pytest.mark.parametrize(
        ("row", "column"),
        [
            ("charge,77,5.00,XXX,2026-01-05,,x", "currency"),
            ("charge,77,5.00,NGN,5/1/2026,,x", "occurred_at"),
            ("charge,77,5.00,NGN,2025-12-31,,x", "occurred_at"),
            ("charge,,5.00,NGN,2026-01-05,,x", "reference"),
            ("bank,77,5.00,NGN,2026-01-05,,x", "kind"),
            ("charge,77,5.00,NGN,2026-01-05,-1.00,x", "fee"),
        ],
    )
    def test_names_line_and_column(self, row: str, column: str) -> None:
        good = "charge,1,5.00,NGN,2026-01-05,,x"
        assert [pointer for pointer, _ in refused(file_of(good, row, good))] == [f"/lines/3/{column}"]

    def test_refuses_a_file_that_was_cut_short(self) -> None:
        text = file_of("charge,1,5.00,NGN,2026-01-05,,x", "charge,2,5.00,NGN,2026-01-05,,x")
        assert refused(text[: -len("05,,x\n")]) == [("/lines/3", "columns")]
        assert refused(file_of('charge,1,5.00,NGN,2026-01-05,,"x'))[0][1] == "csv"

    def test_refuses_what_is_no_such_table(self) -> None:
        assert refused(file_of("1", head="kind"))[0] == ("/lines/1", "header")
        assert refused(file_of(head=HEADER + ",secret"))[0] == ("/lines/1", "header")
        assert refused(file_of(head=HEADER + ",kind"))[0] == ("/lines/1", "header")
        assert refused("")[0] == ("/lines/1", "header")
        assert refused(HEADER.encode("utf-16"))[0] == ("/", "encoding")
        assert refused(file_of("1", head="occurred_at,reference,currency,amount,debit"), OWN_BANK)[0][1] == "header"

    def test_takes_a_banks_two_columns(self) -> None:
        text = file_of(
            "2026-01-05,A,NGN,5.00,", "2026-01-05,B,NGN,,7.00", head="occurred_at,reference,currency,credit,debit"
        )
        assert [line.amount for line in read_statement(text.encode(), OWN_BANK).lines] == [500, -700]

    def test_tells_the_first_problems_and_not_all_of_them(self) -> None:
        assert len(refused(file_of(*["charge,1,x,NGN,2026-01-05,,x"] * 500))) == 20


class TestDescribing:
    def test_days_are_those_of_lagos(self) -> None:
        described = Described.of_days(Side.BANK, BANK, Days(date(2026, 1, 1), date(2026, 1, 1)))
        assert described.start.isoformat() == "2025-12-31T23:00:00+00:00"
        assert described.end - described.start == timedelta(days=1)
        assert described.kinds == {LineKind.BANK}

    def test_refuses_days_and_kinds_that_cannot_be(self) -> None:
        day = date(2026, 1, 2)
        with pytest.raises(StatementPeriodError):
            Described.of_days(Side.BANK, BANK, Days(day, day - timedelta(days=1)))
        with pytest.raises(StatementPeriodError):
            Described.of_days(Side.BANK, BANK, Days(day, day + timedelta(days=366)))
        with pytest.raises(StatementKindsError):
            Described.of_days(Side.PROVIDER, "paystack", Days(day, day), kinds=[LineKind.BANK])


class TestTaking:
    async def test_the_same_file_twice_tells_nothing_new(self, world: ReconciliationWorld) -> None:
        lines = [Told("charge", str(number), 500, START + timedelta(days=1)) for number in range(5)]
        first, again = [await world.tell(lines) for _ in range(2)]
        assert (first.new_lines, again.new_lines, again.lines) == (5, 0, 5)

    async def test_overlapping_files_tell_each_line_once(self, world: ReconciliationWorld) -> None:
        lines = [Told("charge", str(number), 500, START + timedelta(days=number)) for number in range(10)]
        await world.tell(lines[:6], end=START + timedelta(days=6))
        later = await world.tell(lines[4:], start=START + timedelta(days=4))
        assert later.new_lines == 4
        assert await world.database.value("SELECT count(*) FROM reconciliation_lines") == 10

    async def test_a_line_that_one_file_lists_twice_is_two(self, world: ReconciliationWorld) -> None:
        line = Told("charge", "77", 500, START + timedelta(days=1))
        assert (await world.tell([line, line])).new_lines == 2
        await world.post("receipt", "77", 500, at=line.at)
        await world.runs.run_now()
        assert await world.open_breaks() == [("duplicate", "77")]

    async def test_of_another_currency_is_a_break_and_no_match(self, world: ReconciliationWorld) -> None:
        await world.post("receipt", "77", 500)
        await world.tell([Told("charge", "77", 500, START + timedelta(days=3), currency="GHS")])
        assert (await world.runs.run_now()).matched == 0
        assert await world.open_breaks() == [("currency_differs", "77")]

    async def test_of_a_strangers_account_is_refused(self, world: ReconciliationWorld) -> None:
        described = Described(Side.BANK, "somebody-elses", frozenset({LineKind.BANK}), START, END)
        with pytest.raises(StatementAccountError):
            await world.imports.read(b"", described)
        statement = read_statement(b"occurred_at,reference,currency,amount\n", described)
        with pytest.raises(StatementAccountError):
            await world.imports.take(statement, origin="file", actor=SYSTEM)
        assert await world.database.value("SELECT count(*) FROM reconciliation_imports") == 0

    async def test_one_that_was_begun_and_never_ended_covers_nothing(self, world: ReconciliationWorld) -> None:
        await world.post("receipt", "77", 500)
        await world.tell([])
        await world.owner.execute("UPDATE reconciliation_imports SET state = 'loading'")
        await world.runs.run_now()
        assert await world.open_breaks() == []
        await world.tell([])
        await world.runs.run_now()
        assert await world.open_breaks() == [("missing_at_provider", "77")]
