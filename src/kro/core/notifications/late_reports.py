"""Messages given up because nobody knew whether they had left, and what their vendors said of them after all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kro.core.database.pool import Database

# Looked at again and again instead of once in the report's own transaction: a report may come before the message is
# given up. Texts are told by their attempts, mails by their receipts. A text that failed and has another way left is
# revived by whoever follows attempts up; here are those that ended.
_SETTLE: Final = """
WITH told AS (
    SELECT o.id, fate.arrived FROM outbox AS o
    CROSS JOIN LATERAL (
        SELECT bool_or(f.arrived) AS arrived, bool_or(f.is_open) AS is_open FROM (
            SELECT a.rank IN (2, 3) OR a.rank >= 5 AS arrived,
                   a.state IN ('sending', 'unknown') OR a.follow_up_at IS NOT NULL AS is_open
            FROM text_attempts AS a WHERE a.notice_id = o.id AND a.state <> 'refused'
            UNION ALL
            SELECT r.status IN ('accepted', 'delivered'), r.status NOT IN ('accepted', 'delivered', 'failed')
            FROM notice_receipts AS r WHERE r.message_id = o.id AND r.channel = 'mail') AS f
    ) AS fate
    WHERE o.state = 'dead' AND o.last_error = 'outcome_unknown' AND (fate.arrived OR NOT fate.is_open)
    ORDER BY o.id LIMIT $1
)
UPDATE outbox AS o
SET state = CASE WHEN t.arrived THEN 'delivered' ELSE 'dead' END,
    delivered_at = CASE WHEN t.arrived THEN now() END,
    last_error = CASE WHEN t.arrived THEN NULL ELSE 'undelivered' END
FROM told AS t WHERE o.id = t.id AND o.state = 'dead' AND o.last_error = 'outcome_unknown'"""


@dataclass(frozen=True, slots=True)
class LateReports:
    database: Database

    async def settle(self, *, limit: int) -> int:
        """Take what arrived out of the dead letters, and say of what did not why it is there; return how many."""
        return await self.database.execute(_SETTLE, limit)
