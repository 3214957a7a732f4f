from __future__ import annotations

import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.database.pool import Database


@pytest.fixture
def world(database: Database) -> PaymentWorld:
    return PaymentWorld(database)
