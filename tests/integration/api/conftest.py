from collections.abc import AsyncIterator
from typing import Any

import pytest

from kro_api import World, running_world, settings_for


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running
