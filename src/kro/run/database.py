"""Bringing the database to where the code is: schema and seed."""

from __future__ import annotations

import asyncio

import asyncpg

from kro.core.config import Settings
from kro.core.database.address import database_dsn
from kro.core.database.embedded import Role
from kro.core.database.migrate import migrate
from kro.run.errors import DatabaseUnreachableError


def migrate_database(settings: Settings) -> None:
    """Upgrade the schema as the owner role.

    :raises DatabaseUnreachableError: it does not answer or refuses us.
    """
    dsn = database_dsn(settings.database, Role.OWNER)
    try:
        migrate(dsn)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise DatabaseUnreachableError(str(error) or type(error).__name__) from error


def seed_database(settings: Settings) -> None:
    """Add what a new installation needs; what is there already stays as it is."""
    from kro.seed import seed  # noqa: PLC0415 - migrating alone does not need it

    asyncio.run(seed(settings))
