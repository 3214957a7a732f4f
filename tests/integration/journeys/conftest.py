from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.journeys.story import Story

from kro_api import World, running_world, settings_for


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


@pytest.fixture
async def story(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Story]:
    story = Story(world, request.node.name.removeprefix("test_"))
    yield story
    await story.check()
