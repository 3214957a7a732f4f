"""Bringing the database to where the code is: schema and seed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import asyncpg

from kro.core.config import Settings
from kro.core.database.address import database_dsn, pool_options
from kro.core.database.embedded import Role
from kro.core.database.pool import Database
from kro.core.database.startup import Facts, read_facts, require_sound
from kro.run.errors import DatabaseUnreachableError

T = TypeVar("T")


def migrate_database(settings: Settings) -> None:
    """Upgrade the schema as the owner role, while others use it.

    :raises MigrationError: it stopped between two revisions.
    :raises DatabaseUnreachableError: it does not answer or refuses us.
    """
    from kro.core.database.migrate import migrate  # noqa: PLC0415 - serving alone never needs it
    from kro.core.database.migrating import Limits  # noqa: PLC0415 - as above

    dsn = database_dsn(settings.database, Role.OWNER)
    try:
        migrate(dsn, limits=Limits(statement_ms=settings.database.timeouts.migration_statement_ms))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise DatabaseUnreachableError(str(error) or type(error).__name__) from error


def require_sound_database(settings: Settings) -> None:
    """Make sure that the database can be used before a server is started around it.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    :raises DatabaseRefusedError: it cannot be entrusted with money.
    """
    asyncio.run(_asked(settings, require_sound))


def examine_database(settings: Settings) -> Facts:
    """Return what the database says of itself to the application's role.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    """
    return asyncio.run(_asked(settings, read_facts))


async def _asked(settings: Settings, ask: Callable[[Database], Awaitable[T]]) -> T:
    database = Database(replace(pool_options(settings.database), size=1))
    try:
        await database.open()
        return await ask(database)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise DatabaseUnreachableError(str(error) or type(error).__name__) from error
    finally:
        await database.close()


def seed_database(settings: Settings) -> None:
    """Add what a new installation needs; what is there already stays as it is."""
    from kro.seed import seed  # noqa: PLC0415 - migrating alone does not need it

    asyncio.run(seed(settings))
