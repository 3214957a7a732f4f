"""A whole escrow with every process behind PgBouncer by transaction: one that keeps prepared statements or not."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import asyncpg
import pytest
from rich.console import Console

from bouncer import keeps_statements, needs_pgbouncer, pgbouncer
from kro.core.database.embedded import Cluster, Role
from kro.demo import run_demo
from stack import Stack

pytestmark = needs_pgbouncer
SERVER_CONNECTIONS = 4
LIMITS = {"lock_timeout": "3s", "statement_timeout": "10s", "idle_in_transaction_session_timeout": "15s"}


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kro-pgbouncer-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_money_is_right_to_the_kobo(
    postgres: Cluster,
    folder: Path,
    tmp_path: Path,
    stack_behind: Callable[..., AbstractContextManager[Stack]],
) -> None:
    keeping = keeps_statements()
    with ExitStack() as running:

        def between(name: str) -> dict[str, str]:
            asyncio.run(limit_the_role(postgres, name))
            users = {Role.APP.value: postgres.passwords[Role.APP]}
            own = {"default_pool_size": SERVER_CONNECTIONS, **({"max_prepared_statements": 200} if keeping else {})}
            bouncer = running.enter_context(pgbouncer(folder, postgres.dsn(Role.APP, name), users=users, **own))
            return {
                "KRO_DATABASE_URL": bouncer.address,
                "KRO_DATABASE_POOLING": "transaction-prepared" if keeping else "transaction",
                "KRO_DATABASE_DIRECT_URL": f"postgresql:///{name}?host={postgres.host}&port={postgres.port}",
            }

        stack = running.enter_context(stack_behind(tmp_path, between))
        output = io.StringIO()
        code = run_demo(
            base_url=stack.base_url,
            sandbox_url=stack.sandbox_url,
            admin=stack.admin,
            console=Console(file=output, width=120),
        )
        sharing, listening = asyncio.run(connections(stack.owner_dsn))

    assert code == 0, output.getvalue()
    assert 1 <= sharing <= SERVER_CONNECTIONS
    # The two API processes hear of news; nobody else goes past the pooler.
    assert listening == 2


async def limit_the_role(postgres: Cluster, name: str) -> None:
    """Give the role in this database what `deploy/postgres/10-roles.sh` gives it everywhere."""
    admin = await asyncpg.connect(postgres.dsn(Role.ADMIN, "postgres"))
    for setting, value in LIMITS.items():
        await admin.execute(f"""ALTER ROLE kro_app IN DATABASE "{name}" SET {setting} = '{value}'""")
    await admin.close()


async def connections(owner_dsn: str) -> tuple[int, int]:
    """Count the server connections of the application: those shared, and those that only listen."""
    owner = await asyncpg.connect(owner_dsn)
    row = await owner.fetchrow(
        """SELECT count(*) FILTER (WHERE application_name NOT LIKE '%listener') AS sharing,
                  count(*) FILTER (WHERE application_name LIKE '%listener') AS listening
           FROM pg_stat_activity WHERE usename = 'kro_app' AND datname = current_database()"""
    )
    await owner.close()
    assert row is not None
    return row["sharing"], row["listening"]
