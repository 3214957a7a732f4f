"""What a payer does on the hosted checkouts and in a banking app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from playwright.async_api import Page, expect

from kro_sandbox.settings import FINCRA_BUSINESS, FINCRA_PUBLIC_KEY, FINCRA_TEST_KEY

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Bank, Control, Merchant, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="session")

AMOUNT = 15_201_563
SHOWN = "NGN 152,015.63"


async def at_checkout(page: Page, merchant: Merchant, **more: object) -> str:
    started = await merchant.initialize(amount=AMOUNT, **more)
    await page.goto(f"/paystack/checkout/{started['access_code']}")
    return str(started["reference"])


async def choose_card(page: Page, number: str) -> None:
    """Pick a card from the list of test cards, which fills the form in."""
    await page.get_by_text("Test cards", exact=True).click()
    await page.get_by_role("button", name=number).click()
    await expect(page.get_by_label("Card number")).to_have_value(number)


async def press_pay(page: Page) -> None:
    await page.get_by_role("button", name=f"Pay {SHOWN}").click()


class TestPaystack:
    async def test_a_card_pays_and_the_shop_hears_of_it(
        self, page: Page, merchant: Merchant, receiver: Receiver
    ) -> None:
        reference = await at_checkout(page, merchant)

        await press_pay(page)

        await expect(page.get_by_role("status")).to_contain_text(f"{SHOWN} from demo@example.com was paid")
        (told,) = await receiver.wait_for(1)
        assert (told.event, told.data["reference"], told.data["amount"]) == ("charge.success", reference, AMOUNT)

    async def test_paying_leads_back_to_the_shop(self, page: Page, merchant: Merchant, sandbox_url: str) -> None:
        reference = await at_checkout(page, merchant, callback_url=f"{sandbox_url}/inbox?order=1")

        await press_pay(page)

        await page.wait_for_url(f"**/inbox?order=1&trxref={reference}&reference={reference}")

    async def test_a_declined_card_is_explained_and_another_one_pays(self, page: Page, merchant: Merchant) -> None:
        reference = await at_checkout(page, merchant)

        await choose_card(page, "4084080000005408")
        await press_pay(page)

        await expect(page.get_by_role("alert")).to_contain_text("Declined")
        assert (await merchant.verify(reference))["status"] == "failed"

        await choose_card(page, "4084084084084081")
        await press_pay(page)

        await expect(page.get_by_role("heading", name="Paid")).to_be_visible()
        assert (await merchant.verify(reference))["status"] == "success"

    async def test_a_card_with_questions_pays_once_they_are_answered(self, page: Page, merchant: Merchant) -> None:
        reference = await at_checkout(page, merchant)

        await choose_card(page, "507850785078507804")
        await press_pay(page)
        await page.get_by_label("Card PIN").fill("0000")
        await page.get_by_label("Phone number at the bank").fill("08031234567")
        await page.get_by_label("Code the bank sent you").fill("000000")
        await press_pay(page)

        await expect(page.get_by_role("alert")).to_contain_text("Incorrect OTP")
        assert (await merchant.verify(reference))["status"] == "failed"

        await press_pay(page)
        await page.get_by_label("Card PIN").fill("0000")
        await page.get_by_label("Phone number at the bank").fill("08031234567")
        await page.get_by_label("Code the bank sent you").fill("123456")
        await press_pay(page)

        await expect(page.get_by_role("heading", name="Paid")).to_be_visible()
        assert (await merchant.verify(reference))["status"] == "success"

    async def test_cancelling_charges_nothing_and_can_be_thought_over(self, page: Page, merchant: Merchant) -> None:
        reference = await at_checkout(page, merchant)

        await page.get_by_role("button", name="Cancel payment").click()

        await expect(page.get_by_role("heading", name="Payment cancelled")).to_be_visible()
        assert (await merchant.verify(reference))["status"] == "abandoned"

        await page.get_by_role("link", name="Try again").click()
        await press_pay(page)

        await expect(page.get_by_role("heading", name="Paid")).to_be_visible()

    async def test_the_bank_books_another_amount_when_told_to(
        self, page: Page, merchant: Merchant, control: Control
    ) -> None:
        await control.fault("pay", "under", amount=AMOUNT - 100_000)
        reference = await at_checkout(page, merchant)

        await press_pay(page)

        await expect(page.get_by_role("status")).to_contain_text("NGN 151,015.63")
        paid = await merchant.verify(reference)
        assert (paid["amount"], paid["requested_amount"]) == (AMOUNT - 100_000, AMOUNT)


class TestFincra:
    async def test_a_refused_card_is_explained_and_another_one_pays(
        self, page: Page, client: httpx2.AsyncClient, receiver: Receiver
    ) -> None:
        data = await fincra(client, "/checkout/payments", feeBearer="business")
        await page.goto(data["link"])

        await page.get_by_label("Test card").select_option("4084080000005408")
        await press_pay(page)

        await expect(page.get_by_role("alert")).to_contain_text("Insufficient funds")

        await page.get_by_label("Test card").select_option("5319317801366660")
        await press_pay(page)

        await expect(page.get_by_role("status")).to_contain_text(f"{SHOWN} from ada@example.com was paid")
        assert [told.event for told in await receiver.wait_for(1)] == ["charge.successful"]


class TestBankTransfer:
    async def test_any_amount_arrives_on_an_account_of_providus(
        self, page: Page, bank: Bank, receiver: Receiver
    ) -> None:
        number = await bank.lend()
        await page.goto("/pay")

        await page.get_by_role("link", name=number).click()
        await transfer(page, "151000.50")

        await expect(page.get_by_role("status")).to_contain_text(f"NGN 151,000.50 arrived on {number}")
        assert [inflow["amount"] for inflow in (await bank.books())["inflows"]] == [15_100_050]
        assert (await receiver.wait_for(1))[0].body["transactionAmount"] == "151000.5"

    async def test_reloading_does_not_pay_again(self, page: Page, bank: Bank) -> None:
        await page.goto(f"/pay?account_number={await bank.reserve()}")
        await transfer(page, "1000")
        await expect(page.get_by_role("status")).to_be_visible()

        await page.reload()

        await expect(page.get_by_role("status")).to_be_visible()
        assert len((await bank.books())["inflows"]) == 1

    async def test_fincra_sends_another_amount_back_and_takes_the_right_one(
        self, page: Page, client: httpx2.AsyncClient, receiver: Receiver
    ) -> None:
        await fincra(client, "/checkout/charges", type="bank_transfer")
        await page.goto("/pay")
        await page.get_by_role("row").filter(has_text=SHOWN).get_by_role("link").click()

        await transfer(page, "151000")

        await expect(page.get_by_role("alert")).to_contain_text("The money went back")
        assert receiver.received == []

        await transfer(page, "152015.63")

        await expect(page.get_by_role("status")).to_contain_text(f"{SHOWN} arrived")
        assert [told.event for told in await receiver.wait_for(1)] == ["charge.successful"]

    async def test_any_amount_arrives_on_a_permanent_account_of_fincra(
        self, page: Page, client: httpx2.AsyncClient, receiver: Receiver
    ) -> None:
        holder = {"firstName": "Ada", "lastName": "Obi", "bvn": "22222222222"}
        await fincra(client, "/profile/virtual-accounts/requests", accountType="individual", KYCInformation=holder)
        await page.goto("/pay")
        await page.get_by_role("row").filter(has_text="Ada Obi").get_by_role("link").click()

        await transfer(page, "77.07")

        await expect(page.get_by_role("status")).to_contain_text("NGN 77.07 arrived")
        assert [told.event for told in await receiver.wait_for(1)] == ["collection.successful"]


async def transfer(page: Page, naira: str) -> None:
    await page.get_by_label("Amount in naira").fill(naira)
    await page.get_by_role("button", name="Pay").click()


async def fincra(client: httpx2.AsyncClient, path: str, **more: object) -> dict[str, Any]:
    """Call Fincra's API the way a merchant's server does."""
    headers = {"api-key": FINCRA_TEST_KEY, "x-pub-key": FINCRA_PUBLIC_KEY, "x-business-id": FINCRA_BUSINESS}
    customer = {"name": "Ada Demo", "email": "ada@example.com"}
    body = {"amount": AMOUNT / 100, "currency": "NGN", "customer": customer, **more}
    answer = await client.post(f"/fincra{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return dict(answer.json()["data"])
