"""Reports, each one question to a door of the modules whose books it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from kro.core.database.pool import Database

Cell = str | int | float | None


class ReportName(StrEnum):
    GMV = "gmv"
    HELD = "held"
    FEES = "fees"
    TAXES = "taxes"
    PAYOUTS = "payouts"
    USERS = "users"
    IDENTITY = "identity"
    DISPUTES = "disputes"


_COLUMNS: Final[Mapping[ReportName, tuple[str, ...]]] = {
    ReportName.GMV: ("currency", "orders_funded", "funded", "released", "refunded", "charged_back"),
    ReportName.HELD: ("currency", "age", "orders", "held"),
    ReportName.FEES: ("currency", "kind", "earned", "given_back", "net"),
    ReportName.TAXES: ("currency", "tax", "month", "charged", "taken_back", "payable"),
    ReportName.PAYOUTS: (
        *("currency", "requested", "succeeded", "returned", "failed", "rejected", "cancelled", "open"),
        *("from_request_p50", "from_request_p90", "from_request_p99"),
        *("from_approval_p50", "from_approval_p90", "from_approval_p99"),
    ),
    ReportName.USERS: ("month", "registered", "logged_in"),
    ReportName.IDENTITY: ("kind", "started", "people", "pending", "in_review", "verified", "refused"),
    ReportName.DISPUTES: (
        *("currency", "orders", "contested", "escalated", "settled", "withdrawn", "decided", "open", "contested_bps"),
    ),
}
_QUERIES: Final = {name: f"SELECT * FROM report_{name}($1, $2)" for name in ReportName} | {  # noqa: S608 - names of ours
    ReportName.HELD: "SELECT * FROM report_held($1, $2, $3)"
}


class ReportReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    def columns(self, name: ReportName) -> Sequence[str]:
        return _COLUMNS[name]

    async def rows(
        self, name: ReportName, *, since: datetime, until: datetime, at: datetime
    ) -> Sequence[Mapping[str, Cell]]:
        """Return a report's rows: amounts in minor units of their currency, times in seconds."""
        values = (since, until, at) if name is ReportName.HELD else (since, until)
        found = await self._database.rows(_QUERIES[name], *values)
        return [{column: _plain(row[column]) for column in _COLUMNS[name]} for row in found]


def _plain(value: object) -> Cell:
    return value if value is None or isinstance(value, str | int) else float(str(value))
