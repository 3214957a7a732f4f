"""How long somebody waits before a code is sent again: longer each time, because each costs money. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kro.core.rate_limit import Limit, RateLimitedError
from kro.verification.database import RecentCodes

_BUCKET: Final = "otp_resend"


def delay_after(sent: int, delays: Sequence[int]) -> int:
    """Return the seconds to wait after so many codes; the last delay repeats."""
    return delays[min(max(sent, 1), len(delays)) - 1]


def ensure_waited(recent: RecentCodes, *, delays: Sequence[int], on_whatsapp: bool) -> None:
    """Check that the wait after the last code is over; for another channel half of it is enough.

    :raises RateLimitedError: with the seconds that remain.
    """
    if recent.sent == 0:
        return
    delay = delay_after(recent.sent, delays)
    if on_whatsapp:
        delay //= 2
    remaining = delay - int(recent.seconds_since_last)
    if remaining > 0:
        raise too_soon(delay, remaining=remaining)


def too_soon(delay: int, *, remaining: int) -> RateLimitedError:
    """Return the refusal of a code that was asked for ``remaining`` seconds before its wait was over."""
    return RateLimitedError(Limit(_BUCKET, 1, delay), retry_after_seconds=max(remaining, 1))
