from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import pytest_asyncio
from tests.access.calls import Calls
from tests.access.scene import set_scene

from kro.core.config import Settings
from kro.core.database.embedded import Role
from kro_api import running_world, settings_for
from newer_schema import add_columns


@pytest.fixture(scope="package")
def shared_database(lent_database: Callable[[], AbstractContextManager[Any]]) -> Iterator[Any]:
    with lent_database() as database:
        yield database


def lasting(settings: Settings) -> Settings:
    """Let tokens live as long as all of these tests, however much is tested between them."""
    user, admin = (part.model_copy(update={"access_minutes": 600}) for part in (settings.jwt.user, settings.jwt.admin))
    return settings.model_copy(update={"jwt": settings.jwt.model_copy(update={"user": user, "admin": admin})})


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def calls(shared_database: Any) -> AsyncIterator[Calls]:
    """Every operation and a scene for it; whoever calls takes back what came of it."""
    # Nobody may notice that the next release has begun to change the schema.
    await add_columns(shared_database.dsn(Role.OWNER))
    async with running_world(lasting(settings_for(shared_database.cluster, shared_database.name))) as world:
        yield Calls(await set_scene(world), world.api.openapi())
