"""Runs migrations as the owner role, over asyncpg, then grants the application role exactly what it needs."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kro.models import Base

GRANTS = Path(__file__).parent / "grants.sql"


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


async def grant(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(GRANTS.read_text())
    finally:
        await connection.close()


async def main(dsn: str) -> None:
    async def connect() -> asyncpg.Connection:
        # The DSN may name a private socket, which a SQLAlchemy URL can only carry in a round-about way.
        return await asyncpg.connect(dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.begin() as connection:
        # Two processes that start together migrate one after the other.
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('kro migrations', 0))"))
        await connection.run_sync(run)
    await engine.dispose()
    await grant(dsn)


asyncio.run(main(context.config.attributes["dsn"]))
