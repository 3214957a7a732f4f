"""The asyncpg pool under the hot paths: one prepared statement per call, no reset query, overload and loss are 503."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import asyncpg
import orjson

from kro.core.database.failures import UNREACHABLE, translate
from kro.core.decisions.encoding import plain
from kro.core.errors import ErrorKind, KroError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    PlainConnection = asyncpg.Connection[asyncpg.Record]
    Connection = PlainConnection | PoolConnectionProxy[asyncpg.Record]
else:
    # asyncpg's classes take type arguments only in its stubs.
    PlainConnection = asyncpg.Connection

_OVERLOAD_RETRY_SECONDS: Final = 1

T = TypeVar("T")


class DatabaseBusyError(KroError):
    """The service is busy; try again shortly."""

    kind = ErrorKind.OVERLOADED
    code = "overloaded"
    retryable = True

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=_OVERLOAD_RETRY_SECONDS)


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """``wait_seconds`` bounds the wait for a free connection; the timeouts are enforced by PostgreSQL."""

    dsn: str
    size: int = 10
    wait_seconds: float = 2.0
    lock_timeout_seconds: float = 3.0
    statement_timeout_seconds: float = 10.0
    idle_in_transaction_seconds: float = 15.0
    application_name: str = "kro"
    ssl: Any = None


class _Connection(PlainConnection):
    def get_reset_query(self) -> str:
        # No statement of ours changes session state, so the reset round trip would buy nothing.
        return ""


class Database:
    """Runs single statements on pooled connections. Every call is one round trip; :attr:`trips` counts them.

    A server that is lost under a statement is :class:`DatabaseBusyError` like one that is busy: nobody knows whether
    the statement took effect, and whoever repeats it under the same idempotency key learns that.
    """

    def __init__(self, options: PoolOptions) -> None:
        self._options = options
        self._opened: asyncpg.Pool[asyncpg.Record] | None = None
        self.trips = 0

    @classmethod
    async def connect(cls, options: PoolOptions) -> Self:
        """Make a database and open it."""
        database = cls(options)
        await database.open()
        return database

    async def open(self) -> None:
        """Open the pool with at least one connection, so that a wrong address fails here and not on a request."""
        options = self._options
        self._opened = await asyncpg.create_pool(
            options.dsn,
            min_size=1,
            max_size=options.size,
            connection_class=_Connection,
            init=_prepare,
            max_inactive_connection_lifetime=300,
            ssl=options.ssl,
            server_settings={
                "application_name": options.application_name,
                "timezone": "UTC",
                "lock_timeout": _milliseconds(options.lock_timeout_seconds),
                "statement_timeout": _milliseconds(options.statement_timeout_seconds),
                "idle_in_transaction_session_timeout": _milliseconds(options.idle_in_transaction_seconds),
            },
        )

    @property
    def _pool(self) -> asyncpg.Pool[asyncpg.Record]:
        if self._opened is None:
            raise RuntimeError("the database is not open")
        return self._opened

    async def close(self) -> None:
        """Wait for running statements and close every connection; closing what is not open does nothing."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Return the first row or ``None``."""
        return await self._run(lambda connection: connection.fetchrow(sql, *args))

    async def rows(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        """Return all rows; the caller bounds them in the query."""
        return await self._run(lambda connection: connection.fetch(sql, *args))

    async def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - the column decides the type
        """Return the first column of the first row, or ``None``."""
        return await self._run(lambda connection: connection.fetchval(sql, *args))

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement and return how many rows it touched."""
        tag = await self._run(lambda connection: connection.execute(sql, *args))
        count = tag.rsplit(" ", 1)[-1]
        return int(count) if count.isdigit() else 0

    async def apply(self, document: str) -> None:
        """Write an encoded decision; see :class:`kro.core.decisions.DecisionStore`."""
        await self._run(lambda connection: connection.fetchval("SELECT apply_decision($1::text::jsonb)", document))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for listening or for the rare work that needs several statements on one connection.

        :raises DatabaseBusyError: when none is free within the pool wait, or the server cannot be reached.
        """
        try:
            connection = await self._pool.acquire(timeout=self._options.wait_seconds)
        except TimeoutError:
            raise DatabaseBusyError from None
        except UNREACHABLE as error:
            raise DatabaseBusyError from error
        try:
            yield connection
        finally:
            try:
                await asyncio.shield(self._pool.release(connection))
            except (asyncpg.InternalClientError, *UNREACHABLE):
                # The driver may have taken a lost connection back by itself already: then there is nothing to return.
                if not _is_lost(connection):
                    raise

    async def _run(self, call: Callable[[Connection], Awaitable[T]]) -> T:
        async with self.connection() as connection:
            self.trips += 1
            try:
                return await call(connection)
            except UNREACHABLE as error:
                raise DatabaseBusyError from error
            except asyncpg.InternalClientError as error:
                # The driver does not understand the state a dying server left behind, so nobody may use it again.
                connection.terminate()
                raise DatabaseBusyError from error
            except asyncpg.InterfaceError as error:
                # Misuse is a bug; a connection that ended between its loan and the statement is not.
                if not _is_lost(connection):
                    raise
                raise DatabaseBusyError from error
            except asyncpg.PostgresError as error:
                raise translate(error) from error


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool has parted this loan from its connection.
        return True


async def _prepare(connection: PlainConnection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_dump, decoder=orjson.loads, format="text")


def _dump(value: object) -> str:
    return orjson.dumps(value, default=plain, option=orjson.OPT_UTC_Z).decode()


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
