"""Looks into kept events: each only says what to ask the provider about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

from kro.core.clock import Clock
from kro.core.telemetry import get_logger
from kro.core.telemetry.tracing import working
from kro.payment.database.records import WebhookState, WebhookTask
from kro.payment.database.webhooks import DUE, WebhookRepository
from kro.payment.domain.collections import CollectionService
from kro.payment.domain.errors import WebhookNotFoundError
from kro.payment.domain.progress import Progress
from kro.payment.domain.tracking import PayoutTracker
from kro.payment.providers import WebhookSubject

LEASE: Final = timedelta(minutes=3)
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(hours=24)
"""After this a person looks at what could not be settled."""

Follow: TypeAlias = Callable[[str, str], Awaitable[Progress]]
"""Asks the provider of this name about what bears a reference, and acts on that answer."""

log = get_logger()


class WebhookProcessor:
    """``others`` are the subjects that modules above payments follow, by the reference their events carry.

    ``unmatched`` is asked about a payment that stayed unknown to us until patience ran out.
    """

    due: Final = DUE

    def __init__(
        self,
        *,
        webhooks: WebhookRepository,
        collections: CollectionService,
        payouts: PayoutTracker,
        clock: Clock,
        others: Mapping[WebhookSubject, Follow] | None = None,
        unmatched: Follow | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._others = dict(others or {})
        self._unmatched = unmatched
        self._collections = collections
        self._payouts = payouts
        self._clock = clock

    async def process_due(self, *, limit: int = 20) -> int:
        """Look into events that are due, side by side; return how many."""
        now = self._clock.now()
        tasks = await self._webhooks.claim_due(now=now, lease_until=now + LEASE, limit=limit)
        await asyncio.gather(*(self._process(task) for task in tasks))
        return len(tasks)

    async def process_one(self, webhook_id: UUID) -> None:
        """Look into one event now, whatever was found before.

        :raises WebhookNotFoundError: if there is none.
        """
        task = await self._webhooks.claim_one(webhook_id, lease_until=self._clock.now() + LEASE)
        if task is None:
            raise WebhookNotFoundError
        await self._process(task)

    async def _process(self, task: WebhookTask) -> None:
        # The effect is written before the event is marked: a crash in between only asks the provider once more. And
        # whatever goes wrong, the event stays and is looked into again.
        try:
            with working(f"webhook {task.provider}", mark=task.mark, provider=task.provider):
                progress = await self._look_into(task)
        except asyncio.CancelledError:
            await self._wait(task, "interrupted")
            raise
        except Exception:
            log.exception("webhook_failed", webhook_id=task.id)
            await self._wait(task, "error")
            return
        if progress is None:
            await self._finish(task, WebhookState.IGNORED)
        elif progress is Progress.FINAL:
            await self._finish(task, WebhookState.PROCESSED)
        elif progress is Progress.PARKED:
            await self._finish(task, WebhookState.PARKED, reason=progress)
        else:
            await self._wait(task, progress)

    async def _look_into(self, task: WebhookTask) -> Progress | None:
        """Ask about what the event is about; ``None`` for events we have no use for."""
        if task.reference is None:
            return None
        match task.subject:
            case WebhookSubject.COLLECTION:
                return await self._collect(task, task.reference)
            case WebhookSubject.TRANSFER:
                return await self._payouts.apply_provider_result(reference=task.reference)
            case subject:
                follow = self._others.get(WebhookSubject(subject))
                return None if follow is None else await follow(task.provider, task.reference)

    async def _collect(self, task: WebhookTask, reference: str) -> Progress:
        age = self._clock.now() - task.received_at
        progress = await self._collections.apply_provider_result(reference=reference)
        if progress is Progress.UNKNOWN_REFERENCE and age > PATIENCE and self._unmatched is not None:
            return await self._unmatched(task.provider, reference)
        return progress

    async def _wait(self, task: WebhookTask, reason: str) -> None:
        now = self._clock.now()
        if now - task.received_at > PATIENCE:
            await self._finish(task, WebhookState.PARKED, reason=reason)
            return
        await self._webhooks.postpone(task.id, until=now + wait_after(task.attempts), reason=reason)

    async def _finish(self, task: WebhookTask, state: WebhookState, *, reason: str | None = None) -> None:
        if state is WebhookState.PARKED:
            log.error("webhook_parked", webhook_id=task.id, reason_code=reason)
        await self._webhooks.finish(task.id, state=state, reason=reason, now=self._clock.now())


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: 10 s, doubled each time, at most an hour."""
    doublings: int = 2 ** min(attempts - 1, 10)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)
