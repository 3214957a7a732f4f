from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kro.core.database.embedded import Role
from socket_crowd import ROOT, Crowd, environment_of, free_port


@pytest.fixture(scope="session")
def seeded(lent_database: Callable[..., AbstractContextManager[Any]], tmp_path_factory: Any) -> Iterator[str]:
    """The name of a database after ``kro seed``."""
    with lent_database() as lent:
        folder = tmp_path_factory.mktemp("seeded")
        environment = environment_of(lent.cluster, lent.name, folder, port=free_port(), redis_url=None)
        subprocess.run([sys.executable, "-m", "kro.cli", "seed"], env=environment, cwd=ROOT, check=True, timeout=120)
        yield lent.name


@pytest.fixture
def fresh_database(lent_database: Callable[..., AbstractContextManager[Any]], seeded: str) -> Iterator[Any]:
    """A copy of the seeded one."""
    with lent_database(seeded) as lent:
        yield lent


@pytest.fixture
def environment(fresh_database: Any, tmp_path: Path) -> dict[str, str]:
    """What the processes of one installation are given: they drain as in production, only shorter."""
    found = environment_of(fresh_database.cluster, fresh_database.name, tmp_path, port=free_port(), redis_url=None)
    found |= {"KRO_API_DRAIN_SECONDS": "5", "KRO_API_STOP_SECONDS": "20"}
    # A machine busy with other tests may let a request wait for long; that is no answer about replacing.
    own = Path(found["KRO_CONFIG_DIR"]) / "test.json"
    settings = json.loads(own.read_text()) | {"database": {"timeouts": {"poolWaitSeconds": 50}}}
    own.write_text(json.dumps(settings))
    return found


@pytest.fixture
async def owner(fresh_database: Any) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(fresh_database.dsn(Role.OWNER))
    yield connection
    await connection.close()


@pytest.fixture
async def crowd(environment: dict[str, str], owner: asyncpg.Connection[asyncpg.Record]) -> Crowd:
    crowd = Crowd(owner)
    await crowd.gather(8)
    return crowd


@pytest.fixture
def quotes(owner: asyncpg.Connection[asyncpg.Record]) -> Callable[[], Any]:
    """How many quotes were made, whoever was told."""
    return lambda: owner.fetchval("SELECT count(*) FROM fee_quotes")
