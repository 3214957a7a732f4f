from __future__ import annotations

import pytest
from tests.integration.reconciliation.book import ReconciliationWorld

from kro.core.auth.permissions import seed_roles
from kro.core.database.pool import Database


@pytest.fixture
async def world(database: Database, owner_database: Database) -> ReconciliationWorld:
    await seed_roles(owner_database)
    return ReconciliationWorld(database, owner_database)
