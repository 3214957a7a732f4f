"""Gauges that are read from the database: one statement, by one worker an interval, never on the way of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kro.core.database.pool import Database
from kro.core.scheduler import Step
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import (
    FIGURES_READ,
    HELD_MINOR,
    OUTBOX_AGE,
    OUTBOX_DEAD,
    OUTBOX_WAITING,
    PAYOUT_AGE,
    PAYOUTS_OPEN,
    TIMER_LAG,
    WEBHOOK_LAG,
    WEBHOOKS_WAITING,
    Metric,
)
from kro.core.telemetry.hooks import Figure
from kro.payment.database.safeguarding import SafeguardingReads

_HELD_SECONDS: Final = 300.0
"""What is held is added up over all accounts, which takes longer the more there are."""
_KEPT: Final = 3
"""Intervals for which figures are told: by then another worker has long taken over, or nobody reads them."""

# Every part reads an index of what is not finished, and 10,000 of its entries at most: it costs the same at any size.
_READ: Final = """
SELECT 'outbox' AS part, w.topic AS label,
       (SELECT count(*) FROM (SELECT FROM outbox AS o WHERE o.topic = w.topic AND o.state = 'pending' LIMIT 10000) AS p)
       AS count,
       (SELECT greatest(extract(epoch FROM now() - o.next_attempt_at), 0) FROM outbox AS o
        WHERE o.topic = w.topic AND o.state = 'pending' ORDER BY o.next_attempt_at LIMIT 1) AS seconds
FROM unnest($1::text[]) AS w (topic)
UNION ALL
SELECT 'dead', d.topic, count(*), NULL
FROM (SELECT topic FROM outbox WHERE state = 'dead' LIMIT 10000) AS d GROUP BY d.topic
UNION ALL
SELECT 'webhook', i.provider, count(*), greatest(extract(epoch FROM now() - min(i.received_at)), 0)
FROM (SELECT webhook_id FROM payment_webhook_state WHERE state = 'received' ORDER BY next_attempt_at LIMIT 10000) AS s
JOIN payment_webhook_info AS i ON i.id = s.webhook_id GROUP BY i.provider
UNION ALL
SELECT 'payout', a.status, count(*), greatest(extract(epoch FROM now() - min(a.created_at)), 0)
FROM (SELECT status, created_at FROM payout_attempts
      WHERE status IN ('submitting', 'submitted', 'unknown') LIMIT 10000) AS a GROUP BY a.status
UNION ALL
SELECT 'timer', '', 0, greatest(extract(epoch FROM now() - t.due_at), 0)
FROM (SELECT due_at FROM timers WHERE due_at <= now() ORDER BY due_at LIMIT 1) AS t"""

_PARTS: Final[dict[str, tuple[Metric | None, Metric | None, str]]] = {
    "outbox": (OUTBOX_WAITING, OUTBOX_AGE, "topic"),
    "dead": (OUTBOX_DEAD, None, "topic"),
    "webhook": (WEBHOOKS_WAITING, WEBHOOK_LAG, "provider"),
    "payout": (PAYOUTS_OPEN, PAYOUT_AGE, "status"),
    "timer": (None, TIMER_LAG, ""),
}
_METRICS: Final = tuple(metric for part in _PARTS.values() for metric in part[:2] if metric is not None)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a worker reads for whoever watches; ``topics`` are those of the outbox."""

    database: Database
    topics: Sequence[str]
    every_seconds: float

    def steps(self) -> Sequence[Step]:
        """Return what one worker does in each interval."""
        return (
            Step("figures.waiting", self.every_seconds, self.read_waiting, alone=True),
            Step("figures.held", _HELD_SECONDS, self.read_held, alone=True),
        )

    async def read_waiting(self) -> int:
        """Read what waits and for how long, in one statement."""
        found: list[Figure] = []
        for row in await self.database.rows(_READ, list(self.topics)):
            count, seconds, label = _PARTS[row["part"]]
            labels = {label: row["label"]} if label else {}
            if count is not None:
                found.append(Figure(count, row["count"], labels))
            if seconds is not None:
                found.append(Figure(seconds, float(row["seconds"] or 0), labels))
        hooks.replace(_METRICS, found, good_for=_KEPT * self.every_seconds)
        hooks.add(FIGURES_READ, kind="waiting")
        return 0

    async def read_held(self) -> int:
        """Read what customers are owed, by currency."""
        totals = await SafeguardingReads(self.database).totals()
        found = [Figure(HELD_MINOR, total.owed, {"currency": total.currency}) for total in totals]
        hooks.replace((HELD_MINOR,), found, good_for=_KEPT * _HELD_SECONDS)
        hooks.add(FIGURES_READ, kind="held")
        return 0
