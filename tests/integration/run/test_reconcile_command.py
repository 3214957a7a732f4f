"""`kro reconcile` and `kro reconcile-import`, against a running database."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from rich.console import Console

from kro.core.business_days import day_of
from kro.core.clock import SystemClock
from kro.core.config import Settings
from kro.payment.domain import LineKind, Side, StatementAccountError, StatementPeriodError
from kro.run.errors import StartError
from kro.run.reconciliation import reconcile, take_statement
from kro_api import settings_for


@pytest.fixture
def settings(fresh_database: Any) -> Settings:
    return settings_for(fresh_database.cluster, fresh_database.name)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def printed(console: Console) -> str:
    file: Any = console.file
    return str(file.getvalue())


def take(settings: Settings, console: Console, file: Path, *, account: str = "paystack", days: Sequence[date]) -> bool:
    first, last = days
    return take_statement(
        settings, console, file=file, side=Side.PROVIDER, account=account, days=(first, last), kinds=[LineKind.CHARGE]
    )


@pytest.fixture
def day() -> date:
    return day_of(SystemClock().now() - timedelta(days=3))


@pytest.fixture
def file(tmp_path: Path, day: date) -> Path:
    path = tmp_path / "statement.csv"
    path.write_text(f"kind,reference,amount,currency,occurred_at\ncharge,771,500.00,NGN,{day}T09:00:00\n")
    return path


def test_a_sound_book_passes_with_a_table_of_every_invariant(settings: Settings, console: Console) -> None:
    assert reconcile(settings, console, full=False)

    assert "every_journal_balances" in printed(console)
    assert "invariants hold" in printed(console)
    assert "Matched" not in printed(console)


async def _break_the_books(dsn: str) -> None:
    owner = await asyncpg.connect(dsn)
    await owner.execute(
        "INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative, balance)"
        " VALUES (gen_random_uuid(), 'user_available', gen_random_uuid(), '', 'NGN', 'credit', true, false, 1)"
    )
    await owner.close()


def test_a_violation_fails_and_is_counted(settings: Settings, console: Console, owner_dsn: str) -> None:
    asyncio.run(_break_the_books(owner_dsn))

    assert not reconcile(settings, console, full=False)
    assert "invariants are violated" in printed(console)


def test_a_statement_is_taken_and_compared(settings: Settings, console: Console, file: Path, day: date) -> None:
    assert take(settings, console, file, days=(day, day))
    assert "Took 1 lines of paystack, 1 of them new." in printed(console)

    # A break is work for somebody; the books themselves are sound.
    assert reconcile(settings, console, full=True)
    lines = [line for line in printed(console).splitlines() if "Breaks" in line]
    assert [line.split()[-2] for line in lines] == ["1", "0", "1"]


def test_a_bad_file_is_refused_with_its_lines(settings: Settings, console: Console, file: Path, day: date) -> None:
    file.write_text(file.read_text() + f"charge,772,5.001,NGN,{day}\n")

    assert not take(settings, console, file, days=(day, day))
    assert "line 3, amount:" in printed(console)


def test_what_is_nobodys_is_refused(settings: Settings, console: Console, file: Path, day: date) -> None:
    with pytest.raises(StatementAccountError):
        take(settings, console, file, account="stripe", days=(day, day))
    with pytest.raises(StatementPeriodError):
        take(settings, console, file, days=(day, day - timedelta(days=1)))
    with pytest.raises(StartError, match="cannot be read"):
        take(settings, console, file.with_name("none.csv"), days=(day, day))
