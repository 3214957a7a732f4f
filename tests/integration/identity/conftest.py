from __future__ import annotations

import pytest
from tests.integration.identity.people import People

from kro.core.database.pool import Database


@pytest.fixture
async def people(database: Database) -> People:
    """The roles, one user with ``PHONE`` and one approver, before anything has happened."""
    people = People(database)
    await people.seed()
    return people
