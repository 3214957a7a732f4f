"""Texts and mail: the fakes and the adapters over HTTP accept the same messages, and each arrives once."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
import pytest

from kro.core.email import Email, EmailAccepted, EmailProvider, SendGridEmail, SendGridSettings
from kro.core.email.fake import FakeEmail
from kro.core.sms import SMS, MessageAccepted, MessageRefused, SMSProvider, TextChannel, TextVendor
from kro.core.sms.fake import FakeSMS
from text_vendors import VENDORS

SENDGRID_KEY = "SG.kro_sandbox.0000000000000000000000"
NUMBER = "+2348031234567"
ADDRESS = "buyer@example.com"
Received = Callable[[], Awaitable[list[tuple[str, str]]]]


@pytest.fixture(params=["fake", *VENDORS])
async def texting(request: pytest.FixtureRequest) -> AsyncIterator[tuple[SMSProvider, Received]]:
    if request.param == "fake":
        fake = FakeSMS()

        async def kept() -> list[tuple[str, str]]:
            return [(message.to_e164.removeprefix("+"), message.text) for message in fake.sent]

        yield fake, kept
        return
    url: str = request.getfixturevalue("sandbox_url")
    async with VENDORS[request.param](url) as vendor:
        yield vendor, lambda: inbox(url, channel=vendor.channel)


@pytest.fixture(params=VENDORS)
async def vendor(request: pytest.FixtureRequest, sandbox_url: str) -> AsyncIterator[TextVendor]:
    async with VENDORS[request.param](sandbox_url) as vendor:
        yield vendor


@pytest.fixture(params=["fake", "sandbox"])
async def mailing(request: pytest.FixtureRequest) -> AsyncIterator[tuple[EmailProvider, Received]]:
    if request.param == "fake":
        fake = FakeEmail()

        async def kept() -> list[tuple[str, str]]:
            return [(message.to, message.text) for message in fake.sent]

        yield fake, kept
        return
    url: str = request.getfixturevalue("sandbox_url")
    settings = SendGridSettings(
        api_key=SENDGRID_KEY, from_email="no-reply@kro.example", from_name="KRO", base_url=f"{url}/sendgrid"
    )
    async with SendGridEmail(settings) as sendgrid:
        yield sendgrid, lambda: inbox(url, channel="mail")


async def inbox(url: str, *, channel: str) -> list[tuple[str, str]]:
    async with httpx2.AsyncClient(base_url=url) as control:
        answer = await control.get("/_sim/messages", params={"channel": channel})
    return [
        (message["to"].removeprefix("+"), message["text"]) for message in answer.raise_for_status().json()["messages"]
    ]


async def test_texts_are_accepted_under_their_own_ids_and_arrive_once(texting: tuple[SMSProvider, Received]) -> None:
    provider, received = texting

    results = [
        await provider.send(SMS(to_e164=NUMBER, text=text, message_id=text, purpose="otp"))
        for text in ("KRO code 123456", "KRO code 654321")
    ]

    ids = {result.provider_message_id for result in results if isinstance(result, MessageAccepted)}
    assert len(ids) == 2
    assert await received() == [("2348031234567", "KRO code 123456"), ("2348031234567", "KRO code 654321")]


async def test_a_code_arrives_as_a_code(vendor: TextVendor, sandbox_url: str) -> None:
    message = SMS(to_e164=NUMBER, text="KRO code 123456", message_id="m-1", purpose="otp", code="123456")

    result = await vendor.send(message)

    assert isinstance(result, MessageAccepted)
    assert result.provider == vendor.provider
    ((_, text),) = await inbox(sandbox_url, channel=vendor.channel)
    assert "123456" in text


async def test_a_number_that_cannot_be_reached_is_refused_for_good(vendor: TextVendor) -> None:
    result = await vendor.send(SMS(to_e164="+2348031230001", text="KRO", message_id="m-1", purpose="otp"))

    is_whatsapp = vendor.provider == "whatsapp"
    assert result == MessageRefused("not_on_whatsapp" if is_whatsapp else "invalid_number", permanent=True)


async def test_what_is_left_on_the_account_is_told_where_the_vendor_tells(vendor: TextVendor) -> None:
    left = await vendor.balance()

    told = {"termii": (1_000_000_000_000, "NGN"), "twilio": (500_000_000, "USD"), "telnyx": (300_000_000, "USD")}
    assert (None if left is None else (left.micros, left.currency)) == told.get(vendor.provider)


async def test_channels_are_told_apart(vendor: TextVendor) -> None:
    assert (vendor.channel is TextChannel.WHATSAPP) == ("whatsapp" in vendor.route)


async def test_mail_is_accepted_under_its_own_id_and_arrives_once(mailing: tuple[EmailProvider, Received]) -> None:
    provider, received = mailing

    results = [
        await provider.send(
            Email(to=ADDRESS, subject="KRO", text=text, html=f"<p>{text}</p>", message_id=text, category="order_funded")
        )
        for text in ("First", "Second")
    ]

    ids = {result.provider_message_id for result in results if isinstance(result, EmailAccepted)}
    assert len(ids) == 2
    assert await received() == [(ADDRESS, "First"), (ADDRESS, "Second")]
