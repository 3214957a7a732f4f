"""The asyncpg pool under the hot paths: one prepared statement per call, no reset query, overload and loss are 503."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar, cast

import asyncpg
import orjson

from kro.core.database.failures import UNREACHABLE, DatabaseBusyError, translate
from kro.core.database.hosts import connect
from kro.core.decisions.encoding import plain

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    PlainConnection = asyncpg.Connection[asyncpg.Record]
    Connection = PlainConnection | PoolConnectionProxy[asyncpg.Record]
else:
    # asyncpg's classes take type arguments only in its stubs.
    PlainConnection = asyncpg.Connection

_STATEMENTS: Final = 100
"""The driver's own bound for statements prepared on a connection."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """``wait_seconds`` bounds the wait for a free connection; the timeouts are enforced by PostgreSQL.

    Behind a pooler by transaction, ``direct_dsn`` leads past it, the role itself has the timeouts (``own_limits`` is
    false), and ``prepares`` says whether it keeps prepared statements; without them a call is two trips.
    """

    dsn: str
    size: int = 10
    wait_seconds: float = 2.0
    lock_timeout_seconds: float = 3.0
    statement_timeout_seconds: float = 10.0
    idle_in_transaction_seconds: float = 15.0
    application_name: str = "kro"
    ssl: Any = None
    direct_dsn: str | None = None
    own_limits: bool = True
    prepares: bool = True

    @property
    def limits(self) -> dict[str, int]:
        """PostgreSQL's settings for the timeouts, in milliseconds."""
        return {
            "lock_timeout": int(self.lock_timeout_seconds * 1000),
            "statement_timeout": int(self.statement_timeout_seconds * 1000),
            "idle_in_transaction_session_timeout": int(self.idle_in_transaction_seconds * 1000),
        }


class PooledConnection(PlainConnection):
    def get_reset_query(self) -> str:
        # No statement of ours changes session state, so the reset round trip would buy nothing.
        return ""


class Run(Protocol):
    """Does something on a connection; its failures are ours, see :meth:`Database.run`."""

    async def __call__(self, call: Callable[[Connection], Awaitable[T]]) -> T: ...


class Database:
    """Runs single statements on pooled connections. Every call is one round trip; :attr:`trips` counts them.

    A server that is lost under a statement is :class:`DatabaseBusyError` like one that is busy: nobody knows whether
    the statement took effect, and whoever repeats it under the same idempotency key learns that.
    """

    _connection_class: type[PooledConnection] = PooledConnection

    def __init__(self, options: PoolOptions) -> None:
        self.options = options
        self._opened: asyncpg.Pool[asyncpg.Record] | None = None
        self.trips = 0
        self.read: Run = self.run
        """How :meth:`row`, :meth:`rows` and :meth:`value` are run; another way may be put here before it is opened."""

    @classmethod
    async def connect(cls, options: PoolOptions) -> Self:
        """Make a database and open it."""
        database = cls(options)
        await database.open()
        return database

    async def open(self) -> None:
        """Open the pool with at least one connection, so that a wrong address fails here and not on a request."""
        options = self.options
        self._opened = await asyncpg.create_pool(
            options.dsn,
            connect=cast("Any", connect),
            min_size=1,
            max_size=options.size,
            connection_class=self._connection_class,
            init=self._prepare,
            max_inactive_connection_lifetime=300,
            timeout=options.wait_seconds,
            ssl=options.ssl,
            statement_cache_size=_STATEMENTS if options.prepares else 0,
            server_settings=self._settings(),
        )

    def _settings(self) -> dict[str, str]:
        options = self.options
        limits = {name: str(value) for name, value in options.limits.items()} if options.own_limits else {}
        return {"application_name": options.application_name, "timezone": "UTC", **limits}

    async def _prepare(self, connection: PlainConnection) -> None:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(
                kind, schema="pg_catalog", encoder=_dump, decoder=orjson.loads, format="text"
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

    def connections(self) -> tuple[int, int]:
        """Return how many connections there are, and how many of them are idle."""
        return (0, 0) if self._opened is None else (self._opened.get_size(), self._opened.get_idle_size())

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """Return the first row or ``None``."""
        return await self.read(lambda connection: connection.fetchrow(sql, *args))

    async def rows(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        """Return all rows; the caller bounds them in the query."""
        return await self.read(lambda connection: connection.fetch(sql, *args))

    async def value(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - the column decides the type
        """Return the first column of the first row, or ``None``."""
        return await self.read(lambda connection: connection.fetchval(sql, *args))

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement and return how many rows it touched."""
        tag = await self.run(lambda connection: connection.execute(sql, *args))
        count = tag.rsplit(" ", 1)[-1]
        return int(count) if count.isdigit() else 0

    async def apply(self, document: str) -> None:
        """Write an encoded decision; see :class:`kro.core.database.decisions.DecisionWriter`."""
        await self.run(lambda connection: connection.fetchval("SELECT apply_decision($1::text::jsonb)", document))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for listening or for the rare work that needs several statements on one connection.

        :raises DatabaseBusyError: when none is free within the pool wait, or the server cannot be reached.
        """
        connection = await self._acquire()
        try:
            yield connection
        finally:
            await self._release(connection)

    async def _acquire(self) -> PoolConnectionProxy[asyncpg.Record]:
        pool = self._pool
        try:
            # One that is idle is had at once, and a clock beside it would cost more than taking it.
            return await (pool.acquire() if pool.get_idle_size() else self._wait())
        except TimeoutError:
            raise DatabaseBusyError from None
        except (asyncpg.PostgresError, *UNREACHABLE) as error:
            # Also a server that lets nobody in, as while a password is changed: that passes, or `open` would have told.
            raise DatabaseBusyError from error

    async def _wait(self) -> PoolConnectionProxy[asyncpg.Record]:
        return await self._pool.acquire(timeout=self.options.wait_seconds)

    async def _release(self, connection: PoolConnectionProxy[asyncpg.Record]) -> None:
        try:
            # The pool shields this from whoever is cancelled meanwhile.
            await self._pool.release(connection, timeout=self.options.wait_seconds)
        except (asyncpg.InternalClientError, *UNREACHABLE):
            # The driver may have taken a lost connection back by itself already: then there is nothing to return.
            if not _is_lost(connection):
                raise

    async def run(self, call: Callable[[Connection], Awaitable[T]]) -> T:
        """Lend a connection for one call and return what it answers; whatever PostgreSQL refuses is told in our words.

        :raises DatabaseBusyError: when there is no connection, or it is lost meanwhile.
        """
        connection = await self._acquire()
        try:
            return await self._on(connection, call)
        finally:
            await self._release(connection)

    async def _on(self, connection: Connection, call: Callable[[Connection], Awaitable[T]]) -> T:
        self.trips += 1
        try:
            return await call(connection)
        except UNREACHABLE as error:
            raise DatabaseBusyError from error
        except (asyncpg.InternalClientError, asyncpg.ReadOnlySQLTransactionError) as error:
            # The driver does not understand the state a dying server left behind, or this one is a standby now:
            # either way nobody may use the connection again.
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


def _dump(value: object) -> str:
    return orjson.dumps(value, default=plain, option=orjson.OPT_UTC_Z).decode()
