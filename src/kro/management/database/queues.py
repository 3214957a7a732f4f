"""What waits for people, each queue asked through a door of the module it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from kro.core.database.pool import Database

MOST_COUNTED: Final = 1_000


class Queue(StrEnum):
    """What waits for admins."""

    PAYOUTS = "payouts"
    STUCK_PAYOUTS = "stuck_payouts"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    UNMATCHED_MONEY = "unmatched_money"
    PROPOSALS = "proposals"
    CHARGEBACKS = "chargebacks"
    BREAKS = "breaks"
    HOLDS = "holds"
    DEAD_LETTERS = "dead_letters"
    PARKED_WEBHOOKS = "parked_webhooks"
    MESSAGE_REPORTS = "message_reports"
    IDENTITY_REVIEWS = "identity_reviews"


_PERMISSIONS: Final = """
SELECT r.permissions FROM admins AS a JOIN user_roles AS r ON r.code = a.role_code WHERE a.id = $1"""


@dataclass(frozen=True, slots=True)
class QueueLength:
    """``waiting`` stops at :data:`MOST_COUNTED`; ``due`` is when the next of them is due, where there are deadlines."""

    queue: Queue
    waiting: int
    oldest: datetime | None
    due: datetime | None


class QueueReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self) -> Mapping[Queue, int]:
        """Return how many wait in each queue, at most ``MOST_COUNTED``."""
        return {length.queue: length.waiting for length in await self.lengths(tuple(Queue))}

    async def lengths(self, queues: Collection[Queue]) -> Sequence[QueueLength]:
        """Return how much waits in these queues and since when, in the order in which they are declared."""
        wanted = [queue for queue in Queue if queue in queues]
        if not wanted:
            return ()
        parts = " UNION ALL ".join(f"SELECT '{queue}' AS queue, q.* FROM queue_{queue}() AS q" for queue in wanted)  # noqa: S608 - names of ours
        found = {row["queue"]: row for row in await self._database.rows(parts)}
        return [QueueLength(queue, *(found[queue][name] for name in ("waiting", "oldest", "due"))) for queue in wanted]

    async def permissions(self, admin_id: UUID) -> frozenset[str]:
        """Return what an admin whose standing was just checked may do."""
        return frozenset(await self._database.value(_PERMISSIONS, admin_id) or ())
