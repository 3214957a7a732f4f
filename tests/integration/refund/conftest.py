from __future__ import annotations

import pytest
from tests.integration.refund.world import RefundWorld

from kro.core.database.pool import Database


@pytest.fixture
def world(database: Database) -> RefundWorld:
    return RefundWorld(database)
