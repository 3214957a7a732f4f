"""Sealing stored values anew after a new key became the active one, so that the old one can go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database
from kro.core.encryption import FieldCipher, SealedValueError

_STALE: Final = """
SELECT {key} AS key, {column} AS sealed FROM {table}
WHERE {column} <> '' AND NOT starts_with({column}, $1) AND ($2::uuid IS NULL OR {key} > $2) ORDER BY {key} LIMIT $3"""
# What somebody else wrote meanwhile is sealed with the active key already, and stays.
_PUT: Final = """
UPDATE {table} AS t SET {column} = n.fresh FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n (key, sealed, fresh)
WHERE t.{key} = n.key AND t.{column} = n.sealed"""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """Where sealed values are kept for as long as their rows are; names are constants of the program.

    ``context`` says what the value of a row is sealed for, by the row's key.
    """

    table: str
    key: str
    column: str
    context: Callable[[UUID], str]

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    def statement(self, text: str) -> str:
        return text.format(table=self.table, key=self.key, column=self.column)


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many values were sealed anew, and how many nobody can open: their key is gone, or they were altered."""

    done: int
    unreadable: int


async def reseal(database: Database, cipher: FieldCipher, column: SealedColumn, *, batch: int = 500) -> Resealed:
    """Seal every value of a column with the active key that another one sealed; unreadable ones stay as they are.

    Each batch is a statement of its own that replaces only what it has read, so it may run beside the program, be
    ended at any moment and be started again: what is done is not read a second time.
    """
    after, done, unreadable = None, 0, 0
    while rows := await database.rows(column.statement(_STALE), cipher.beginning, after, batch):
        after = rows[-1]["key"]
        fresh = [(row["key"], row["sealed"], _anew(cipher, row["sealed"], column.context(row["key"]))) for row in rows]
        readable = [one for one in fresh if one[2] is not None]
        unreadable += len(fresh) - len(readable)
        columns = ([one[place] for one in readable] for place in range(3))
        done += await database.execute(column.statement(_PUT), *columns)
    return Resealed(done, unreadable)


def _anew(cipher: FieldCipher, sealed: str, context: str) -> str | None:
    try:
        return cipher.seal(cipher.open(sealed, context=context), context=context)
    except SealedValueError:
        return None
