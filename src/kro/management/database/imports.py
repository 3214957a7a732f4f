"""What an import has to know of the database it fills, and how it fills it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from kro.core.database.pool import Database
from kro.core.decisions import Decision, InsufficientFundsError, LostRaceError
from kro.core.decisions.encoding import encode

_KNOWN: Final = """
SELECT source_key, imported_id, fingerprint FROM import_records WHERE source_table = $1 AND source_key = ANY ($2)"""

_TAKEN: Final = "SELECT phone FROM users WHERE phone = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a row of the predecessor became, and the fingerprint of what was read then."""

    id: UUID
    fingerprint: str


class ImportStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, table: str, keys: Collection[str]) -> Mapping[str, Imported]:
        """Return those rows of a table that were imported before, by key."""
        rows = await self._database.rows(_KNOWN, table, list(keys))
        return {row["source_key"]: Imported(row["imported_id"], row["fingerprint"]) for row in rows}

    async def taken_phones(self, phones: Collection[str]) -> frozenset[str]:
        """Return those numbers that belong to somebody here already."""
        return frozenset(row["phone"] for row in await self._database.rows(_TAKEN, list(phones)))

    async def write(self, decision: Decision) -> bool:
        """Write a decision whole or not at all; ``False`` when the database refuses what it says."""
        try:
            await self._database.apply(encode(decision))
        except (LostRaceError, InsufficientFundsError, asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
            return False
        return True
