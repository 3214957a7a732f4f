from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.integration.accounts.ways import NEW_PASSWORD, post

from kro.core.captcha import CaptchaUnavailable
from kro.core.captcha.fake import FakeCaptcha
from kro_api import World, running_world, settings_for

HOST = "app.example.com"
PHONE = "+2348051234567"
ROUTES: list[tuple[str, str, dict[str, Any]]] = [
    ("/auth/register", "register", {"password": NEW_PASSWORD, "first_name": "A", "last_name": "B", "phone": PHONE}),
    ("/auth/otp", "otp_send", {"purpose": "register", "phone": PHONE}),
    ("/auth/password/forgot", "password_forgot", {"phone": PHONE}),
    ("/auth/magic-links", "magic_link", {"phone": PHONE}),
]


@pytest.fixture
def captcha() -> FakeCaptcha:
    return FakeCaptcha()


@pytest.fixture
async def guarded(fresh_database: Any, captcha: FakeCaptcha) -> AsyncIterator[World]:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    required = settings.captcha.model_copy(update={"hostnames": (HOST,)})
    async with running_world(settings.model_copy(update={"captcha": required}), captcha=captcha) as running:
        yield running


async def test_each_route_wants_its_own_token_once(guarded: World, captcha: FakeCaptcha) -> None:
    for path, action, body in ROUTES:
        other = "register" if action != "register" else "magic_link"
        attempts = {
            None: (422, "captcha_required"),
            f"ok:0.9:{other}:{HOST}:{action}": (422, "captcha_rejected"),
            f"ok:0.9:{action}:evil.example": (422, "captcha_rejected"),
            f"ok:0.4:{action}:{HOST}": (422, "captcha_rejected"),
            f"ok::{action}:{HOST}": (422, "captcha_rejected"),
            f"ok:0.9:{action}:{HOST}": (202, None),
        }
        for token, expected in attempts.items():
            reply = await post(guarded, path, {**body, "captcha_token": token})
            assert (reply.status_code, reply.json().get("code")) == expected, (path, token)
        again = await post(guarded, path, {**body, "captcha_token": f"ok:0.9:{action}:{HOST}"})
        assert again.json()["code"] == "captcha_rejected"
        await guarded.database.execute("DELETE FROM rate_limits")


async def test_while_the_vendor_is_away_little_passes(guarded: World, captcha: FakeCaptcha) -> None:
    captcha.results.extend([CaptchaUnavailable("deadline")] * 20)

    async def forgot(phone: str) -> int:
        return (await post(guarded, "/auth/password/forgot", {"phone": phone, "captcha_token": "x"})).status_code

    assert [await forgot(PHONE) for _ in range(3)] == [202, 503, 503]
    others = [await forgot(f"+23480512345{n:02}") for n in range(5)]
    assert others == [202, 202, 503, 503, 503]
    assert await guarded.database.value("SELECT hits FROM rate_limits WHERE bucket = 'captcha_away_network'") == 5
