"""A month of a busy platform: an honest month raises no alarm, and every one of two hundred wrongs is found at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.integration.reconciliation.book import END, START, Book, ReconciliationWorld, Told, changed

from kro.payment.domain import RunStatus, Side


async def whole_month(world: ReconciliationWorld) -> Book:
    return await world.write_book(charges=23_000, transfers=3_000, refunds=600, settlements=60)


class TestAnHonestMonth:
    @pytest.mark.timeout(240)
    async def test_raises_no_alarm_and_every_pair_is_found(self, world: ReconciliationWorld) -> None:
        book = await whole_month(world)
        assert book.entries > 100_000
        await world.tell(book.provider)
        await world.tell(book.bank, side=Side.BANK)

        run = await world.runs.run_now()

        assert run.status is RunStatus.DONE
        assert await world.open_breaks() == []
        assert {name: count for name, count in run.report["violations"].items() if count} == {}
        assert await world.alarms() == []
        assert run.matched == len(book.provider) + len(book.bank)
        again = await world.runs.run_now()
        assert (again.matched, again.opened, again.closed) == (0, 0, 0)


class TestTwoHundredWrongs:
    @pytest.mark.timeout(240)
    async def test_are_found_by_one_run_and_nothing_else_is(self, world: ReconciliationWorld) -> None:
        book = await world.write_book(charges=6_000, transfers=800, refunds=200, settlements=60)
        expected = await falsify(world, book)
        assert len(expected) == 200
        await world.tell(book.provider)
        await world.tell(book.bank, side=Side.BANK)

        run = await world.runs.run_now()

        assert Counter(await world.open_breaks()) == Counter(expected)
        assert run.opened == 200
        assert "reconciliation_breaks" in await world.alarms()
        again = await world.runs.run_now()
        assert (again.opened, again.closed) == (0, 0)
        assert Counter(await world.open_breaks()) == Counter(expected)


async def falsify(world: ReconciliationWorld, book: Book) -> list[tuple[str, str]]:
    """Spoil statements and ledger in every way, and return what a run has to say about it."""
    charges = [line for line in book.provider if line.kind == "charge" and line.reference.isdigit()]
    # Far from the edges of the period, where nobody can blame the time of day.
    picked = iter([line for line in charges if START + timedelta(days=2) < line.at < END - timedelta(days=4)])
    expected: list[tuple[str, str]] = []

    def spoil(kind: str, count: int) -> list[Told]:
        lines = [next(picked) for _ in range(count)]
        expected.extend((kind, line.reference) for line in lines)
        return lines

    gone = spoil("missing_at_provider", 25)
    amounts = {line: changed(line, amount=line.amount + 1) for line in spoil("amount_differs", 25)}
    currencies = {line: changed(line, currency="GHS") for line in spoil("currency_differs", 20)}
    fees = {line: changed(line, fee=(line.fee or line.amount * 15 // 1000) + 100) for line in spoil("fee_differs", 25)}
    twice = spoil("duplicate", 25)
    for line in spoil("duplicate_in_ledger", 15):
        await world.post("unmatched_receipt", line.reference, line.amount, at=line.at)
    strangers = [Told("charge", f"88{n:06d}", 70_000 + n, START + timedelta(days=5)) for n in range(25)]
    expected.extend(("missing_in_ledger", line.reference) for line in strangers)
    changes = {**amounts, **currencies, **fees}
    book.provider = [changes.get(line, line) for line in book.provider if line not in gone] + twice + strangers

    unknown = [Told("bank", f"ZZ{n:06d}", -(9_000 + n), START + timedelta(days=6), narration="SMS") for n in range(20)]
    expected.extend(("unmatched_bank_line", line.reference) for line in unknown)
    named = [line for line in book.bank[:40] if "/71" in line.narration]
    short = {line: changed(line, amount=line.amount - 5_000) for line in named[:10]}
    expected.extend(("amount_differs", line.reference) for line in short)
    lost = named[10:20]
    expected.extend(("missing_at_bank", line.narration.split("/")[2]) for line in lost)
    book.bank = [short.get(line, line) for line in book.bank if line not in lost] + unknown
    return expected
