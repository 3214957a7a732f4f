"""Asks the database what must always hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kro.core.database.pool import Database
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import INVARIANT_VIOLATIONS


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant and how often it is violated now."""

    name: str
    violations: int

    @property
    def holds(self) -> bool:
        return self.violations == 0


class Invariants:
    """Named queries, each returning its number of violations. Tests, jobs and the admin page ask these same ones.

    ``statement_seconds`` is for jobs over books that are too long for a request's statement timeout.
    """

    def __init__(self, database: Database, queries: Mapping[str, str], *, statement_seconds: int | None = None) -> None:
        self._database = database
        self._queries = queries
        self._statement_seconds = statement_seconds

    async def check(self) -> Sequence[Check]:
        """Run every query on one snapshot, so that all of them speak of the same moment."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            if self._statement_seconds is not None:
                # Local to the transaction: the pool resets no settings between its users.
                await connection.execute(f"SET LOCAL statement_timeout = '{self._statement_seconds}s'")
            checks = [Check(name, int(await connection.fetchval(query))) for name, query in self._queries.items()]
        for check in checks:
            hooks.put(INVARIANT_VIOLATIONS, check.violations, check=check.name)
        return tuple(checks)
