"""How far the primary's log is: whoever has replayed it up to there has all that was acknowledged before the question.

Raft calls this a read index. It is asked once for everybody who comes while the question before is under way; that
one's answer may be too old for them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kro.core.database.pool import Database

# What is acknowledged has been flushed, as no process works with asynchronous commits. The name of a piece of the log
# begins with its timeline. A standby, where asking would be an error, knows no end of the log.
_ASK: Final = """
SELECT pg_current_wal_flush_lsn() AS lsn, left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) AS timeline
WHERE NOT pg_is_in_recovery()"""
_HEXADECIMAL: Final = 16


class Horizon(NamedTuple):
    """A place in the log. Places compare on one timeline only: a promoted server begins another one."""

    timeline: int
    lsn: int


class Horizons:
    """Asks a primary for its horizon."""

    def __init__(self, primary: Database) -> None:
        self._primary = primary
        self._asked: asyncio.Task[Horizon | None] | None = None
        self._next: asyncio.Task[Horizon | None] | None = None

    async def now(self) -> Horizon | None:
        """Return a horizon behind all that was acknowledged before this call; ``None`` when it takes no writes.

        :raises DatabaseBusyError: when the primary does not answer.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._ask(self._asked))
            # Everybody who wants to know may have gone by then.
            self._next.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._next)

    async def _ask(self, before: asyncio.Task[Horizon | None] | None) -> Horizon | None:
        if before is not None:
            await asyncio.wait([before])
        self._asked, self._next = self._next, None
        row = await self._primary.run(lambda connection: connection.fetchrow(_ASK))
        return None if row is None else Horizon(int(row["timeline"], _HEXADECIMAL), row["lsn"])
