"""Reports for finance, as JSON or as a table for a spreadsheet."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self, cast

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from kro.core.actor import Actor
from kro.core.auth.permissions import Permission
from kro.core.business_days import Days
from kro.core.guards import admin_with
from kro.core.http import JSONBytes, Output, QueryInput, Router, problems
from kro.core.reading import from_replica
from kro.management.controller.dependencies import AuditTrailDep
from kro.management.domain.reports import Report, ReportName, ReportPeriodError, Reports
from kro.utils.csv_text import csv_text

router = Router(prefix="/admin/reports", tags=["admin"])

ReportReader = Annotated[Actor, admin_with(Permission.REPORTS_READ)]

_DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}}},
    **problems(ReportPeriodError),
}


class ReportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"


class ReportQuery(QueryInput):
    first: date = Field(alias="from", ge=date(2000, 1, 1), le=date(2999, 12, 31), examples=["2026-01-01"])
    last: date = Field(alias="to", ge=date(2000, 1, 1), le=date(2999, 12, 31), description="The last day, included.")
    format: ReportFormat = ReportFormat.JSON


class ReportRead(Output):
    """A report. Amounts are in minor units of the row's `currency`, times in seconds."""

    name: ReportName
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    generated_at: datetime
    rows: list[dict[str, str | int | float | None]]

    @classmethod
    def of(cls, report: Report) -> Self:
        return cls(
            name=report.name,
            first=cast("date", report.days.first),
            last=cast("date", report.days.last),
            generated_at=report.generated_at,
            rows=[dict(row) for row in report.rows],
        )


async def _reports(request: Request) -> Reports:
    return cast("Reports", request.app.state.reports)


ReportsDep = Annotated[Reports, Depends(_reports)]


@router.get("/{name}", response_model=ReportRead, responses=_DOCUMENTED)
@from_replica
async def get_report(
    name: ReportName,
    query: Annotated[ReportQuery, Query()],
    admin: ReportReader,
    reports: ReportsDep,
    trail: AuditTrailDep,
) -> Response:
    """Return a report for days in Africa/Lagos, one row for each currency and part.

    `gmv`: what orders put into escrow and how it left. `held`: what escrow holds now of orders funded in these days, by
    age. `fees`: revenue by kind. `taxes`: VAT and stamp duty by month, with what is payable at its end. `payouts`:
    how those requested in these days ended, and the seconds they took. `users`: who opened an account and how many
    people logged in, by month. `identity`: how far checks of identity got. `disputes`: of the orders proposed in these
    days that got money, how many were contested and how that ended.
    """
    await trail.note(
        "report.read", actor=admin, target=("report", None), detail={**query.model_dump(mode="json"), "name": name}
    )
    report = await reports.draw_up(name, Days(query.first, query.last))
    if query.format is ReportFormat.JSON:
        return JSONBytes.of(ReportRead.of(report))
    return _file(report)


def _file(report: Report) -> Response:
    rows = ([_cell(row[column]) for column in report.columns] for row in report.rows)
    file_name = f"kro-{report.name}-{report.days.first}-to-{report.days.last}.csv"
    return Response(
        csv_text(report.columns, rows).encode(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"},
    )


def _cell(value: str | float | None) -> str | int | None:
    return str(value) if isinstance(value, float) else value
