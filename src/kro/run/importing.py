"""`kro import`: the predecessor's data, from a terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kro.bootstrap import Application
from kro.bootstrap.order_rules import order_rules
from kro.core.config import Settings
from kro.core.database.alone import alone
from kro.kro_balance.domain import OpeningReads
from kro.management.domain import ImportingAccounts, ImportStore
from kro.predecessor.errors import BusinessUnderWayError
from kro.predecessor.importer import Importer, Tools
from kro.predecessor.mapping import Mapping, load_mapping
from kro.predecessor.report import Report
from kro.predecessor.source import opened
from kro.run.errors import StartError
from kro.run.with_application import with_application

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for; ``place`` may hold a password and is never shown."""

    place: str
    mapping: Path | None = None
    dry: bool = False
    report: Path | None = None
    accepted: Sequence[str] = ()
    into_running: str | None = None
    batch: int = 200


def import_predecessor(settings: Settings, console: Console, wish: Wish) -> bool:
    """Import what fits, print what came of it, and tell whether all money fits or was accepted by name.

    :raises AnotherRunsError: another import runs; a dry one may run beside it.
    :raises DatabaseUnreachableError: ours does not answer or refuses us.
    :raises DatabaseRefusedError: ours has another schema, or cannot be entrusted with money.
    :raises BusinessUnderWayError: when money has moved here and nobody said that it may be mixed with.
    :raises MappingInvalidError: the mapping does not fit the program or the source.
    :raises SourceUnusableError: the predecessor's data cannot be read.
    :raises StartError: the report cannot be written.
    """
    mapping = load_mapping(wish.mapping)
    report = with_application(settings, lambda application: _imported_alone(application, mapping, wish))
    if wish.report is not None:
        _keep(report, wish.report)
    _print(report, console)
    return report.fits


async def _imported_alone(application: Application, mapping: Mapping, wish: Wish) -> Report:
    if wish.dry:
        return await _imported(application, mapping, wish)
    async with alone(application.database.options, "kro import"):
        return await _imported(application, mapping, wish)


async def _imported(application: Application, mapping: Mapping, wish: Wish) -> Report:
    base = application.base
    openings = OpeningReads(base.database)
    name = str(await base.database.value("SELECT current_database()"))
    if await openings.has_business() and wish.into_running != name and not wish.dry:
        raise BusinessUnderWayError(name)
    cooling = timedelta(hours=base.settings.payouts.cooling_hours)
    tools = Tools(
        store=ImportStore(base.database),
        openings=openings,
        accounts=ImportingAccounts(cipher=base.cipher, index=base.index, cooling=cooling),
        rules=order_rules(base),
        ids=base.ids,
        now=base.clock.now(),
        batch=wish.batch,
    )
    async with opened(wish.place) as source:
        return await Importer(source, mapping, tools).run(accepted=wish.accepted, dry=wish.dry)


def _keep(report: Report, file: Path) -> None:
    try:
        # Only who runs the import may read which rows stayed behind.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(report.told(), out, indent=2)
    except OSError as error:
        raise StartError(f"{file} cannot be written: {error.strerror}.") from error


def _print(report: Report, console: Console) -> None:
    told = report.told()
    counts = Table("Table", "Rows", title="What came over")
    for table, numbers in told["tables"].items():
        counts.add_row(table, ", ".join(f"{what} {number}" for what, number in numbers.items()))
    console.print(counts)
    totals = Table("Sum", "Predecessor", "Posted", "Left behind", "Unexplained", title="Money, in minor units")
    for one in told["totals_in_minor_units"]:
        parts = [one[part] for part in ("predecessor", "posted", "left_behind", "unexplained")]
        totals.add_row(f"{one['currency']} {one['sum']}", *parts)
    console.print(totals)
    findings = sorted(report.findings, key=lambda one: (not one.is_money, report.is_accepted(one)))
    for finding in findings[:_SHOWN]:
        kind = "accepted" if report.is_accepted(finding) else "money" if finding.is_money else "note"
        line = f"  {kind:8} {finding.table}:{finding.key}:{finding.code} {finding.field}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if len(findings) > _SHOWN:
        console.print(f"  … and {len(findings) - _SHOWN} more; --report keeps all of them.")
    if not report.fits:
        done = "Nothing was written." if report.is_dry else "What fitted was written."
        console.print(f"Money does not fit. {done}", style="red")
    else:
        console.print(
            "A dry run: nothing was written, and all money would fit." if report.is_dry else "All money fits."
        )
