from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from kro_sandbox.core.pages import clock
from kro_sandbox.settings import TERMII_TEST_KEY

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Bank, Control, Merchant, Receiver

GOOD = {"card_number": "4084084084084081", "cvv": "408", "expiry": "12/30"}
ELSEWHERE = re.compile(r"""(?:src|href)=["'](?:https?:)?//|@import|url\(""")


class Outline(HTMLParser):
    """Collects what a page must have to be used with a keyboard and a screen reader."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.language: str | None = None
        self.headings = 0
        self.labels: set[str] = set()
        self.fields: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "html":
            self.language = values.get("lang")
        self.headings += tag == "h1"
        if tag == "label":
            self.labels.add(values.get("for") or "")
        if tag in ("input", "select"):
            self.fields.add(values.get("id") or "without id")


async def checkout(merchant: Merchant, *, amount: int = 1_000_000, **more: object) -> str:
    return f"/paystack/checkout/{(await merchant.initialize(amount=amount, **more))['access_code']}"


class TestEveryPage:
    @pytest.mark.parametrize(
        "path", ["/", "/inbox", "/deliveries", "/books", "/faults", "/pay", "checkout", "paid", "cancelled"]
    )
    async def test_is_complete_and_needs_nothing_from_elsewhere(
        self, client: httpx2.AsyncClient, merchant: Merchant, control: Control, path: str
    ) -> None:
        await merchant.paid()
        await merchant.transfer()
        await control.fault("pay", "late", milliseconds=1)
        if not path.startswith("/"):
            started = await checkout(merchant)
            if path == "paid":
                await client.post(started, data=GOOD)
            path = f"{started}/cancel" if path == "cancelled" else started
        answer = await (client.post(path) if path.endswith("/cancel") else client.get(path))

        outline = Outline(answer.text)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert (outline.language, outline.headings) == ("en", 1)
        assert outline.fields <= outline.labels
        assert not ELSEWHERE.search(answer.text)

    async def test_the_overview_names_keys_and_cards(self, client: httpx2.AsyncClient) -> None:
        page = (await client.get("/")).text

        for shown in ("sk_test_kro_sandbox_0000000000000000000000", "4084084084084081", f"{client.base_url}/paystack"):
            assert shown in page


class TestCheckout:
    async def test_shows_amount_and_a_card_that_pays(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        page = (await client.get(await checkout(merchant, amount=1_234_550))).text

        assert "Pay NGN 12,345.50" in page
        assert 'value="4084084084084081"' in page

    async def test_paying_leads_back_to_the_shop(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        path = await checkout(merchant, reference="order-1", callback_url="http://127.0.0.1:3000/back?order=1")

        answer = await client.post(path, data=GOOD)

        assert answer.status_code == 303
        target = urlsplit(answer.headers["location"])
        assert (target.netloc, target.path) == ("127.0.0.1:3000", "/back")
        assert parse_qs(target.query) == {"order": ["1"], "trxref": ["order-1"], "reference": ["order-1"]}

    async def test_paying_without_a_shop_says_paid(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        path = await checkout(merchant)

        assert "<h1>Paid</h1>" in (await client.post(path, data=GOOD)).text
        assert "<h1>Paid</h1>" in (await client.get(path)).text

    async def test_a_refused_card_is_explained_and_kept(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        typed = {"card_number": "4084080000005408", "cvv": "001", "expiry": "11/31"}

        page = (await client.post(await checkout(merchant), data=typed)).text

        assert re.search(r'role="alert">\s*Declined', page)
        assert 'value="4084080000005408"' in page
        assert 'value="11/31"' in page

    async def test_a_card_with_a_pin_asks_for_it(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        path = await checkout(merchant)
        typed = {"card_number": "507850785078507812", "cvv": "081", "expiry": "12/30"}

        page = (await client.post(path, data=typed)).text

        assert 'name="pin"' in page
        assert 'role="alert"' not in page
        assert "<h1>Paid</h1>" in (await client.post(path, data=typed | {"pin": "1111"})).text

    async def test_cancelling_charges_nothing(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        started = await merchant.initialize(metadata={"cancel_action": "http://127.0.0.1:3000/cancelled"})

        answer = await client.post(f"/paystack/checkout/{started['access_code']}/cancel")

        assert (answer.status_code, answer.headers["location"]) == (303, "http://127.0.0.1:3000/cancelled")
        assert (await merchant.verify(started["reference"]))["status"] == "abandoned"

    async def test_an_unknown_checkout_is_not_found(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get("/paystack/checkout/unknown")).status_code == 404
        assert (await client.post("/paystack/checkout/unknown/pay", json=GOOD)).status_code == 404

    async def test_what_people_typed_is_shown_as_text(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        page = (await client.post(await checkout(merchant), data=GOOD | {"cvv": '"><script>alert(1)</script>'})).text

        assert "<script>alert" not in page


class TestInbox:
    async def send(self, client: httpx2.AsyncClient, sms: str, to: str = "2348031234567") -> None:
        body = {"api_key": TERMII_TEST_KEY, "to": to, "from": "KRO", "sms": sms, "type": "plain", "channel": "dnd"}
        assert (await client.post("/termii/api/sms/send", json=body)).status_code == 200

    async def test_shows_the_newest_first_with_its_code(self, client: httpx2.AsyncClient) -> None:
        await self.send(client, "Your code is 111111")
        await self.send(client, "Your code is 222222")

        page = (await client.get("/inbox")).text

        assert re.findall(r'class="code">(\d+)<', page) == ["222222", "111111"]

    async def test_filters_by_recipient(self, client: httpx2.AsyncClient) -> None:
        await self.send(client, "Your code is 111111")
        await self.send(client, "Your code is 222222", to="2348031234568")

        page = (await client.get("/inbox", params={"to": "+2348031234567"})).text

        assert ("111111" in page, "222222" in page) == (True, False)

    async def test_the_refreshing_part_is_no_whole_page(self, client: httpx2.AsyncClient) -> None:
        await self.send(client, "Your code is 111111")

        part = (await client.get("/inbox", params={"fragment": "1"})).text

        assert "111111" in part
        assert "<html" not in part

    async def test_links_work_and_markup_does_not(self, client: httpx2.AsyncClient) -> None:
        await self.send(client, "<b>x</b> http://127.0.0.1:3000/m?a=1&b=2.")

        page = (await client.get("/inbox")).text

        assert "&lt;b&gt;x" in page
        assert '<a href="http://127.0.0.1:3000/m?a=1&amp;b=2">' in page


class TestFaultsPage:
    async def test_scripts_a_fault(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        form = {"what": "paystack balance:http_error", "times": "1", "parameter": "status", "value": "503"}

        answer = await client.post("/faults", data=form)

        assert answer.status_code == 303
        assert (await merchant.get("/balance")).status_code == 503
        assert "1 of 1" in (await client.get("/faults")).text

    @pytest.mark.parametrize("times", ["many", "0", "9" * 5000])
    async def test_says_what_is_wrong(self, client: httpx2.AsyncClient, times: str) -> None:
        answer = await client.post("/faults", data={"what": "paystack balance:http_error", "times": times})

        assert answer.status_code == 422
        assert 'role="alert"' in answer.text

    async def test_forgets_one_and_keeps_the_others(self, client: httpx2.AsyncClient, control: Control) -> None:
        await control.fault("balance", "late", milliseconds=7)
        await control.fault("transfer", "late", milliseconds=8)

        first = (await client.get("/_sim/faults")).json()["faults"][0]
        await client.post(f"/faults/{first['id']}/remove")

        page = (await client.get("/faults")).text
        assert ("milliseconds 7" in page, "milliseconds 8" in page) == (False, True)


class TestPaying:
    async def test_a_person_pays_into_an_account(
        self, client: httpx2.AsyncClient, bank: Bank, receiver: Receiver
    ) -> None:
        number = await bank.lend()

        empty = await client.get("/pay", params={"account_number": number})
        odd = await client.post("/pay", data={"account_number": number, "amount": "1,500"})
        paid = await client.post("/pay", data={"account_number": number, "amount": "1500.50"})

        assert f'value="{number}"' in empty.text
        assert (odd.status_code, 'role="alert"' in odd.text) == (422, True)
        assert (await receiver.wait_for(1))[0].body["transactionAmount"] == "1500.5"
        assert paid.status_code == 303
        assert "NGN 1,500.50 arrived" in (await client.get(paid.headers["location"])).text

    async def test_a_person_pays_into_a_dedicated_account_of_paystack(
        self, client: httpx2.AsyncClient, merchant: Merchant, receiver: Receiver
    ) -> None:
        customer = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Obi", "phone": "+2348031234567"}
        code = (await merchant.post("/customer", customer)).json()["data"]["customer_code"]
        answer = await merchant.post("/dedicated_account", {"customer": code, "preferred_bank": "test-bank"})
        number = answer.json()["data"]["account_number"]

        much = await client.post("/pay", data={"account_number": number, "amount": "10000000.01"})
        paid = await client.post("/pay", data={"account_number": number, "amount": "1500.50"})

        assert (much.status_code, "The money went back" in much.text) == (422, True)
        assert paid.status_code == 303
        (told,) = await receiver.wait_for(1)
        assert (told.event, told.data["amount"]) == ("charge.success", 150_050)
        # Nobody can pay it once more at a checkout, so the books do not lead to one.
        assert "/paystack/checkout/" not in (await client.get("/books")).text

    @pytest.mark.parametrize("amount", ["", "0", "-1", "NaN", "1e9999", "9" * 5000])
    async def test_an_amount_that_is_none_is_told(self, client: httpx2.AsyncClient, bank: Bank, amount: str) -> None:
        answer = await client.post("/pay", data={"account_number": await bank.reserve(), "amount": amount})

        assert (answer.status_code, "Write an amount such as 1500.50" in answer.text) == (422, True)

    async def test_an_account_nobody_has_is_told(self, client: httpx2.AsyncClient) -> None:
        answer = await client.post("/pay", data={"account_number": "1", "amount": "1"})

        assert (answer.status_code, "No account has this number" in answer.text) == (422, True)

    @pytest.mark.parametrize("paid", ["", "x", "-1", "\u00b2", "9" * 5000])
    async def test_a_made_up_link_is_no_error(self, client: httpx2.AsyncClient, paid: str) -> None:
        assert (await client.get("/pay", params={"paid": paid})).status_code == 200


def test_times_are_shown_in_utc() -> None:
    assert clock(datetime(2026, 1, 2, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "23:30:00"


async def test_an_unknown_delivery_is_not_sent_again(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/deliveries/unknown/resend")

    assert (answer.status_code, answer.headers["location"]) == (303, "/deliveries")
