"""The schema has one source, the migrations; the models describe it, and every migration can be undone and redone."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kro.core.database.migrate import migrate, scripts
from kro.models import Base

CATALOG = {
    "tables": """
        SELECT relname, relispartition, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1
    """,
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               pg_get_expr(d.adbin, d.adrelid)
        FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1, a.attnum
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "functions": """
        SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1
    """,
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal ORDER BY 1, 2
    """,
    "rights": """
        SELECT relname, right_of::text FROM pg_class, unnest(relacl) AS right_of
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT oid::regprocedure::text, right_of::text FROM pg_proc, unnest(proacl) AS right_of
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2
    """,
}

Catalog = dict[str, list[tuple[Any, ...]]]


async def read_catalog(dsn: str) -> Catalog:
    connection = await asyncpg.connect(dsn)
    try:
        return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in CATALOG.items()}
    finally:
        await connection.close()


async def differences(dsn: str) -> list[Any]:
    """Return what Alembic would put into a next migration."""

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(dsn)

    def compare(connection: Connection) -> list[Any]:
        months = set(connection.scalars(text("SELECT partition FROM month_partitions")))
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or name not in months,
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(compare)


class TestModels:
    # SQLAlchemy cannot reflect PostgreSQL's own transaction id; its column is the only one left unchecked.
    @pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
    async def test_describe_what_the_migrations_build(self, owner_dsn: str) -> None:
        assert await differences(owner_dsn) == []

    async def test_name_the_same_checks(self, owner_dsn: str) -> None:
        """Alembic compares no check constraints, and they are half of what protects the money."""
        catalog = await read_catalog(owner_dsn)
        months = {name for name, is_partition, *_ in catalog["tables"] if is_partition}
        built = {
            (table, name)
            for table, name, rule in catalog["constraints"]
            if rule.startswith("CHECK") and table not in months
        }

        described = {
            (table.name, str(constraint.name))
            for table in Base.metadata.tables.values()
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }

        assert described == built


class TestMigrations:
    def test_undone_and_redone_give_the_same_schema(self, owner_dsn: str) -> None:
        first = asyncio.run(read_catalog(owner_dsn))

        migrate(owner_dsn, revision="base")
        empty = asyncio.run(read_catalog(owner_dsn))
        migrate(owner_dsn)
        second = asyncio.run(read_catalog(owner_dsn))

        assert first["functions"]
        assert first["rights"]
        assert {table for table, *_ in empty["columns"]} <= {"alembic_version"}
        assert empty["functions"] == []
        for part in CATALOG:
            assert second[part] == first[part], part

    def test_each_one_undone_leaves_what_was_before_it(self, owner_dsn: str) -> None:
        revisions = sorted(script.revision for script in scripts().walk_revisions())
        migrate(owner_dsn, revision="base")
        before = [asyncio.run(read_catalog(owner_dsn))]
        for revision in revisions:
            migrate(owner_dsn, revision=revision)
            before.append(asyncio.run(read_catalog(owner_dsn)))

        different = []
        for revision, wanted in reversed(list(zip(revisions, before, strict=False))):
            migrate(owner_dsn, revision="-1")
            found = asyncio.run(read_catalog(owner_dsn))
            different += [
                (revision, part, sorted(set(found[part]) ^ set(wanted[part]), key=str)[:4])
                for part in CATALOG
                if found[part] != _or_more(wanted[part], found[part])
            ]

        assert different == []


def _or_more(wanted: list[tuple[Any, ...]], found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Let a constraint be validated that was not yet: that it holds is no change of the schema, the reverse is one."""
    validated = {row for row in found if not str(row[-1]).endswith(" NOT VALID")}
    stronger = [(*row[:-1], str(row[-1]).removesuffix(" NOT VALID")) for row in wanted]
    return [strong if strong in validated else row for row, strong in zip(wanted, stronger, strict=True)]
