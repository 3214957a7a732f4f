"""Google reCAPTCHA, v2 and v3 (developers.google.com/recaptcha/docs/verify and /v3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Self

from kro.core.captcha.interface import CaptchaFailed, CaptchaPassed, CaptchaResult, CaptchaUnavailable
from kro.core.outgoing import CallRecorder, JSONValue, OutgoingHTTP, OutgoingSettings, Reply

if TYPE_CHECKING:
    import httpx2

_PROVIDER: Final = "recaptcha"
_OURS: Final = frozenset({"missing-input-secret", "invalid-input-secret"})
_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class RecaptchaSettings:
    secret: str = field(repr=False)
    base_url: str = "https://www.google.com"


class Recaptcha:
    """Asks Google's SiteVerify. A token is asked about once: the second answer to it is always a refusal."""

    def __init__(
        self,
        settings: RecaptchaSettings,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        recorder: CallRecorder | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._http = OutgoingHTTP(
            OutgoingSettings(
                provider=_PROVIDER,
                base_url=settings.base_url,
                connect_seconds=1.5,
                read_seconds=_SECONDS,
                deadline_seconds=_SECONDS,
            ),
            transport=transport,
            recorder=recorder,
            sleep=sleep,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def verify(self, token: str, *, ip: str | None) -> CaptchaResult:
        form = {"secret": self._settings.secret, "response": token}
        if ip is not None:
            form["remoteip"] = ip
        exchange = await self._http.call(
            operation="siteverify", method="POST", path="/recaptcha/api/siteverify", form=form
        )
        if not isinstance(exchange, Reply):
            return CaptchaUnavailable(exchange.cause)
        # Whatever Google thinks of a token, it answers 200; anything else is about us or about Google.
        if not isinstance(exchange.object.get("success"), bool):
            return CaptchaUnavailable(f"odd_answer_{exchange.status}")
        return _read(exchange.object)


def _read(answer: dict[str, JSONValue]) -> CaptchaResult:
    if answer["success"] is not True:
        listed = answer.get("error-codes")
        codes = tuple(str(code) for code in listed) if isinstance(listed, list) else ()
        if _OURS & set(codes):
            return CaptchaUnavailable(next(code for code in codes if code in _OURS), ours=True)
        return CaptchaFailed(codes)
    return CaptchaPassed(
        hostname=_text(answer.get("hostname")),
        action=_text(answer.get("action")),
        score=_score(answer.get("score")),
        solved_at=_moment(answer.get("challenge_ts")),
    )


def _text(value: JSONValue) -> str | None:
    return value if isinstance(value, str) and value else None


def _score(value: JSONValue) -> float | None:
    # A boolean is an integer to Python, and no score.
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None


def _moment(value: JSONValue) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
