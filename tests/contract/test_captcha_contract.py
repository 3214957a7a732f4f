"""Captchas: the fake and the adapter over HTTP say the same of the same tokens."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from kro.core.captcha import CaptchaFailed, CaptchaPassed, CaptchaProvider, CaptchaUnavailable, Recaptcha
from kro.core.captcha.fake import FakeCaptcha
from kro.core.captcha.recaptcha import RecaptchaSettings

SECRET = "kro_sandbox_recaptcha_secret_00000000000"
GOOD = "ok:0.9:otp_send:app.example.com"


@pytest.fixture(params=["fake", "sandbox"])
async def captcha(request: pytest.FixtureRequest) -> AsyncIterator[CaptchaProvider]:
    if request.param == "fake":
        yield FakeCaptcha()
        return
    url: str = request.getfixturevalue("sandbox_url")
    async with Recaptcha(RecaptchaSettings(secret=SECRET, base_url=f"{url}/google")) as recaptcha:
        yield recaptcha


async def test_a_token_says_what_it_is_worth(captcha: CaptchaProvider) -> None:
    passed = await captcha.verify(GOOD, ip="203.0.113.9")

    assert isinstance(passed, CaptchaPassed)
    assert (passed.hostname, passed.action, passed.score) == ("app.example.com", "otp_send", 0.9)
    assert passed.solved_at is not None
    assert abs(passed.solved_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_token_works_once(captcha: CaptchaProvider) -> None:
    await captcha.verify(GOOD, ip=None)

    assert await captcha.verify(GOOD, ip=None) == CaptchaFailed(("timeout-or-duplicate",))
    assert isinstance(await captcha.verify(f"{GOOD}:another", ip=None), CaptchaPassed)


async def test_v2_leaves_action_and_score_out(captcha: CaptchaProvider) -> None:
    passed = await captcha.verify("ok:::app.example.com", ip=None)

    assert isinstance(passed, CaptchaPassed)
    assert (passed.hostname, passed.action, passed.score) == ("app.example.com", None, None)


@pytest.mark.parametrize("token", ["made up", "bad:0.9:otp_send:app.example.com", "ok"])
async def test_a_made_up_token_is_refused(captcha: CaptchaProvider, token: str) -> None:
    assert await captcha.verify(token, ip=None) == CaptchaFailed(("invalid-input-response",))


class TestRecaptcha:
    async def test_a_wrong_secret_is_our_fault(self, sandbox_url: str) -> None:
        async with Recaptcha(RecaptchaSettings(secret="another", base_url=f"{sandbox_url}/google")) as recaptcha:
            assert await recaptcha.verify(GOOD, ip=None) == CaptchaUnavailable("invalid-input-secret", ours=True)

    @pytest.mark.parametrize(
        "fault", [{"kind": "http_error", "status": 503}, {"kind": "truncated"}, {"kind": "rate_limited"}]
    )
    async def test_an_outage_is_neither_yes_nor_no(self, sandbox_url: str, fault: dict[str, object]) -> None:
        script = {"vendor": "recaptcha", "operation": "siteverify", **fault}
        httpx2.post(f"{sandbox_url}/_sim/faults", json=script).raise_for_status()

        async with Recaptcha(RecaptchaSettings(secret=SECRET, base_url=f"{sandbox_url}/google")) as recaptcha:
            assert isinstance(await recaptcha.verify(GOOD, ip=None), CaptchaUnavailable)

    @pytest.mark.parametrize(
        "body", ['{"success": "true"}', "[]", '{"success": 1}', "{}", '{"success": true, "score": true}']
    )
    async def test_an_odd_answer_is_no_pass(self, body: str) -> None:
        transport = httpx2.MockTransport(
            lambda _: httpx2.Response(200, content=body, headers={"Content-Type": "application/json"})
        )
        async with Recaptcha(RecaptchaSettings(secret=SECRET), transport=transport) as recaptcha:
            result = await recaptcha.verify(GOOD, ip=None)

        assert not isinstance(result, CaptchaPassed) or (result.score, result.hostname) == (None, None)

    async def test_the_secret_travels_in_the_body(self) -> None:
        seen: list[httpx2.Request] = []

        def answer(request: httpx2.Request) -> httpx2.Response:
            seen.append(request)
            return httpx2.Response(200, json={"success": False})

        async with Recaptcha(RecaptchaSettings(secret=SECRET), transport=httpx2.MockTransport(answer)) as recaptcha:
            await recaptcha.verify("a+b&c", ip="203.0.113.9")

        assert str(seen[0].url) == "https://www.google.com/recaptcha/api/siteverify"
        assert seen[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert seen[0].content.decode() == f"secret={SECRET}&response=a%2Bb%26c&remoteip=203.0.113.9"
