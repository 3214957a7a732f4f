"""The outbox in SQL. Due times and leases are the database's clock: one clock for all hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import asyncpg

from kro.core.database.pool import Database
from kro.core.outbox.envelope import Envelope
from kro.core.telemetry.tracing import MARK

_DUE: Final = """
      o.state = 'pending' AND o.next_attempt_at <= now()
      AND (o.lease_until IS NULL OR o.lease_until <= now())
      AND (o.ordering_key IS NULL OR o.id = (
          SELECT head.id FROM outbox AS head
          WHERE head.state = 'pending' AND head.ordering_key = o.ordering_key
          ORDER BY head.created_at, head.id LIMIT 1))"""

# A topic at a time, so that each is read in the order of its index and no further than wanted.
_CLAIM: Final = f"""
WITH due AS MATERIALIZED (
    SELECT first.id FROM unnest($1::text[]) AS wanted (topic) CROSS JOIN LATERAL (
        SELECT o.id, o.next_attempt_at FROM outbox AS o
        WHERE o.topic = wanted.topic AND {_DUE}
        ORDER BY o.next_attempt_at, o.id LIMIT $3 FOR UPDATE SKIP LOCKED) AS first
    ORDER BY first.next_attempt_at, first.id LIMIT $3)
UPDATE outbox AS o SET attempts = o.attempts + 1, lease_until = now() + make_interval(secs => $2)
FROM due WHERE o.id = due.id
RETURNING o.id, o.topic, o.payload, o.attempts, o.created_at, o.waits"""  # noqa: S608 - built from constants only

# The number of the turn is the fence: whoever lost its lease may still report success, but no longer failure.
_SETTLE: Final = """
UPDATE outbox AS o
SET state = r.state, last_error = r.error, lease_until = NULL, waits = o.waits + r.waited::integer,
    next_attempt_at = now() + make_interval(secs => r.delay),
    delivered_at = CASE r.state WHEN 'delivered' THEN now() END
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::float8[], $5::text[], $6::boolean[])
     AS r (id, attempts, state, delay, error, waited)
WHERE o.id = r.id AND o.state = 'pending' AND (o.attempts = r.attempts OR r.state = 'delivered')"""

# The primary key is ordered by time (UUIDv7, RFC 9562): its floor at a moment bounds the scan without another index.
_FORGET: Final = """
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox
    WHERE id < (lpad(to_hex((extract(epoch FROM now() - make_interval(days => $1)) * 1000)::bigint), 12, '0')
                || repeat('0', 20))::uuid
      AND state IN ('delivered', 'discarded')
      AND coalesce(delivered_at, next_attempt_at) < now() - make_interval(days => $1)
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)"""


class OutboxState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message after a try."""

    envelope: Envelope
    state: OutboxState
    delay_seconds: float = 0.0
    error: str | None = None
    waited: bool = False


def due_query(topics: Sequence[str]) -> str:
    """Return a query that has a row while a message of these topics could be claimed. Topics are words of ours."""
    words = ", ".join(f"'{topic}'" for topic in topics)
    return f"SELECT FROM outbox AS o WHERE o.topic IN ({words}) AND {_DUE}"


class OutboxStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *, topics: Sequence[str], lease_seconds: float, limit: int) -> tuple[Envelope, ...]:
        """Take due messages under a lease, oldest first; of one ordering key only the oldest pending message."""
        rows = await self._database.rows(_CLAIM, list(topics), lease_seconds, limit)
        envelopes = (_unmarked(row) for row in rows)
        return tuple(sorted(envelopes, key=lambda envelope: (envelope.created_at, envelope.id)))

    async def settle(self, verdicts: Sequence[Verdict]) -> None:
        """Write what became of messages, in one statement."""
        await self._database.execute(
            _SETTLE,
            [verdict.envelope.id for verdict in verdicts],
            [verdict.envelope.attempts for verdict in verdicts],
            [verdict.state.value for verdict in verdicts],
            [verdict.delay_seconds for verdict in verdicts],
            [verdict.error for verdict in verdicts],
            [verdict.waited for verdict in verdicts],
        )

    async def forget(self, *, older_than_days: int, limit: int = 1000) -> int:
        """Delete messages delivered long ago and return how many; call again until it returns zero."""
        return await self._database.execute(_FORGET, older_than_days, limit)


def _unmarked(row: asyncpg.Record) -> Envelope:
    payload = row["payload"]
    if not isinstance(payload, dict) or MARK not in payload:
        return Envelope(**row)
    mark = payload.pop(MARK)
    return Envelope(**row, mark=mark if isinstance(mark, dict) else None)
