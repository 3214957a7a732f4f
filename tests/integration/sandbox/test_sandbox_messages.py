from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from kro_sandbox.settings import SENDGRID_TEST_KEY, TERMII_SIGNING_KEY, TERMII_TEST_KEY

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Control, Differences, Receiver

NUMBER = "2348031234567"


async def text(client: httpx2.AsyncClient, **change: object) -> httpx2.Response:
    body = {
        "api_key": TERMII_TEST_KEY,
        "to": NUMBER,
        "from": "KRO",
        "sms": "Your KRO code is 123456. Never share it.",
        "type": "plain",
        "channel": "dnd",
    }
    return await client.post("/termii/api/sms/send", json=body | change)


async def mail(
    client: httpx2.AsyncClient, *, key: str = SENDGRID_TEST_KEY, without: str = "", **change: object
) -> httpx2.Response:
    body: dict[str, Any] = {
        "personalizations": [{"to": [{"email": "Buyer@example.com"}]}],
        "from": {"email": "no-reply@example.com", "name": "KRO"},
        "subject": "Sign in",
        "content": [
            {"type": "text/plain", "value": "Open http://127.0.0.1:3000/m/abc?x=1, or type 654321."},
            {"type": "text/html", "value": "<p>Hello</p>"},
        ],
    }
    body = {name: value for name, value in (body | change).items() if name != without}
    return await client.post("/sendgrid/v3/mail/send", json=body, headers={"authorization": f"Bearer {key}"})


class TestTermii:
    async def test_accepts_a_text(self, client: httpx2.AsyncClient, control: Control, differences: Differences) -> None:
        answer = await text(client)

        body = answer.json()
        assert answer.status_code == 200
        assert differences(body, "termii_sent") == []
        assert int(body["message_id"]) > 2**64
        assert body["balance"] == 996.0
        [message] = await control.messages(to="+234 803 123 4567")
        assert (message["channel"], message["to"], message["from"], message["codes"]) == (
            "sms",
            NUMBER,
            "KRO",
            ["123456"],
        )

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"api_key": "wrong"}, 401),
            ({"api_key": None}, 401),
            ({"to": "+2348031234567"}, 400),
            ({"to": "08031234567"}, 400),
            ({"to": 2348031234567}, 400),
            ({"to": ""}, 400),
            ({"to": [NUMBER] * 101}, 400),
            ({"sms": ""}, 400),
            ({"type": "flash"}, 400),
            ({"channel": "carrier"}, 400),
            ({"from": "KR"}, 400),
            ({"from": "Unapproved"}, 404),
            ({"to": "2348031230001"}, 400),
            ({"to": "2348031230004"}, 500),
        ],
        ids=str,
    )
    async def test_refuses(
        self, client: httpx2.AsyncClient, control: Control, change: dict[str, Any], status: int
    ) -> None:
        answer = await text(client, **change)

        assert answer.status_code == status
        assert answer.json()["message"]
        assert await control.messages() == []

    async def test_many_recipients_share_one_message_id(self, client: httpx2.AsyncClient, control: Control) -> None:
        answer = await text(client, to=[NUMBER, "2348031234568"])

        messages = await control.messages()
        assert [message["provider_id"] for message in messages] == [answer.json()["message_id"]] * 2
        assert answer.json()["balance"] == 992.0

    @pytest.mark.parametrize(
        ("to", "channel", "status"),
        [
            ("2348031234500", "generic", "DND Active on Phone Number"),
            ("2348031230002", "generic", "DND Active on Phone Number"),
            ("2348031234500", "dnd", "DELIVERED | Message delivered to handset"),
            (NUMBER, "generic", "DELIVERED | Message delivered to handset"),
            ("2348031230007", "dnd", "Message Failed"),
        ],
    )
    async def test_the_route_decides_who_is_reached(
        self, client: httpx2.AsyncClient, to: str, channel: str, status: str
    ) -> None:
        message_id = (await text(client, to=to, channel=channel)).json()["message_id"]

        query = {"api_key": TERMII_TEST_KEY, "message_id": message_id}
        [item] = (await client.get("/termii/api/sms/inbox", params=query)).json()
        assert item["status"] == status

    @pytest.mark.parametrize(
        ("sms", "pages"),
        [("a" * 160, 1), ("a" * 161, 2), ("a" * 70 + "]", 2), ("₦" * 70, 1), ("₦" * 135, 3)],
        ids=range(5),
    )
    async def test_every_page_costs(self, client: httpx2.AsyncClient, sms: str, pages: int) -> None:
        assert (await text(client, sms=sms)).json()["balance"] == 1000.0 - 4.0 * pages

    async def test_an_empty_wallet_sends_nothing(self, client: httpx2.AsyncClient, control: Control) -> None:
        long = "a" * 153 * 25
        for _ in range(10):
            await text(client, sms=long)

        answer = await text(client)

        assert (answer.status_code, answer.json()["message"]) == (400, "Insufficient balance")
        assert len(await control.messages()) == 10

    async def test_a_number_that_times_out_was_served(self, client: httpx2.AsyncClient, control: Control) -> None:
        client.timeout = httpx2.Timeout(0.2)

        with pytest.raises(httpx2.ReadTimeout):
            await text(client, to="2348031230003")

        assert len(await control.messages()) == 1


class TestTermiiReports:
    async def test_are_off_at_first(self, client: httpx2.AsyncClient, control: Control) -> None:
        await text(client)

        assert await control.deliveries() == []

    async def test_are_signed(
        self, client: httpx2.AsyncClient, control: Control, receiver: Receiver, differences: Differences
    ) -> None:
        await control.options(termii_webhooks=True)

        message_id = (await text(client)).json()["message_id"]

        first, second = await receiver.wait_for(2)
        assert first.path == "/v1/webhooks/termii"
        for report in (first, second):
            expected = hmac.new(TERMII_SIGNING_KEY.encode(), report.raw, hashlib.sha512).hexdigest()
            assert report.headers["x-termii-signature"] == expected
            assert differences(report.body, "termii_report") == []
            assert (report.body["message_id"], report.body["receiver"]) == (message_id, NUMBER)
        assert first.body["status"] == "Message Sent"
        assert second.body["status"] == "DELIVERED | Message delivered to handset"

    async def test_one_number_is_reported_twice_and_one_never(
        self, client: httpx2.AsyncClient, control: Control, receiver: Receiver
    ) -> None:
        await control.options(termii_webhooks=True)

        await text(client, to="2348031230005")
        await text(client, to="2348031230008")

        reports = await receiver.wait_for(3)
        assert [report.body["receiver"] for report in reports] == ["2348031230008"] * 3


class TestSendGrid:
    async def test_accepts_a_mail(self, client: httpx2.AsyncClient, control: Control) -> None:
        answer = await mail(client)

        assert (answer.status_code, answer.content) == (202, b"")
        [message] = await control.messages(to="buyer@EXAMPLE.com", channel="mail")
        assert message["provider_id"] == answer.headers["x-message-id"]
        assert (message["from"], message["subject"], message["html"]) == (
            "no-reply@example.com",
            "Sign in",
            "<p>Hello</p>",
        )
        assert message["codes"] == ["654321"]
        assert message["links"] == ["http://127.0.0.1:3000/m/abc?x=1"]

    async def test_sandbox_mode_checks_and_sends_nothing(self, client: httpx2.AsyncClient, control: Control) -> None:
        answer = await mail(client, mail_settings={"sandbox_mode": {"enable": True}})

        assert (answer.status_code, "x-message-id" in answer.headers) == (200, False)
        assert await control.messages() == []

    async def test_a_wrong_key_is_refused(self, client: httpx2.AsyncClient) -> None:
        answer = await mail(client, key="SG.other")

        assert answer.status_code == 401
        assert answer.json() == {
            "errors": [
                {
                    "message": "The provided authorization grant is invalid, expired, or revoked",
                    "field": None,
                    "help": None,
                }
            ]
        }

    async def test_only_json_is_understood(self, client: httpx2.AsyncClient) -> None:
        headers = {"authorization": f"Bearer {SENDGRID_TEST_KEY}", "content-type": "text/plain"}

        assert (await client.post("/sendgrid/v3/mail/send", content=b"{}", headers=headers)).status_code == 415

    @pytest.mark.parametrize(
        ("change", "field", "message"),
        [
            ({"without": "personalizations"}, "personalizations", "You must have at least one personalization."),
            (
                {"personalizations": [{"to": [{"email": f"{number}@example.com"} for number in range(1001)]}]},
                "personalizations",
                "There is a limit of 1000 total recipients (to + cc + bcc) per request.",
            ),
            (
                {"personalizations": [{}] * 1001},
                "personalizations",
                "The personalization block is limited to 1000 personalizations per API request.",
            ),
            ({"personalizations": [{}]}, "personalizations.0.to", "The to array is required"),
            ({"personalizations": [{"to": [{"email": "x"}]}]}, "personalizations.0.to.0.email", "Does not contain"),
            (
                {"personalizations": [{"to": [{"email": "a@example.com"}], "cc": [{"email": "A@example.com"}]}]},
                "personalizations.0",
                "Each email address in the personalization block should be unique",
            ),
            ({"without": "from"}, "from.email", "The from object must be provided"),
            ({"from": {"email": "x"}}, "from.email", "The from email does not contain a valid address."),
            ({"without": "subject"}, "subject", "The subject is required."),
            ({"without": "content"}, "content", "Unless a valid template_id is provided"),
            (
                {"content": [{"type": "text/plain", "value": ""}]},
                "content.0.value",
                "The content value must be a string",
            ),
            (
                {"content": [{"type": "text/html", "value": "x"}, {"type": "text/plain", "value": "x"}]},
                "content",
                "If present, text/plain must be first",
            ),
            ({"template_id": "welcome"}, "template_id", "The template_id must be a valid GUID"),
            ({"categories": [str(number) for number in range(11)]}, "categories", "There cannot be more than 10"),
            ({"categories": ["otp", "otp"]}, "categories", "The categories must be unique."),
            (
                {"mail_settings": {"sandbox_mode": {"enable": "true"}}},
                "mail_settings.sandbox_mode.enable",
                "The sandbox mode enable param should be a boolean value.",
            ),
        ],
        ids=range(16),
    )
    async def test_says_what_is_wrong(
        self, client: httpx2.AsyncClient, control: Control, change: dict[str, Any], field: str, message: str
    ) -> None:
        answer = await mail(client, **change)

        assert answer.status_code == 400
        [error, *_] = answer.json()["errors"]
        assert error["field"] == field
        assert error["message"].startswith(message)
        assert await control.messages() == []

    async def test_a_template_needs_no_content_and_shows_its_data(
        self, client: httpx2.AsyncClient, control: Control
    ) -> None:
        to = {"to": [{"email": "a@example.com"}], "dynamic_template_data": {"code": "123456", "minutes": 10}}

        await mail(client, without="content", personalizations=[to], template_id="d-0123456789abcdef0123456789abcdef")

        [message] = await control.messages()
        assert (message["text"], message["codes"]) == ("code: 123456\nminutes: 10", ["123456"])

    async def test_the_end_of_an_account_number_is_no_code(self, client: httpx2.AsyncClient, control: Control) -> None:
        await mail(client, content=[{"type": "text/plain", "value": "Sent to your account ******6445, code 246810"}])

        [message] = await control.messages()
        assert message["codes"] == ["246810"]

    async def test_a_mail_of_html_alone_can_be_read(self, client: httpx2.AsyncClient, control: Control) -> None:
        markup = '<style>p{margin:1234px}</style><p>Code&nbsp;246810</p><a href="http://127.0.0.1/m/x">Sign in</a>'

        await mail(client, content=[{"type": "text/html", "value": markup}])

        [message] = await control.messages()
        assert (message["codes"], message["links"]) == (["246810"], ["http://127.0.0.1/m/x"])


class TestInbox:
    async def test_lists_what_came_after_a_message(self, client: httpx2.AsyncClient, control: Control) -> None:
        await text(client, sms="one")
        [first] = await control.messages()
        await text(client, sms="two")
        await text(client, sms="three", to="2348031234568")

        later = await control.messages(after=first["id"])

        assert [message["text"] for message in later] == ["two", "three"]
        assert [message["text"] for message in await control.messages(after=first["id"], to=NUMBER)] == ["two"]

    async def test_waits_for_a_message(self, client: httpx2.AsyncClient, control: Control) -> None:
        waiting = asyncio.create_task(control.messages(to=NUMBER, wait="5"))
        await asyncio.sleep(0.05)
        await text(client, to="2348031234568")
        await text(client)

        [message] = await waiting

        assert message["to"] == NUMBER

    async def test_stops_waiting(self, control: Control) -> None:
        assert await control.messages(to=NUMBER, wait="0.05") == []

    @pytest.mark.parametrize(
        ("sms", "codes"),
        [
            ("Your code is 123456.", ["123456"]),
            ("123456 is your code", ["123456"]),
            ("Order KRO-123456 of NGN 15,000.00 on 2026-11-22", []),
            ("See http://127.0.0.1/o/123456 for 1234", ["1234"]),
            ("@app.example.com #123456", ["123456"]),
        ],
    )
    async def test_finds_codes(self, client: httpx2.AsyncClient, control: Control, sms: str, codes: list[str]) -> None:
        await text(client, sms=sms)

        [message] = await control.messages()
        assert message["codes"] == codes
