"""How much waits for admins: each queue counted through an index that holds only what waits, and not beyond a bound."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from kro.core.database.pool import Database

MOST_COUNTED: Final = 1_000


class Queue(StrEnum):
    """What waits for admins."""

    PAYOUTS = "payouts"
    STUCK_PAYOUTS = "stuck_payouts"
    DISPUTES = "disputes"
    PROPOSALS = "proposals"
    UNMATCHED_MONEY = "unmatched_money"
    BREAKS = "breaks"
    DEAD_LETTERS = "dead_letters"


_WAITING: Final[Mapping[Queue, str]] = {
    Queue.PAYOUTS: "transactions WHERE kind = 'payout' AND status = 'awaiting_approval'",
    Queue.STUCK_PAYOUTS: "payout_alarms WHERE settled_at IS NULL AND kind <> 'open_for_an_hour'",
    Queue.DISPUTES: "issues WHERE status NOT IN ('effective', 'withdrawn', 'settled') AND escalated_at IS NOT NULL",
    Queue.PROPOSALS: "proposals WHERE status = 'proposed'",
    Queue.UNMATCHED_MONEY: "suspense_items WHERE next_alarm_at IS NOT NULL",
    Queue.BREAKS: "reconciliation_breaks WHERE status = 'open'",
    Queue.DEAD_LETTERS: "outbox WHERE state = 'dead'",
}
_COUNTS: Final = [
    f"(SELECT count(*) FROM (SELECT FROM {waiting} LIMIT {MOST_COUNTED}) AS w) AS {queue}"  # noqa: S608 - built from constants only
    for queue, waiting in _WAITING.items()
]


class QueueReads:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self) -> Mapping[Queue, int]:
        """Return how many wait in each queue, at most ``MOST_COUNTED``."""
        row = await self._database.row(f"SELECT {', '.join(_COUNTS)}")
        assert row is not None  # noqa: S101 - a select of counts always returns one row
        return {queue: row[queue] for queue in Queue}
