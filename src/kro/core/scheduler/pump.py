"""The one loop under the outbox relay and the timers: claim, handle in parallel, settle what is finished together.

APScheduler is not used: it keeps a schedule in memory or in a store that only one scheduler may own, while here what
is due is already a row, so all that is left to do is to claim it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from kro.core.scheduler.signals import RetryLater

T = TypeVar("T")
_GIVE_BACK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """A claimed item and what its handler raised, if anything."""

    item: T
    error: Exception | None = None


class Work(Protocol[T]):
    """Rows that become due, and what to do with one."""

    async def claim(self, limit: int) -> Sequence[T]:
        """Take at most ``limit`` due items under a lease, in one statement."""
        ...

    async def handle(self, item: T) -> None:
        """Do the work, outside any transaction; every exception is an outcome."""
        ...

    async def settle(self, results: Sequence[Result[T]]) -> None:
        """Write the outcomes, in one statement."""
        ...


@dataclass(frozen=True, slots=True)
class PumpOptions:
    """``deadline_seconds`` bounds one handler and lies below the lease, so that no item is handled twice at once."""

    poll_seconds: float = 0.2
    parallel: int = 20
    deadline_seconds: float = 45.0


class Pump(Generic[T]):
    """Keeps up to ``parallel`` items in hand; a free place is filled at once, so a slow item holds up only its own."""

    def __init__(self, work: Work[T], *, options: PumpOptions) -> None:
        self._work = work
        self._options = options
        self._running: dict[asyncio.Task[Result[T]], T] = {}
        self._nudge = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Work until :meth:`stop`, then finish what is in hand.

        Results that could not be written survive an exception: the next call of ``run`` writes them.
        """
        try:
            while not self._stopping:
                self._nudge.clear()
                await self._step()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._nudge.wait(), self._options.poll_seconds)
            await self._finish()
        except asyncio.CancelledError:
            await self._abandon()
            raise

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._nudge.set()

    def wake(self) -> None:
        """Look for due items now instead of at the next poll."""
        self._nudge.set()

    async def run_until_idle(self) -> int:
        """Handle everything that is due now and what becomes due by it; return how many items were handled."""
        handled = 0
        while await self._step():
            handled += len(self._running)
            await self._finish()
        return handled

    async def _step(self) -> int:
        """Write finished results, then fill the free places. Return how many items were claimed."""
        await self._settle_finished()
        free = self._options.parallel - len(self._running)
        items = await self._work.claim(free) if free > 0 else ()
        for item in items:
            task = asyncio.create_task(self._handle(item))
            task.add_done_callback(lambda _: self._nudge.set())
            self._running[task] = item
        return len(items)

    async def _handle(self, item: T) -> Result[T]:
        try:
            async with asyncio.timeout(self._options.deadline_seconds):
                await self._work.handle(item)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the row must learn of it
            return Result(item, error)
        return Result(item)

    async def _settle_finished(self) -> None:
        finished = {task: item for task, item in self._running.items() if task.done()}
        if finished:
            await self._work.settle([_result(task, item) for task, item in finished.items()])
            for task in finished:
                del self._running[task]

    async def _finish(self) -> None:
        if self._running:
            await asyncio.wait(self._running)
        await self._settle_finished()

    async def _abandon(self) -> None:
        # Whether these took effect is unknown, as after a handler's own deadline: they are tried again, by whoever is
        # left. If even that cannot be written in time their leases run out.
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        with suppress(Exception):
            async with asyncio.timeout(_GIVE_BACK_SECONDS):
                await self._settle_finished()
        self._running.clear()


def _result(task: asyncio.Task[Result[T]], item: T) -> Result[T]:
    # A handler that was cancelled by something inside itself must not look like the end of the whole loop.
    return Result(item, RetryLater("interrupted")) if task.cancelled() else task.result()


def back_off(delays: Sequence[float], *, jitter: Callable[[], float]) -> Callable[[int], float]:
    """Return the back-off of the n-th failed try (from 1): the listed delay, 0 to 20 % more, the last one for ever."""

    def delay(attempts: int) -> float:
        return delays[min(attempts, len(delays)) - 1] * (1 + jitter() / 5)

    return delay
