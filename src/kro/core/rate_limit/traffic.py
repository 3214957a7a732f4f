"""Coarse limits on traffic, counted in this process: they keep one caller from taking everybody's share.

What must not be got around (codes, logins, look-ups) is counted in the database by :class:`RateLimiter` instead.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from kro.core.config import TrafficSettings, WindowSettings
from kro.core.rate_limit.limiter import Limit, RateLimitedError


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit: ``remaining`` requests until ``reset_seconds`` from now."""

    limit: Limit
    remaining: int
    reset_seconds: int


class Traffic:
    """Counts requests by network, and those of a person by person; what is not configured is not counted."""

    def __init__(self, settings: TrafficSettings) -> None:
        self._network = _limit("network", settings.network)
        self._commands = _limit("commands", settings.commands)
        self._reads = _limit("reads", settings.reads)
        self._window = _Window() if any((self._network, self._commands, self._reads)) else None

    def from_network(self, network: str) -> Quota | None:
        """Count a request of an address.

        :raises RateLimitedError: when its share is used up.
        """
        return self._hit(self._network, network)

    def by_person(self, person: str, *, command: bool) -> Quota | None:
        """Count a request of a user or an admin, commands apart from reads.

        :raises RateLimitedError: when their share is used up.
        """
        return self._hit(self._commands if command else self._reads, person)

    def _hit(self, limit: Limit | None, subject: str) -> Quota | None:
        if limit is None or self._window is None:
            return None
        return self._window.hit(limit, subject)


class _Window:
    """The library's sliding window; it takes long to import and keeps a thread, so it is there where it is needed."""

    def __init__(self) -> None:
        from limits import RateLimitItemPerSecond  # noqa: PLC0415 - see above
        from limits.storage import MemoryStorage  # noqa: PLC0415 - as above
        from limits.strategies import SlidingWindowCounterRateLimiter  # noqa: PLC0415 - as above

        self._item = RateLimitItemPerSecond
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, limit: Limit, subject: str) -> Quota:
        item = self._item(limit.quota, limit.window_seconds)
        allowed = self._counter.hit(item, limit.bucket, subject)
        stats = self._counter.get_window_stats(item, limit.bucket, subject)
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        if not allowed:
            raise RateLimitedError(limit, retry_after_seconds=seconds)
        return Quota(limit, stats.remaining, seconds)


def _limit(bucket: str, window: WindowSettings | None) -> Limit | None:
    return None if window is None else Limit(bucket, window.quota, window.window_seconds)
