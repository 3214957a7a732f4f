"""Fincra, once in memory and once over HTTP."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from tests.contract.fincra.world import World, settings_for

from kro.payment.providers import provider_reference_for
from kro.payment.providers.fincra import Fincra
from kro_sandbox.app import create_app
from kro_sandbox.settings import SandboxSettings


@pytest.fixture(params=["memory", "http"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    transport: httpx2.AsyncBaseTransport | None = None
    if request.param == "memory":
        url = "http://127.0.0.1:4000"
        app = create_app(SandboxSettings(webhook_target="http://127.0.0.1:9", transfer_delay=3600))
        transport = httpx2.ASGITransport(app)
    else:
        url = request.getfixturevalue("sandbox_url")
    async with (
        Fincra(settings_for(url), transport=transport) as fincra,
        httpx2.AsyncClient(base_url=url, transport=transport) as control,
    ):
        yield World(fincra.provider, control)
        await control.post("/_sim/reset")


@pytest.fixture
def reference() -> str:
    return provider_reference_for(uuid4())
