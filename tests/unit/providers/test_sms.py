import json
import re
from dataclasses import replace

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kro.core.outgoing import RetryPolicy
from kro.core.sms import (
    SMS,
    MessageAccepted,
    MessageOutcomeUnknown,
    MessageRefused,
    SMSResult,
    TermiiSettings,
    TermiiSMS,
    TextKind,
    UnsendableTextError,
    ensure_one_part,
    to_gsm7,
)

MESSAGE = SMS(to_e164="+2348031234567", text="KRO code 123456", message_id="m-1", purpose="otp")
KEY = "TL_test_key"


async def send(answer: httpx2.Response | Exception) -> tuple[SMSResult, list[httpx2.Request]]:
    requests: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def no_sleep(_: float) -> None:
        return

    async with TermiiSMS(
        TermiiSettings(api_key=KEY, base_url="https://termii.example/api-root"),
        transport=httpx2.MockTransport(handle),
        retry=RetryPolicy(tries=2),
        sleep=no_sleep,
    ) as sms:
        return await sms.send(MESSAGE), requests


class TestText:
    @pytest.mark.parametrize("text", ["a" * 160, "[" * 80, "@£$¥èé\r\n"])
    def test_one_part_fits(self, text: str) -> None:
        ensure_one_part(text)

    @pytest.mark.parametrize("text", ["", "a" * 161, "[" * 81, "₦500", "Ọlá", "✓"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(UnsendableTextError):
            ensure_one_part(text)

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("Ọláyínká paid ₦5,000", "Olayinka paid NGN 5,000"),
            ("Don\u2019t share \u2014 \u201cever\u201d\u2026", 'Don\'t share - "ever"...'),
            ("ok ✓", "ok ?"),
            ("a" * 200, "a" * 160),
            ("a" * 159 + "[b", "a" * 159),
        ],
    )
    def test_any_text_can_be_made_to_fit(self, text: str, plain: str) -> None:
        assert to_gsm7(text) == plain

    @given(st.text(min_size=1))
    def test_what_was_made_to_fit_fits(self, text: str) -> None:
        plain = to_gsm7(text)

        if plain:
            ensure_one_part(plain)

    def test_neither_number_nor_text_shows(self) -> None:
        shown = repr(replace(MESSAGE, code="123456"))

        assert "m-1" in shown
        assert not {"123456", "8031234567"} & set(re.findall(r"\d+", shown))


class TestTermii:
    @pytest.mark.parametrize(("kind", "channel"), [(TextKind.CODE, "dnd"), (TextKind.NOTICE, "generic")])
    async def test_a_code_never_goes_by_the_promotional_route(self, kind: TextKind, channel: str) -> None:
        bodies: list[dict[str, object]] = []

        def handle(request: httpx2.Request) -> httpx2.Response:
            bodies.append(json.loads(request.content))
            return httpx2.Response(200, json={"code": "ok", "message_id": "301"})

        settings = TermiiSettings(api_key=KEY, base_url="https://termii.example", channel="generic")
        async with TermiiSMS(settings, transport=httpx2.MockTransport(handle)) as sms:
            await sms.send(replace(MESSAGE, kind=kind))

        assert [body["channel"] for body in bodies] == [channel]

    async def test_sends_on_the_dnd_route_to_digits_without_plus(self) -> None:
        answer = httpx2.Response(200, json={"code": "ok", "message_id": "301", "message": "Successfully Sent"})

        result, requests = await send(answer)

        assert result == MessageAccepted(provider="termii", provider_message_id="301")
        assert str(requests[0].url) == "https://termii.example/api-root/api/sms/send"
        assert json.loads(requests[0].content) == {
            "api_key": KEY,
            "to": "2348031234567",
            "from": "KRO",
            "sms": "KRO code 123456",
            "type": "plain",
            "channel": "dnd",
        }

    @pytest.mark.parametrize(
        "body",
        [
            b'{"code":"ok","message_id":3017544054459083819856413}',
            b'{"message_id":"3017544054459083819856413"}',
            b'{"code":"ok","message_id":3.017544054459084e24,"message_id_str":"3017544054459083819856413"}',
        ],
    )
    async def test_long_ids_stay_exact_text(self, body: bytes) -> None:
        result, _ = await send(httpx2.Response(200, content=body))

        assert result == MessageAccepted(provider="termii", provider_message_id="3017544054459083819856413")

    @pytest.mark.parametrize(
        ("status", "sentence", "code", "permanent"),
        [
            (401, "Invalid API key", "unauthorized", False),
            (429, "Too many requests", "rate_limited", False),
            (400, "Insufficient balance", "insufficient_balance", False),
            (404, "ApplicationSenderId not found for applicationId", "sender_not_approved", False),
            (400, "DND route not active", "route_not_active", False),
            (400, "Invalid phone number", "invalid_number", True),
            (422, "Something else", "refused", False),
            (499, None, "refused", False),
        ],
    )
    async def test_refusals(self, status: int, sentence: str | None, code: str, *, permanent: bool) -> None:
        result, requests = await send(httpx2.Response(status, json={"message": sentence}))

        assert result == MessageRefused(code, permanent=permanent)
        assert len(requests) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(500, json={}),
            httpx2.Response(200, html="<p>ok</p>"),
            httpx2.Response(200, json={"code": "ok"}),
            httpx2.Response(200, json={"code": "error", "message_id": "1"}),
            httpx2.Response(200, json=["ok"]),
            httpx2.ReadTimeout("slow"),
        ],
    )
    async def test_anything_odd_is_unknown_and_not_sent_twice(self, answer: httpx2.Response | Exception) -> None:
        result, requests = await send(answer)

        assert isinstance(result, MessageOutcomeUnknown)
        assert len(requests) == 1

    async def test_a_message_that_never_left_is_a_refusal_that_may_be_repeated(self) -> None:
        result, requests = await send(httpx2.ConnectError("refused"))

        assert result == MessageRefused("not_sent", permanent=False)
        assert len(requests) == 2
