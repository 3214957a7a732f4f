from collections.abc import AsyncIterator
from typing import Any

import pytest

from kro_api import World, running_world, settings_for


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


@pytest.fixture
async def polling_world(fresh_database: Any) -> AsyncIterator[World]:
    """A world whose sockets take clients without websockets."""
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    realtime = settings.realtime.model_copy(update={"long_polling": True})
    async with running_world(settings.model_copy(update={"realtime": realtime})) as running:
        yield running
