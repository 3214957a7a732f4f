"""The predecessor's tables, read as text: from its database, in one snapshot, or from a folder of CSV files."""

from __future__ import annotations

import csv
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import asyncpg

from kro.predecessor.errors import SourceUnusableError

_COLUMNS: Final = """
SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"""
_FETCH: Final = 500
Texts = Mapping[str, str | None]


class Source(Protocol):
    async def columns(self, table: str) -> frozenset[str] | None:
        """Return the columns of a table; ``None`` when there is no such table."""
        ...

    def rows(self, table: str, columns: Sequence[str]) -> AsyncIterator[Texts]:
        """Read a table once more, ordered by the first of the columns where that can be had."""
        ...


@asynccontextmanager
async def opened(place: str) -> AsyncIterator[Source]:
    """Open a folder or a database, and close it after.

    :raises SourceUnusableError: when it is not there, does not answer, or is a database of this program's own.
    """
    if "://" not in place:
        folder = Path(place)
        if not folder.is_dir():  # noqa: ASYNC240 - a terminal's command has nothing else to do
            raise SourceUnusableError("The predecessor's data is a folder of CSV files or postgresql://…")
        yield Folder(folder)
        return
    try:
        connection: Any = await asyncpg.connect(
            place, server_settings={"application_name": "kro-import", "timezone": "UTC", "datestyle": "ISO"}
        )
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        # What the driver says may hold the address, and that a password.
        raise SourceUnusableError(f"The predecessor's database cannot be reached ({type(error).__name__}).") from None
    try:
        # Both readings and every table see the same moment, and nothing there can be changed by us.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if await connection.fetchval("SELECT to_regclass('ledger_entries') IS NOT NULL"):
                raise SourceUnusableError("That is a database of this program, not the predecessor's.")
            yield Postgres(connection)
    except asyncpg.PostgresError as error:
        raise SourceUnusableError(
            f"The predecessor's database refused to be read (SQLSTATE {error.sqlstate})."
        ) from None
    finally:
        await connection.close()


class Postgres:
    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg's connection, generic only in its stubs
        self._connection = connection

    async def columns(self, table: str) -> frozenset[str] | None:
        found = await self._connection.fetch(_COLUMNS, _quoted(table))
        return frozenset(row["attname"] for row in found) or None

    async def rows(self, table: str, columns: Sequence[str]) -> AsyncIterator[Texts]:
        listed = ", ".join(f"{_name(column)}::text" for column in columns)
        sql = f"SELECT {listed} FROM {_quoted(table)} ORDER BY {_name(columns[0])}"  # noqa: S608 - quoted names of its own catalogue
        async for record in self._connection.cursor(sql, prefetch=_FETCH):
            yield dict(zip(columns, record.values(), strict=True))


class Folder:
    """One file per table, named after it, with a header; an empty cell is NULL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def columns(self, table: str) -> frozenset[str] | None:
        path = self._path(table)
        if not path.is_file():
            return None
        with path.open(encoding="utf-8-sig", newline="") as file:
            return frozenset(next(csv.reader(file), []))

    async def rows(self, table: str, columns: Sequence[str]) -> AsyncIterator[Texts]:
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        try:
            with self._path(table).open(encoding="utf-8-sig", newline="") as file:
                for line in csv.DictReader(file, strict=True):
                    if None in line or None in line.values():
                        raise SourceUnusableError(f"{table}.csv has a line with a wrong number of cells.")
                    yield {column: line[column] or None for column in columns}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SourceUnusableError(f"{table}.csv cannot be read: {type(error).__name__}.") from None

    def _path(self, table: str) -> Path:
        return self._folder / f"{table}.csv"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _quoted(table: str) -> str:
    return ".".join(_name(part) for part in table.split("."))
