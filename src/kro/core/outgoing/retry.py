from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from kro.core.outgoing.exchange import Exchange, NotSent, OutcomeUnknown, Reply


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When to repeat a call that may be repeated, and how long to wait before it: exponential with full jitter.

    ``jitter`` returns a number from 0 to 1. A ``Retry-After`` longer than ``longest_wait_seconds`` ends the tries,
    because the caller is waiting; the answer still carries it.
    """

    tries: int = 3
    base_seconds: float = 0.2
    cap_seconds: float = 2.0
    longest_wait_seconds: float = 5.0
    jitter: Callable[[], float] = random.SystemRandom().random

    def wait_before_next(self, outcome: Exchange, *, tries_done: int, repeatable: bool) -> float | None:
        """Return the seconds to wait before another try, or ``None`` if this outcome stands.

        A request that never left is tried again whatever it was; anything else only if the call is repeatable.
        """
        if tries_done >= self.tries or not _worth_repeating(outcome, repeatable=repeatable):
            return None
        asked = 0 if isinstance(outcome, NotSent) else outcome.retry_after_seconds or 0
        backoff = self.jitter() * min(self.cap_seconds, self.base_seconds * 2**tries_done)
        wait = max(backoff, asked)
        return wait if wait <= self.longest_wait_seconds else None


def _worth_repeating(outcome: Exchange, *, repeatable: bool) -> bool:
    match outcome:
        case NotSent():
            return True
        case OutcomeUnknown() | Reply(status=HTTPStatus.TOO_MANY_REQUESTS):
            return repeatable
        case _:
            return False
