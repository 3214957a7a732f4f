"""Keeps admins told of how much waits for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from kro.core.auth.permissions import Permission
from kro.core.clock import Clock
from kro.management.database.queues import MOST_COUNTED, Queue, QueueReads

__all__ = ["MOST_COUNTED", "READERS", "Queue", "QueueWatch"]

READERS: Final[Mapping[Queue, Permission]] = {
    Queue.PAYOUTS: Permission.PAYOUTS_READ,
    Queue.STUCK_PAYOUTS: Permission.PAYOUTS_READ,
    Queue.REFUNDS: Permission.REFUNDS_READ,
    Queue.DISPUTES: Permission.ORDERS_READ,
    Queue.PROPOSALS: Permission.EXCEPTIONS_READ,
    Queue.UNMATCHED_MONEY: Permission.EXCEPTIONS_READ,
    Queue.CHARGEBACKS: Permission.EXCEPTIONS_READ,
    Queue.BREAKS: Permission.RECONCILIATION_MANAGE,
    Queue.HOLDS: Permission.HOLDS_PLACE,
    Queue.DEAD_LETTERS: Permission.OUTBOX_READ,
    Queue.PARKED_WEBHOOKS: Permission.WEBHOOKS_READ,
    Queue.MESSAGE_REPORTS: Permission.MESSAGES_READ,
    Queue.IDENTITY_REVIEWS: Permission.KYC_READ,
}
"""Who may know how much waits in a queue."""

_TELL_ALL_SECONDS: Final = 60.0

Tell: TypeAlias = Callable[[Queue, int], Awaitable[None]]


class QueueWatch:
    """Counts again and again and tells what changed.

    Several workers take turns and know only what each of them told, so everything is told anew every minute.
    """

    def __init__(self, reads: QueueReads, *, tell: Tell, clock: Clock) -> None:
        self._reads = reads
        self._tell = tell
        self._clock = clock
        self._told: dict[Queue, int] = {}
        self._told_all_at = float("-inf")

    async def look(self) -> int:
        """Tell the queues that are longer or shorter than at the last look; there is never a next batch."""
        counts, now = await self._reads.counts(), self._clock.now().timestamp()
        if now - self._told_all_at >= _TELL_ALL_SECONDS:
            self._told, self._told_all_at = {}, now
        for queue, waiting in counts.items():
            if self._told.get(queue) != waiting:
                await self._tell(queue, waiting)
                self._told[queue] = waiting
        return 0
