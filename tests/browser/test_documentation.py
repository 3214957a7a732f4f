"""The product's own pages: the API documentation, without internet and within its content security policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.integration.sandbox.conftest import serving

from kro.bootstrap import build
from kro.core.database.embedded import Cluster
from kro.main import create_api
from kro_api import settings_for

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def api_url(postgres: Cluster) -> Iterator[str]:
    with serving(_without_lifespan(create_api(build(settings_for(postgres, "never_opened"))))) as url:
        yield url


def _without_lifespan(api: ASGIApp) -> ASGIApp:
    # Documents need no database, so none is opened.
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await api(scope, receive, send)

    return served


async def test_the_operations_are_rendered(page: Page, api_url: str) -> None:
    await page.goto(f"{api_url}/docs")

    # A big document on a busy machine takes its time.
    operation = page.locator(".opblock").filter(has_text="/v1/orders/{order_id}/approve")
    await expect(operation).to_be_visible(timeout=60_000)
    assert await page.title() == "KRO backend"
