from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kro_api import World, running_world, settings_for


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


@pytest.fixture
async def cooling_world(fresh_database: Any) -> AsyncIterator[World]:
    """A world in which new bank accounts and changed passwords make payouts wait for a day."""
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    payouts = settings.payouts.model_copy(update={"cooling_hours": 24})
    async with running_world(settings.model_copy(update={"payouts": payouts})) as running:
        yield running
