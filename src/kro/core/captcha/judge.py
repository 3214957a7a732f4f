"""Whether a solved challenge is good for what is asked. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kro.core.captcha.interface import CaptchaPassed, CaptchaRules

_AHEAD: Final = timedelta(seconds=30)
"""How far the vendor's clock may be ahead of ours."""


def flaw_of(passed: CaptchaPassed, *, action: str, rules: CaptchaRules, now: datetime) -> str | None:
    """Return what is wrong with a token for an action, or ``None``.

    The action must be the one of this endpoint: a token from a cheap page must not pay for an expensive one. What v3
    always says and is missing is a failure, for only a v2 token comes without a score.
    """
    if passed.hostname is None or passed.hostname.lower() not in rules.hostnames:
        return "hostname"
    oldest = now - timedelta(seconds=rules.max_age_seconds)
    if passed.solved_at is None or not oldest <= passed.solved_at <= now + _AHEAD:
        return "age"
    if not rules.scores:
        return None
    if passed.action != action:
        return "action"
    if passed.score is None or not 0 <= passed.score <= 1:
        return "score_missing"
    return "score" if passed.score < rules.scores[action] else None
