from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from kro.core.database.embedded import Cluster, Role
from kro_api import World, running_world, settings_for


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


@pytest.fixture
async def old_dsn(postgres: Cluster) -> AsyncIterator[str]:
    """An empty database for the server before this one."""
    name = f"old_{uuid4().hex}"
    admin: Any = await asyncpg.connect(postgres.dsn(Role.ADMIN, "postgres"))
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 STRATEGY FILE_COPY')
        yield postgres.dsn(Role.ADMIN, name)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()
