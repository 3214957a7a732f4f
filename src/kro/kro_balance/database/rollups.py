"""Sums shared accounts up, so that their balances stay cheap to read without any row every posting would wait for."""

from __future__ import annotations

from typing import Final

from kro.core.database.pool import Database

FEWEST_ENTRIES: Final = 500
"""An account with fewer new entries waits: reading them costs less than keeping one more row."""

BATCH: Final = 20_000
"""How many entries of one account are summed at once, so that a long backlog stays within the statement timeout."""


class Rollups:
    def __init__(self, database: Database, *, fewest: int = FEWEST_ENTRIES, batch: int = BATCH) -> None:
        self._database = database
        self._fewest = fewest
        self._batch = batch

    async def advance(self) -> int:
        """Sum up what can no longer change and return how many accounts moved; harmless in several workers at once.

        What was written since the last call is only marked; a later call sums it, when every transaction that could
        still add an entry before the mark has ended.
        """
        return int(await self._database.value("SELECT roll_up_ledger($1, $2)", self._fewest, self._batch))
