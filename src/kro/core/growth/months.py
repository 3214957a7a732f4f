from __future__ import annotations

from typing import Final

from kro.core.alerts import alert
from kro.core.clock import Clock
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource
from kro.core.telemetry import get_logger

MONTHS_AHEAD: Final = 3
"""A worker may be away for so long before a row finds no month of its own."""

MOST_MOVED: Final = 10_000
"""Rows a default partition may hold for the worker to move them: its table waits meanwhile, well below a second."""

_LOG = get_logger()
_MAKE: Final = "SELECT make_months($1, $2, $3)"
_DROP: Final = "SELECT drop_emptied_months($1)"
_STRAYS: Final = "SELECT parent, strays FROM count_strays()"


class Months:
    """The partitions of the tables that grow with every request.

    The database's own functions make and drop them, for the application's role owns nothing.
    """

    def __init__(self, database: Database, *, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids

    async def prepare(self) -> int:
        """Make one of the months up to three ahead that are missing; return 0 when none was, and call again until then.

        Rows that had no month yet move into it, and the operators are told.
        """
        made = int(await self._database.value(_MAKE, self._clock.now(), MONTHS_AHEAD, MOST_MOVED))
        if made:
            _LOG.info("months_made", count=made)
        return made

    async def drop_emptied(self) -> int:
        """Drop past months of the outbox in which nothing is left, and return how many."""
        dropped = int(await self._database.value(_DROP, self._clock.now()))
        if dropped:
            _LOG.info("months_dropped", count=dropped)
        return 0

    async def tell_strays(self) -> int:
        """Tell the operators of rows that are in no month: nothing is refused for want of one, and nothing is lost."""
        rows = await self._database.rows(_STRAYS)
        if rows:
            found = ", ".join(f"{row['parent']}: {row['strays']}" for row in rows)
            message = alert(
                id=self._ids.new(),
                kind="rows_without_month",
                subject="Rows are in no month's partition",
                detail=f"{found}. See Growth in docs/operations.md.",
            )
            await self._database.apply(encode(Decision(messages=(message,))))
        return 0
