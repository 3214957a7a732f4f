"""What a tester does: read a code, script a fault, look at the books, send a webhook again, start over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from playwright.async_api import Page, expect

from kro_sandbox.settings import SENDGRID_TEST_KEY, TERMII_TEST_KEY

if TYPE_CHECKING:
    from tests.browser.conftest import Complaints
    from tests.integration.sandbox.conftest import Bank, Control, Merchant, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def text(client: httpx2.AsyncClient, sms: str, *, to: str = "2348031234567") -> None:
    body = {"api_key": TERMII_TEST_KEY, "to": to, "from": "KRO", "sms": sms, "type": "plain", "channel": "dnd"}
    (await client.post("/termii/api/sms/send", json=body)).raise_for_status()


class TestInbox:
    async def test_a_code_that_arrives_is_shown_without_reloading(self, page: Page, client: httpx2.AsyncClient) -> None:
        await text(client, "Your code is 111111")
        await page.goto("/inbox")
        await expect(page.locator(".code")).to_have_text(["111111"])

        await text(client, "Your code is 222222")

        await expect(page.locator(".code")).to_have_text(["222222", "111111"])

    async def test_the_filter_keeps_to_one_recipient(self, page: Page, client: httpx2.AsyncClient) -> None:
        await text(client, "Your code is 111111")
        await text(client, "Your code is 222222", to="2348031234568")
        await page.goto("/inbox")

        await page.get_by_label("Recipient").fill("+2348031234568")
        await page.get_by_role("button", name="Filter").click()

        await expect(page.locator(".code")).to_have_text(["222222"])

    async def test_a_mail_is_shown_as_formatted_and_runs_nothing(
        self, page: Page, client: httpx2.AsyncClient, complaints: Complaints
    ) -> None:
        markup = "<h1>Hello</h1><script>parent.document.title = 'taken'</script>"
        body = {
            "personalizations": [{"to": [{"email": "ada@example.com"}]}],
            "from": {"email": "no-reply@example.com"},
            "subject": "Welcome",
            "content": [{"type": "text/html", "value": markup}],
        }
        headers = {"authorization": f"Bearer {SENDGRID_TEST_KEY}"}
        (await client.post("/sendgrid/v3/mail/send", json=body, headers=headers)).raise_for_status()
        await page.goto("/inbox")

        await page.get_by_text("As formatted mail").click()

        await expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Hello")
        assert await page.title() == "Inbox · KRO sandbox"
        assert "Blocked script execution" in complaints.found.pop()


class TestFaults:
    async def test_what_was_scripted_happens_to_the_next_call(self, page: Page, merchant: Merchant) -> None:
        await page.goto("/faults")
        await page.get_by_label("Fault").select_option(label="paystack balance: http error")
        await page.get_by_label("Detail").select_option("status")
        await page.get_by_label("Value").fill("503")
        await page.get_by_role("button", name="Add").click()
        await expect(page.get_by_role("row").filter(has_text="paystack balance")).to_contain_text("0 of 1")

        statuses = [(await merchant.get("/balance")).status_code for _ in range(2)]

        assert statuses == [503, 200]
        await page.reload()
        await expect(page.get_by_role("row").filter(has_text="paystack balance")).to_contain_text("1 of 1")

    async def test_a_mistake_is_explained(self, page: Page) -> None:
        await page.goto("/faults")

        await page.get_by_label("How many times").fill("often")
        await page.get_by_role("button", name="Add").click()

        await expect(page.get_by_role("alert")).to_contain_text("times and skip must be whole numbers")

    async def test_what_was_forgotten_does_not_happen(self, page: Page, merchant: Merchant, control: Control) -> None:
        await control.fault("balance", "http_error", status=503)
        await page.goto("/faults")

        await page.get_by_role("button", name="Forget http error of paystack balance").click()

        await expect(page.get_by_text("everything works")).to_be_visible()
        assert (await merchant.get("/balance")).status_code == 200


class TestWebhooks:
    async def test_one_is_sent_again_byte_for_byte(self, page: Page, merchant: Merchant, receiver: Receiver) -> None:
        reference = await merchant.paid()
        await receiver.wait_for(1)
        await page.goto("/deliveries")
        await page.get_by_text(reference).first.click()

        await page.get_by_role("button", name="Send again").click()

        first, second = await receiver.wait_for(2)
        assert (first.raw, first.is_signed_by_paystack) == (second.raw, second.is_signed_by_paystack)
        # Still open, so that the answer can be read at once.
        await expect(page.get_by_role("button", name="Send again")).to_be_visible()


class TestBooks:
    async def test_shows_every_company_and_leads_to_what_can_be_paid(
        self, page: Page, merchant: Merchant, bank: Bank
    ) -> None:
        reference = (await merchant.initialize(amount=1_234_550))["reference"]
        await bank.pay(await bank.lend(), 100_050)
        await page.goto("/books")

        await expect(page.get_by_role("heading", level=2)).to_have_text(["Paystack", "Fincra", "Providus"])
        await expect(page.get_by_role("region", name="Providus")).to_contain_text("NGN 1,000.50")
        await page.get_by_role("link", name=reference).click()

        await expect(page.get_by_role("button", name="Pay NGN 12,345.50")).to_be_visible()


class TestOverview:
    async def test_forgets_everything_when_told_to(self, page: Page, client: httpx2.AsyncClient) -> None:
        await text(client, "Your code is 111111")
        await page.goto("/")

        await page.get_by_role("button", name="Forget everything").click()
        await page.get_by_role("navigation").get_by_role("link", name="Inbox").click()

        await expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
