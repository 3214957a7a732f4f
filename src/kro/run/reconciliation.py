"""`kro reconcile` and `kro reconcile-import`: the books asked, and statements taken, from a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kro.bootstrap import Application
from kro.core.actor import SYSTEM
from kro.core.business_days import Days
from kro.core.config import Settings
from kro.core.database.invariants import Check
from kro.core.errors import KroError
from kro.payment.domain import Described, LineKind, Run, RunStatus, Side, StatementInvalidError
from kro.run.errors import StartError
from kro.run.with_application import with_application


def reconcile(settings: Settings, console: Console, *, full: bool) -> bool:
    """Print every invariant, with ``full`` also what a comparison with the statements came to; tell if all is well.

    Open breaks are work for people and not a violation: they do not make this false.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises RunUnderWayError: with ``full``, while another comparison is under way.
    """

    async def ask(application: Application) -> tuple[Sequence[Check], Run | None]:
        reconciliation = application.reconciliation
        run = await reconciliation.runs.run_now() if full else None
        return await reconciliation.book_invariants.check(), run

    checks, run = with_application(settings, ask)
    console.print(_checks_table(checks))
    if run is not None:
        console.print(_run_table(run))
    broken = sum(not check.holds for check in checks)
    console.print(
        f"{broken} of {len(checks)} invariants are violated." if broken else f"All {len(checks)} invariants hold."
    )
    return not broken and (run is None or run.status is RunStatus.DONE)


def take_statement(
    settings: Settings,
    console: Console,
    *,
    file: Path,
    side: Side,
    account: str,
    days: tuple[date, date],
    kinds: Sequence[LineKind],
) -> bool:
    """Take a CSV file as the statement of an account for days in Lagos; print its bad lines and refuse it for any.

    :raises StartError: the file cannot be read.
    :raises KroError: nobody's account, or days and kinds that do not go together.
    """
    described = Described.of_days(side, account, Days(*days), kinds=kinds)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise StartError(f"{file} cannot be read: {error.strerror}.") from error

    async def take(application: Application) -> str | StatementInvalidError:
        imports = application.reconciliation.imports
        try:
            statement = await imports.read(data, described)
        except StatementInvalidError as refused:
            return refused
        taken = await imports.take(statement, origin="file", actor=SYSTEM)
        return f"Took {taken.lines} lines of {account}, {taken.new_lines} of them new."

    answer = with_application(settings, take)
    if isinstance(answer, str):
        console.print(answer, highlight=False)
        return True
    _print_refusal(answer, console)
    return False


def _checks_table(checks: Sequence[Check]) -> Table:
    table = Table("Invariant", "Violations", title="What must hold of the books")
    table.columns[1].justify = "right"
    for check in checks:
        table.add_row(check.name, str(check.violations), style=None if check.holds else "bold red")
    return table


def _run_table(run: Run) -> Table:
    report = run.report
    table = Table("Comparison with statements", "", title="Reconciliation run")
    table.columns[1].justify = "right"
    table.add_row("Matched", str(run.matched))
    table.add_row("Breaks opened", str(run.opened))
    table.add_row("Breaks closed by themselves", str(run.closed))
    table.add_row("Breaks open now", str(report.get("open_breaks", "")))
    table.add_row("of them overdue", str(report.get("overdue_breaks", "")))
    for one in report.get("safeguarding", ()):
        ratio = one["ratio_bps"]
        shown = "nothing owed" if ratio is None else f"{ratio // 100}.{ratio % 100:02d} %"
        table.add_row(f"Customers' {one['currency']} covered", shown)
        if opening := one.get("opening"):
            table.add_row(f"Opening balances in {one['currency']} without a place, in minor units", str(opening))
    return table


def _print_refusal(refused: KroError, console: Console) -> None:
    console.print(refused.detail, style="red", highlight=False)
    for error in refused.errors:
        where = error.pointer.removeprefix("/lines/").replace("/", ", ") or "file"
        console.print(f"  line {where}: {error.detail}", highlight=False, soft_wrap=True, markup=False)
