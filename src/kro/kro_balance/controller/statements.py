from __future__ import annotations

from typing import Annotated, Any, Final, cast

from fastapi import Depends, Query, Request, Response

from kro.core.guards import CurrentUser
from kro.core.http import JSONBytes, Router, problems
from kro.core.printing import Printer, PrinterBusyError
from kro.core.reading import from_replica
from kro.kro_balance.controller.statement_csv import statement_csv
from kro.kro_balance.controller.statement_pdf import statement_pdf
from kro.kro_balance.controller.statement_read import StatementFormat, StatementQuery, StatementRead
from kro.kro_balance.domain.statements import Statement, StatementPeriodError, Statements, StatementTooLongError

router = Router(tags=["balance"])

_DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {}, "application/pdf": {}}},
    **problems(StatementPeriodError, StatementTooLongError, PrinterBusyError),
}


async def _statements(request: Request) -> Statements:
    return cast("Statements", request.app.state.statements)


async def _printer(request: Request) -> Printer:
    return cast("Printer", request.app.state.printer)


StatementsDep = Annotated[Statements, Depends(_statements)]
PrinterDep = Annotated[Printer, Depends(_printer)]


@router.get("/balance/statements", response_model=StatementRead, responses=_DOCUMENTED)
@from_replica
async def get_statement(
    query: Annotated[StatementQuery, Query()], user: CurrentUser, statements: StatementsDep, printer: PrinterDep
) -> Response:
    """Return everything that moved the caller's balance in these days, as JSON, a table (CSV) or a document (PDF)."""
    statement = await statements.issue(actor=user, currency=query.currency, first=query.first, last=query.last)
    match query.format:
        case StatementFormat.JSON:
            return JSONBytes.of(StatementRead.of(statement))
        case StatementFormat.CSV:
            return _file(statement, statement_csv(statement), "text/csv", "csv")
        case StatementFormat.PDF:
            return _file(statement, await statement_pdf(statement, printer=printer), "application/pdf", "pdf")


def _file(statement: Statement, content: bytes, media_type: str, ending: str) -> Response:
    name = f"kro-statement-{statement.currency}-{statement.first}-to-{statement.last}.{ending}"
    return Response(
        content,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
