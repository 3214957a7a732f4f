"""The watch over SMS pumping: whoever has codes sent only to be paid for them never uses one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kro.core.alerts import alert
from kro.core.database.pool import Database
from kro.core.decisions import Decision
from kro.core.decisions.encoding import encode
from kro.core.ids import IdSource
from kro.core.rate_limit import Limit, RateLimitedError, RateLimiter
from kro.core.telemetry import get_logger

_LOG = get_logger()
_HOUR: Final = 3600
_ALARM: Final = Limit("text_conversion_alarm", quota=1, window_seconds=_HOUR)

# Codes of the last minutes are still being typed in, so they do not count as unused yet.
_LOW: Final = """
WITH codes AS (
    SELECT DISTINCT ON (a.message_id) a.number_range, a.network, c.consumed_at IS NOT NULL AS is_used
    FROM text_attempts AS a JOIN verification_codes AS c ON c.id = a.subject_id
    WHERE a.kind = 'code' AND a.rank >= 2 AND a.created_at > now() - $1::interval
      AND (c.consumed_at IS NOT NULL OR a.created_at < now() - interval '5 minutes')
), sums AS (
    SELECT 'range' AS scope, number_range AS subject, count(*) AS sent, count(*) FILTER (WHERE is_used) AS used
    FROM codes GROUP BY number_range
    UNION ALL SELECT 'network', network, count(*), count(*) FILTER (WHERE is_used) FROM codes GROUP BY network
)
SELECT scope, subject, sent, used FROM sums WHERE sent >= $2 AND used * 10000 < sent * $3::bigint
ORDER BY sent DESC LIMIT 100"""

# A range that an admin has opened again stays open for as long as the window still holds what closed it.
_PAUSE: Final = """
INSERT INTO text_switches AS s (scope, subject, state, reason) VALUES ('range', $1, 'off', $2)
ON CONFLICT (scope, subject) DO UPDATE
SET state = 'off', reason = excluded.reason, changed_by = NULL, updated_at = now()
WHERE s.state = 'on' AND s.updated_at < now() - $3::interval"""


@dataclass(frozen=True, slots=True)
class ConversionRules:
    """Of the codes in a window, so many at least, at least ``floor_bps`` are used, or something is wrong."""

    window: timedelta
    least_sent: int
    floor_bps: int


class ConversionWatch:
    """Pauses ranges of 10,000 numbers whose codes nobody uses, and raises an alarm for whole networks."""

    def __init__(self, database: Database, *, limiter: RateLimiter, rules: ConversionRules, ids: IdSource) -> None:
        self._database = database
        self._limiter = limiter
        self._rules = rules
        self._ids = ids

    async def look(self) -> int:
        """Look at all ranges and networks once; returns 0, for there is no next batch."""
        rules = self._rules
        for row in await self._database.rows(_LOW, rules.window, rules.least_sent, rules.floor_bps):
            found = f"{row['used']} of {row['sent']} codes were used"
            if row["scope"] == "network":
                await self._alarm_network(row["subject"], found)
            elif await self._database.execute(_PAUSE, row["subject"], found, rules.window):
                await self._alarm(
                    f"Codes to {row['subject']} are paused",
                    f"{found} in the last {rules.window}. An admin can switch the range on again.",
                )
        return 0

    async def _alarm_network(self, network: str, found: str) -> None:
        try:
            await self._limiter.hit((_ALARM, network))
        except RateLimitedError:
            return
        await self._alarm(
            f"Few codes to {network} are used",
            f"{found} in the last {self._rules.window}. Either they do not arrive or somebody is paid for them.",
        )

    async def _alarm(self, subject: str, detail: str) -> None:
        _LOG.warning("text_conversion_low", kind="text_conversion")
        message = alert(id=self._ids.new(), kind="text_conversion", subject=subject, detail=detail)
        await self._database.apply(encode(Decision(messages=(message,))))
