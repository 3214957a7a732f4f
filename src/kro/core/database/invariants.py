"""Asks the database what must always hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kro.core.database.pool import Database


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant and how often it is violated now."""

    name: str
    violations: int

    @property
    def holds(self) -> bool:
        return self.violations == 0


class Invariants:
    """Named queries, each returning its number of violations. Tests, jobs and the admin page ask these same ones."""

    def __init__(self, database: Database, queries: Mapping[str, str]) -> None:
        self._database = database
        self._queries = queries

    async def check(self) -> Sequence[Check]:
        """Run every query; each sees one consistent snapshot of its own."""
        return tuple([Check(name, int(await self._database.value(query))) for name, query in self._queries.items()])
