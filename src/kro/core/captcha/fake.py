"""A captcha vendor in memory: tokens say themselves what they are worth, as those of the sandbox do."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from kro.core.captcha.interface import CaptchaFailed, CaptchaPassed, CaptchaResult
from kro.core.clock import Clock, SystemClock

_PARTS = 4


@dataclass(slots=True)
class FakeCaptcha:
    """Knows tokens such as ``ok:0.9:otp_send:app.example.com`` once each; an empty part is a fact left out.

    A fifth part makes tokens different that are worth the same. ``results`` are given first, one for each question.
    """

    clock: Clock = field(default_factory=SystemClock)
    results: deque[CaptchaResult] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)

    async def verify(self, token: str, *, ip: str | None) -> CaptchaResult:  # noqa: ARG002 - what the interface asks
        if self.results:
            return self.results.popleft()
        kind, *parts = token.split(":")
        if token in self.asked:
            return CaptchaFailed(("timeout-or-duplicate",))
        if kind != "ok" or len(parts) < _PARTS - 1:
            return CaptchaFailed(("invalid-input-response",))
        self.asked.append(token)
        score, action, hostname = parts[:3]
        return CaptchaPassed(
            hostname=hostname or None,
            action=action or None,
            score=float(score) if score else None,
            solved_at=self.clock.now(),
        )
