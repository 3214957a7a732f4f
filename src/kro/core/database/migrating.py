"""Runs migrations while others work: a transaction for each, short waits for locks, and another try.

An ``ALTER TABLE`` that waits for a lock makes everybody wait who comes after it, readers too. So no migration waits
long: it gives up, lets the others pass, and tries again.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from kro.core.errors import ErrorKind, KroError
from kro.core.telemetry import get_logger

LOCK_SECONDS: Final = 3
_GONE_SECONDS: Final = 5
"""How soon the server notices that we died and ends what it does for us, be it an index of an hour."""
_PAUSE_SECONDS: Final = (0.5, 8.0)
_LOCK_FAILURES: Final = frozenset({"55P03", "40P01"})
"""``lock_not_available`` and ``deadlock_detected``."""

_POOLER: Final = (
    "Migrations need a connection to PostgreSQL itself, and this one leads through a pooler: set database.directUrl."
)
_GUARD: Final = "hashtextextended('kro migrations', 0)"
_STANDING: Final = """
SELECT v ->> 'version_num' AS revision, v ->> 'oldest_program' AS oldest_program
FROM (SELECT to_jsonb(alembic_version) AS v FROM alembic_version) AS versions"""
_INVALID: Final = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT x.indisvalid AND n.nspname = 'public' AND c.relkind = 'i' AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = c.oid)"""

_log = get_logger()
_Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class MigrationError(KroError):
    """The schema is not where it should be. Every revision is there whole or not at all, so migrating can go on."""

    kind = ErrorKind.OVERLOADED
    code = "migration_failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much patience there is."""

    statement_ms: int = 60_000
    tries: int = 10
    """How often the same migration may find locked what it needs."""
    others_seconds: float = 600.0
    """How long to wait for somebody else who migrates."""


@dataclass(frozen=True, slots=True)
class Migrations:
    """What to do with a database: ``step`` runs Alembic's revisions, ``grants`` is the SQL that follows the last."""

    dsn: str = field(repr=False)
    """The owner's, of a connection to PostgreSQL itself."""
    step: Callable[[Connection], None]
    grants: str
    known: Collection[str]
    """The revisions this program has scripts for."""
    program: str
    """The revision it was written for."""
    limits: Limits

    async def run(self) -> None:
        """Bring the schema where ``step`` leads; of two at once the second waits, and finds nothing to do.

        :raises MigrationError: in one sentence, what stands and whether trying again helps.
        """
        driver = await self._connect()

        async def connected() -> _Driver:
            # The DSN may name a private socket, which a SQLAlchemy URL can only carry in a round-about way.
            return driver

        engine = create_async_engine("postgresql+asyncpg://", async_creator=connected, poolclass=NullPool)
        try:
            await self._be_alone(driver)
            if not await self._is_newer(driver):
                async with engine.connect() as connection:
                    await self._climb(connection, driver)
        finally:
            await engine.dispose()
            await driver.close()

    async def _connect(self) -> _Driver:
        """Open the session for everything; a pooler changes the server under it, and with it all this relies on."""
        settings = {
            "application_name": "kro migrate",
            "lock_timeout": f"{LOCK_SECONDS}s",
            "statement_timeout": f"{self.limits.statement_ms}ms",
            "client_connection_check_interval": f"{_GONE_SECONDS}s",
        }
        try:
            driver = await asyncpg.connect(self.dsn, server_settings=settings)
        except asyncpg.ProtocolViolationError as error:
            raise MigrationError(f"{_POOLER} ({error})") from error
        if driver.get_server_pid() != await driver.fetchval("SELECT pg_backend_pid()"):
            await driver.close()
            raise MigrationError(_POOLER)
        return driver

    async def _be_alone(self, driver: _Driver) -> None:
        """Take the lock of those who migrate, until the session ends: also while the server outlives a killed process.

        It is asked for again and again, never waited for: a waiting statement holds a snapshot, for which the index
        that the other one builds concurrently would have to wait.
        """
        until = time.monotonic() + self.limits.others_seconds
        while not await driver.fetchval(f"SELECT pg_try_advisory_lock({_GUARD})"):
            if time.monotonic() > until:
                raise MigrationError(
                    f"Somebody else has been migrating this database for {self.limits.others_seconds:.0f} seconds."
                    " Nothing was changed; run `kro migrate` again when it is done."
                )
            await asyncio.sleep(0.2)

    async def _is_newer(self, driver: _Driver) -> bool:
        """Tell whether a newer release was here, whose schema runs this program; its grants are the newer ones too."""
        revision, oldest = await standing(driver)
        if revision is None or revision in self.known:
            return False
        if oldest is None or oldest > self.program:
            raise MigrationError(
                f"The schema is at revision {revision}, of a newer release, and programs older than"
                f" {oldest or revision} cannot run on it; this one is of {self.program}."
            )
        _log.info("schema_is_newer", revision=revision, program=self.program)
        return True

    async def _climb(self, connection: AsyncConnection, driver: _Driver) -> None:
        tries, before = 0, None
        while True:
            try:
                await _drop_invalid_indexes(driver)
                await connection.run_sync(self.step)
                await connection.rollback()
                await driver.execute(self.grants)
            except (DBAPIError, asyncpg.PostgresError) as error:
                if connection.closed or driver.is_closed():
                    raise MigrationError(
                        "The connection to the database was lost. What was done stands; run `kro migrate` again."
                    ) from error
                await connection.rollback()
                revision, _ = await standing(driver)
                tries, before = (tries + 1 if revision == before else 1), revision
                self._require_hope(error, tries, revision)
                _log.warning("migration_waits", after_revision=revision, tries=tries)
                await asyncio.sleep(min(_PAUSE_SECONDS[0] * 2**tries, _PAUSE_SECONDS[1]) * random.uniform(0.5, 1))  # noqa: S311 - jitter
            else:
                return

    def _require_hope(self, error: DBAPIError | asyncpg.PostgresError, tries: int, revision: str | None) -> None:
        cause = getattr(error, "orig", error)
        stands = f"Revision {revision} stands" if revision else "Nothing stands yet"
        if getattr(cause, "sqlstate", None) not in _LOCK_FAILURES:
            raise MigrationError(f"{stands}, what comes after it failed and was undone: {cause}") from error
        if tries >= self.limits.tries:
            raise MigrationError(
                f"{stands}; what comes after it found what it needs locked by others {tries} times and was undone."
                " Run `kro migrate` again, when there is less traffic or a long transaction is over."
            ) from error


async def standing(driver: _Driver) -> tuple[str | None, str | None]:
    """Return a schema's revision and the oldest program that runs on it, as far as it says so."""
    if await driver.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return None, None
    row = await driver.fetchrow(_STANDING)
    return (row["revision"], row["oldest_program"]) if row else (None, None)


async def _drop_invalid_indexes(driver: _Driver) -> None:
    """Remove what an index that was being built concurrently leaves behind when it fails: all its cost, no use."""
    for row in await driver.fetch(_INVALID):
        _log.warning("invalid_index_dropped", index=row[0])
        # Nobody waits for this, so it may wait for whoever still uses the table.
        await driver.execute("SET lock_timeout = 0")
        await driver.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {row[0]}")
    # Also what a migration set that failed half way.
    await driver.execute("RESET lock_timeout; RESET statement_timeout")
