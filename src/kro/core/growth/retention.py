from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from kro.core.database.pool import Database
from kro.core.scheduler import Step
from kro.core.telemetry import get_logger

BATCH: Final = 1_000
"""Rows deleted by one statement: short enough to hold nobody up."""

_HOUR: Final = 3600.0
_SECONDS: Final = 60.0
_LOG = get_logger()

# The primary keys begin with the time (RFC 9562): they bound each scan without another index. What belongs to somebody
# under a legal hold stays.
_SESSIONS: Final = """
DELETE FROM sessions WHERE id IN (
    SELECT s.id FROM sessions AS s LEFT JOIN users AS u ON u.id = s.user_id
    WHERE s.id < first_id_at(now() - make_interval(days => $1)) AND u.legal_hold_at IS NULL
      AND least(s.revoked_at, s.expires_at) < now() - make_interval(days => $1)
    ORDER BY s.id LIMIT $2 FOR UPDATE OF s SKIP LOCKED)"""
_LINKS: Final = """
DELETE FROM magic_link_logs WHERE id IN (
    SELECT l.id FROM magic_link_logs AS l LEFT JOIN users AS u ON u.id = l.user_id
    WHERE l.id < first_id_at(now() - make_interval(days => $1)) AND u.legal_hold_at IS NULL
      AND l.purpose <> 'order_invite' AND l.expires_at < now() - make_interval(days => $1)
    ORDER BY l.id LIMIT $2 FOR UPDATE OF l SKIP LOCKED)"""
_STEP_UPS: Final = """
DELETE FROM step_up_challenges WHERE id IN (
    SELECT c.id FROM step_up_challenges AS c JOIN users AS u ON u.id = c.user_id
    WHERE c.id < first_id_at(now() - make_interval(days => $1)) AND u.legal_hold_at IS NULL
      AND c.expires_at < now() - make_interval(days => $1)
    ORDER BY c.id LIMIT $2 FOR UPDATE OF c SKIP LOCKED)"""
_QUOTES: Final = """
DELETE FROM fee_quotes WHERE id IN (
    SELECT q.id FROM fee_quotes AS q JOIN users AS u ON u.id = q.user_id
    WHERE q.id < first_id_at(now() - make_interval(days => $1)) AND u.legal_hold_at IS NULL
      AND q.expires_at < now() - make_interval(days => $1)
    ORDER BY q.id LIMIT $2)"""
_TRACES: Final = """
DELETE FROM traces WHERE row_id IN (
    SELECT row_id FROM traces WHERE row_id < first_id_at(now() - make_interval(days => $1)) ORDER BY row_id LIMIT $2)"""
_HITS: Final = """
DELETE FROM rate_limits WHERE (bucket, subject, window_start) IN (
    SELECT bucket, subject, window_start FROM rate_limits WHERE window_start < now() - make_interval(days => $1)
    LIMIT $2 FOR UPDATE SKIP LOCKED)"""
# How long an answer is kept was promised to its client when it was stored.
_ANSWERS: Final = """
DELETE FROM idempotency_keys WHERE (principal_id, key) IN (
    SELECT principal_id, key FROM idempotency_keys WHERE expires_at < now() LIMIT $1 FOR UPDATE SKIP LOCKED)"""


class Leftovers:
    """Rows of several modules' tables that have served their purpose, deleted a batch at a time, oldest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sessions(self, days: int) -> int:
        """Forget sessions that ended so long ago and return how many."""
        return await self._database.execute(_SESSIONS, days, BATCH)

    async def links(self, days: int) -> int:
        """Forget links into accounts that lapsed so long ago and return how many."""
        return await self._database.execute(_LINKS, days, BATCH)

    async def step_ups(self, days: int) -> int:
        """Forget fresh proofs that lapsed so long ago and return how many."""
        return await self._database.execute(_STEP_UPS, days, BATCH)

    async def quotes(self, days: int) -> int:
        """Forget promised fees that lapsed so long ago and return how many; orders have their own copy."""
        return await self._database.execute(_QUOTES, days, BATCH)

    async def traces(self, days: int) -> int:
        """Forget which trace wrote journals and events that long ago and return how many."""
        return await self._database.execute(_TRACES, days, BATCH)

    async def hits(self, days: int) -> int:
        """Forget counts of rate limits whose window began so long ago and return how many."""
        return await self._database.execute(_HITS, days, BATCH)

    async def answers(self) -> int:
        """Forget stored answers whose time is over and return how many."""
        return await self._database.execute(_ANSWERS, BATCH)


def retention_step(name: str, forget: Callable[[], Awaitable[int]], *, seconds: float = _SECONDS) -> Step:
    """Return the step that forgets, by one worker once an hour, for no longer than so many seconds in a row.

    Each batch is a transaction of its own: whoever is interrupted goes on in the next hour. Logs count the rows.
    """
    begun: float | None = None
    total = 0

    async def run() -> int:
        nonlocal begun, total
        begun = time.monotonic() if begun is None else begun
        count = await forget()
        total += count
        if count and time.monotonic() - begun < seconds:
            return count
        if total:
            _LOG.info("rows_forgotten", kind=name, count=total)
        begun, total = None, 0
        return 0

    return Step(f"retention.{name}", _HOUR, run, alone=True)
