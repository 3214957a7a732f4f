import json

import httpx2
import pytest

from kro.core.email import (
    Email,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    EmailResult,
    SendGridEmail,
    SendGridSettings,
)
from kro.core.outgoing import RetryPolicy

MAIL = Email(
    to="buyer@example.com",
    subject="Your code",
    text="Code 123456",
    html="<p>Code 123456</p>",
    message_id="m-1",
    category="otp",
)
ACCEPTED = httpx2.Response(202, headers={"X-Message-Id": "sg-1"})


async def send(
    answer: httpx2.Response | Exception, *, sandbox_mode: bool = False
) -> tuple[EmailResult, list[httpx2.Request]]:
    requests: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with SendGridEmail(
        SendGridSettings(
            api_key="SG.key",
            from_email="no-reply@kro.example",
            from_name="KRO",
            base_url="https://sendgrid.example",
            sandbox_mode=sandbox_mode,
        ),
        transport=httpx2.MockTransport(handle),
        retry=RetryPolicy(tries=1),
    ) as mail:
        return await mail.send(MAIL), requests


async def test_the_request_is_what_the_vendor_documents() -> None:
    result, requests = await send(ACCEPTED)

    assert result == EmailAccepted(provider="sendgrid", provider_message_id="sg-1")
    assert (requests[0].method, str(requests[0].url)) == ("POST", "https://sendgrid.example/v3/mail/send")
    assert requests[0].headers["authorization"] == "Bearer SG.key"
    assert json.loads(requests[0].content) == {
        "personalizations": [{"to": [{"email": "buyer@example.com"}], "custom_args": {"message_id": "m-1"}}],
        "from": {"email": "no-reply@kro.example", "name": "KRO"},
        "subject": "Your code",
        "content": [
            {"type": "text/plain", "value": "Code 123456"},
            {"type": "text/html", "value": "<p>Code 123456</p>"},
        ],
        "categories": ["otp"],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


async def test_sandbox_mode_is_asked_for_and_its_answer_understood() -> None:
    result, requests = await send(httpx2.Response(200), sandbox_mode=True)

    assert result == EmailAccepted(provider="sendgrid", provider_message_id="sandbox")
    assert json.loads(requests[0].content)["mail_settings"] == {"sandbox_mode": {"enable": True}}


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (400, "invalid_message", True),
        (401, "unauthorized", False),
        (403, "forbidden", False),
        (413, "too_large", True),
        (429, "rate_limited", False),
        (451, "refused", False),
    ],
)
async def test_refusals(status: int, code: str, *, permanent: bool) -> None:
    result, _ = await send(httpx2.Response(status, json={"errors": [{"message": "no", "field": None, "help": {}}]}))

    assert result == EmailRefused(code, permanent=permanent)


@pytest.mark.parametrize(
    "answer", [httpx2.Response(500), httpx2.Response(503), httpx2.Response(202), httpx2.ReadTimeout("slow")]
)
async def test_anything_odd_is_unknown_and_not_sent_twice(answer: httpx2.Response | Exception) -> None:
    result, requests = await send(answer)

    assert isinstance(result, EmailOutcomeUnknown)
    assert len(requests) == 1


async def test_a_mail_that_never_left_is_a_refusal_that_may_be_repeated() -> None:
    result, _ = await send(httpx2.ConnectError("refused"))

    assert result == EmailRefused("not_sent", permanent=False)


def test_personal_data_does_not_show() -> None:
    assert repr(MAIL) == "Email(message_id='m-1', category='otp', may_repeat=False)"
    assert "SG.key" not in repr(SendGridSettings(api_key="SG.key", from_email="a@b.example", from_name="KRO"))
