"""Every page: complete, usable with a keyboard and on a small phone, and without anything from elsewhere.

The `page` fixture fails a test on console errors and on requests that leave the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Page
from tests.browser.conftest import PHONE
from tests.browser.test_checkouts import fincra
from tests.browser.test_workbench import text

if TYPE_CHECKING:
    from tests.browser.conftest import Complaints
    from tests.integration.sandbox.conftest import Bank, Control, Merchant

pytestmark = pytest.mark.asyncio(loop_scope="session")

# The page and its main button; pages to read have none.
PAGES = {
    "/": "Forget everything",
    "/inbox": "Filter",
    "/deliveries": None,
    "/pay": "Pay",
    "/books": None,
    "/faults": "Add",
    "paystack": "Pay NGN 10,000.00",
    "paystack paid": None,
    "paystack unknown": None,
    "fincra": "Pay NGN 152,015.63",
    "fincra unknown": None,
}


async def visit(path: str, page: Page, client: httpx2.AsyncClient, merchant: Merchant) -> None:
    started = await merchant.initialize()
    if path == "paystack paid":
        await merchant.pay(started["access_code"])
    addresses = {
        "paystack": f"/paystack/checkout/{started['access_code']}",
        "paystack paid": f"/paystack/checkout/{started['access_code']}",
        "paystack unknown": "/paystack/checkout/unknown",
        "fincra": (await fincra(client, "/checkout/payments", feeBearer="business"))["link"],
        "fincra unknown": "/fincra/pay/unknown",
    }
    await page.goto(addresses.get(path, path))


@pytest_asyncio.fixture(loop_scope="session")
async def lived_in(client: httpx2.AsyncClient, merchant: Merchant, bank: Bank, control: Control) -> None:
    """Leave something long on every list."""
    await merchant.paid(amount=999_999_999)
    await merchant.transfer(reference="kro-payout-0000000001-0000000001-0000000001")
    await bank.pay(await bank.lend(), 999_999_999_999)
    await bank.reserve()
    await control.fault("transfer", "act_then_http_error", status=503, message="long" * 30)
    await text(client, "http://127.0.0.1:3000/m/" + "x" * 200)


@pytest.mark.parametrize(("path", "button"), PAGES.items(), ids=PAGES)
async def test_every_page(
    page: Page, client: httpx2.AsyncClient, merchant: Merchant, lived_in: None, path: str, button: str | None
) -> None:
    await visit(path, page, client, merchant)

    assert await page.title() != ""
    assert await page.locator("h1").count() == 1
    assert await unlabelled(page) == []
    if button is not None:
        assert button in await reached_by_tab(page)
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("address", ["http://192.0.2.1/x.png", "https://cdn.example/x.js"])
async def test_a_request_that_leaves_the_machine_is_noticed(page: Page, complaints: Complaints, address: str) -> None:
    await page.route("**/x.*", lambda route: route.abort())
    await page.set_content(f'<img src="{address}">')

    assert complaints.found == [f"left this machine: {address}"]
    complaints.found.clear()


async def test_an_error_in_a_script_is_noticed(page: Page, complaints: Complaints) -> None:
    await page.set_content("<script>console.error('told'); missing()</script>")

    assert complaints.found == ["console: told", "script error: missing is not defined"]
    complaints.found.clear()


async def unlabelled(page: Page) -> list[str]:
    """Name the fields that a screen reader could not."""
    fields = "input:not([type=hidden]), select, textarea, iframe"
    nameless = "all => all.filter(one => !(one.labels?.length || one.title || one.ariaLabel)).map(one => one.outerHTML)"
    return list(await page.eval_on_selector_all(fields, nameless))


async def reached_by_tab(page: Page, *, most: int = 80) -> set[str]:
    """Press Tab until it comes round, and tell the buttons met."""
    met = set()
    for _ in range(most):
        await page.keyboard.press("Tab")
        focused = await page.evaluate("document.activeElement.matches('button') && document.activeElement.innerText")
        if focused:
            met.add(str(focused))
        if await page.evaluate("document.activeElement === document.body"):
            break
    return met
