from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kro.core.captcha import CaptchaPassed, CaptchaRules, flaw_of

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
V3 = CaptchaRules(frozenset({"app.example.com"}), max_age_seconds=120, scores={"register": 0.5, "otp_send": 0.7})
V2 = CaptchaRules(frozenset({"app.example.com"}), max_age_seconds=120)
GOOD = CaptchaPassed(hostname="app.example.com", action="otp_send", score=0.7, solved_at=NOW)


@pytest.mark.parametrize(
    "changed", [{}, {"score": 1.0}, {"solved_at": NOW - timedelta(minutes=2)}, {"hostname": "APP.example.com"}]
)
def test_a_good_token_has_no_flaw(changed: dict[str, Any]) -> None:
    assert flaw_of(replace(GOOD, **changed), action="otp_send", rules=V3, now=NOW) is None


@pytest.mark.parametrize(
    ("changed", "flaw"),
    [
        ({"hostname": None}, "hostname"),
        ({"hostname": "evil.example"}, "hostname"),
        ({"hostname": "app.example.com.evil.example"}, "hostname"),
        # A token from a cheap page must not pay for an expensive one.
        ({"action": "register", "score": 0.9}, "action"),
        ({"action": None}, "action"),
        ({"score": None}, "score_missing"),
        ({"score": 7.0}, "score_missing"),
        ({"score": 0.69}, "score"),
        ({"solved_at": None}, "age"),
        ({"solved_at": NOW - timedelta(seconds=121)}, "age"),
        ({"solved_at": NOW + timedelta(seconds=31)}, "age"),
    ],
)
def test_every_other_has_one(changed: dict[str, Any], flaw: str) -> None:
    assert flaw_of(replace(GOOD, **changed), action="otp_send", rules=V3, now=NOW) == flaw


def test_v2_has_neither_action_nor_score() -> None:
    plain = replace(GOOD, action=None, score=None)

    assert flaw_of(plain, action="otp_send", rules=V2, now=NOW) is None
    assert flaw_of(plain, action="otp_send", rules=V3, now=NOW) == "action"
