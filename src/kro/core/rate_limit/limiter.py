"""Security limits as rows: shared by every process, surviving restarts, counted atomically."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kro.core.database.pool import Database
from kro.core.errors import ErrorKind, KroError

_IPV6_SUBSCRIBER_BITS: Final = 64
_NO_ADDRESS: Final = "unknown"

# The window before counts by the part of it that a sliding window would still cover, so that no burst fits around the
# edge of two windows. A refused attempt is not counted: whoever waits as told is let in.
_HIT: Final = """
WITH present AS (
    SELECT t.start, extract(epoch FROM now() - t.start) / $3::float AS elapsed
    FROM (SELECT to_timestamp(floor(extract(epoch FROM now()) / $3::float) * $3::float) AS start) AS t
), before AS (
    SELECT coalesce(sum(r.hits), 0)::integer AS hits FROM rate_limits AS r, present
    WHERE r.bucket = $1 AND r.subject = $2 AND r.window_start = present.start - make_interval(secs => $3::float)
), carried AS (
    SELECT before.hits * (1 - present.elapsed) AS weight FROM before, present
), counted AS (
    INSERT INTO rate_limits AS r (bucket, subject, window_start, hits)
    SELECT $1, $2, present.start, 1 FROM present, carried WHERE carried.weight + 1 <= $4::integer
    ON CONFLICT (bucket, subject, window_start) DO UPDATE SET hits = r.hits + 1
    WHERE r.hits + 1 + (SELECT weight FROM carried) <= $4::integer
    RETURNING r.hits
)
SELECT EXISTS (SELECT FROM counted) AS allowed, present.elapsed::float AS elapsed, before.hits AS before,
       coalesce((SELECT r.hits FROM rate_limits AS r WHERE r.bucket = $1 AND r.subject = $2
                 AND r.window_start = present.start), 0) AS hits
FROM present, before"""

_FORGIVE: Final = """
UPDATE rate_limits SET hits = hits - 1
WHERE bucket = $1 AND subject = $2 AND hits > 0
  AND window_start = to_timestamp(floor(extract(epoch FROM now()) / $3::float) * $3::float)"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``quota`` hits of one subject in any ``window_seconds``."""

    bucket: str
    quota: int
    window_seconds: int


class RateLimitedError(KroError):
    """Too many requests; wait before trying again."""

    kind = ErrorKind.RATE_LIMITED
    code = "rate_limited"
    retryable = True

    def __init__(self, limit: Limit, *, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.policy = limit.bucket
        self.quota = limit.quota
        self.window_seconds = limit.window_seconds


class RateLimiter:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def hit(self, *hits: tuple[Limit, str]) -> None:
        """Count one attempt against each limit and its subject, in order, stopping at the first that is full.

        Put the caller's own limits first and a victim's (a phone number) last: who is refused uses up nothing of hers.

        :raises RateLimitedError: with the seconds after which an attempt fits again.
        """
        for limit, subject in hits:
            row = await self._database.row(_HIT, limit.bucket, subject, float(limit.window_seconds), limit.quota)
            if row is not None and not row["allowed"]:
                wait = seconds_until_free(limit, hits=row["hits"], before=row["before"], elapsed=row["elapsed"])
                raise RateLimitedError(limit, retry_after_seconds=wait)

    async def forgive(self, limit: Limit, subject: str) -> None:
        """Take back one counted attempt, where only failures are to count."""
        await self._database.execute(_FORGIVE, limit.bucket, subject, float(limit.window_seconds))

    async def sweep(self) -> int:
        """Delete counters too old to matter to any limit (two days) and return how many there were."""
        return await self._database.execute("DELETE FROM rate_limits WHERE window_start < now() - interval '2 days'")


def seconds_until_free(limit: Limit, *, hits: int, before: int, elapsed: float) -> int:
    """Return when one more hit fits.

    :param elapsed: the share of the present window that is gone; ``hits`` are its own, ``before`` those of the last.
    """
    room = limit.quota - 1 - hits
    fits_now = room >= 0 and before > 0
    free_at = 1 - room / before if fits_now else 2 - (limit.quota - 1) / max(hits, 1)
    return max(1, math.ceil((free_at - elapsed) * limit.window_seconds))


@lru_cache(maxsize=4_096)
def network_of(ip: str | None) -> str:
    """Return what to count an address by: an IPv4 address itself, the /64 an IPv6 subscriber owns."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return _NO_ADDRESS
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_SUBSCRIBER_BITS), strict=False))
    return str(address)
