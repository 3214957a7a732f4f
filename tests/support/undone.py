"""Lets the program do whatever it does, and takes it all back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class _Nested:
    """A connection inside a transaction: another one on it is a savepoint, whatever isolation it would like."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def transaction(self, **_: object) -> Any:
        return self._connection.transaction()


@asynccontextmanager
async def undone(database: Any) -> AsyncIterator[None]:
    """Run every statement of a ``Database`` in one transaction that is rolled back at the end.

    Each loan of the connection is a savepoint, so that a refused statement refuses only itself. Whoever asks for a
    second connection while holding one waits for ever: no use case of ours does.
    """
    async with database.connection() as connection:
        transaction, alone = connection.transaction(), asyncio.Lock()

        @asynccontextmanager
        async def same() -> AsyncIterator[Any]:
            async with alone, connection.transaction():
                yield _Nested(connection)

        async def run(call: Any) -> Any:
            async with same() as nested:
                return await database._on(nested, call)

        await transaction.start()
        read, database.read = database.read, run
        database.connection, database.run = same, run
        try:
            yield
        finally:
            del database.connection, database.run
            database.read = read
            await transaction.rollback()
