"""The pages in a real browser. Skipped, with one reason, where no Chromium is installed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Response, ViewportSize, async_playwright, expect
from tests.integration.sandbox.conftest import (
    Receiver,
    Receivers,
    bank,
    control,
    merchant,
    receivers,
    sandbox_url,
)

# The sandbox and its visitors are the same as in tests/integration/sandbox; only the loop is another.
__all__ = ["bank", "control", "merchant", "receivers", "sandbox_url"]

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root without it, and it only meets pages of our own.
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: ViewportSize = {"width": 360, "height": 740}
# Milliseconds; long enough for a machine that is busy with other tests.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a process, with a profile of its own that is thrown away."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (on Debian: apt install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Complaints:
    """What a visitor would not see but a developer must not leave: errors, and requests that leave the machine."""

    found: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.found.append(f"script error: {error}"))
        page.on("request", lambda request: self._left(request.url))
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # A form answered with 422 is told as a failed load too; `_answered` knows which ones count.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.found.append(f"console: {message.text}")

    def _left(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in ("data", "blob", "about") and address.hostname != "127.0.0.1":
            self.found.append(f"left this machine: {url}")

    def _answered(self, response: Response) -> None:
        if not response.ok and response.request.resource_type != "document":
            self.found.append(f"{response.status} for {response.url}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fail the test when its pages complained."""
    complaints = Complaints()
    yield complaints
    assert complaints.found == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, sandbox_url: str, complaints: Complaints) -> AsyncIterator[Page]:
    """A tab as wide as a small phone, without cookies; paths are the sandbox's."""
    context = await browser.new_context(base_url=sandbox_url, viewport=PHONE)
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    complaints.watch(page)
    yield page
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def client(sandbox_url: str, receivers: Receivers) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a sandbox that has forgotten everything."""
    async with httpx2.AsyncClient(base_url=sandbox_url, trust_env=False) as client:
        await client.post("/_sim/reset")
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def receiver(receivers: Receivers, client: httpx2.AsyncClient) -> Receiver:
    receiver = receivers.open()
    await client.patch("/_sim/options", json={"webhook_target": receiver.url})
    return receiver
