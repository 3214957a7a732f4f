"""Runs migrations as the owner role, each in a transaction of its own, or renders them as text (``--sql``)."""

import asyncio
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from kro.core.database.migrate import head_revision, oldest_program
from kro.core.database.migrating import Migrations
from kro.models import Base

GRANTS = Path(__file__).parent / "grants.sql"


# Alembic passes all four by name.
def say_who_runs_on_it(
    ctx: MigrationContext,
    step: MigrationInfo,  # noqa: ARG001
    heads: Collection[Any],
    run_args: Mapping[str, Any],  # noqa: ARG001
) -> None:
    """Write beside the revision, in its transaction, which is the oldest program that runs on it."""
    connection = ctx.connection
    if connection is None or not heads:
        return
    if "oldest_program" not in {column["name"] for column in inspect(connection).get_columns("alembic_version")}:
        connection.execute(text("ALTER TABLE alembic_version ADD COLUMN oldest_program text"))
    oldest = oldest_program(max(heads))
    connection.execute(text("UPDATE alembic_version SET oldest_program = :oldest"), {"oldest": oldest})


configure = partial(context.configure, target_metadata=Base.metadata, compare_type=True, transaction_per_migration=True)


def run(connection: Connection) -> None:
    configure(connection=connection, on_version_apply=say_who_runs_on_it)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    known = {script.revision for script in context.script.walk_revisions()}
    given = context.config.attributes
    asyncio.run(Migrations(given["dsn"], run, GRANTS.read_text(), known, head_revision(), given["limits"]).run())
