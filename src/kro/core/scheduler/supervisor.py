from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from kro.core.errors import KroError
from kro.core.telemetry import get_logger

_LOG = get_logger()


class Loop(Protocol):
    """Something that runs until it is stopped."""

    @property
    def name(self) -> str: ...

    async def run(self) -> None:
        """Return only after :meth:`stop`, with nothing left in hand."""
        ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SupervisorOptions:
    """Seconds. Loops begin ``stagger_seconds`` apart, so that they never all want a connection at once.

    A loop that held out for ``healthy_seconds`` is started again without having to wait long.

    So is one that ended because something it needs was away, such as the database: waiting longer each time would only
    make money wait that could move again.
    """

    drain_seconds: float = 10.0
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 30.0
    healthy_seconds: float = 60.0
    stagger_seconds: float = 0.02


async def supervise(loops: Sequence[Loop], stop: asyncio.Event, *, options: SupervisorOptions | None = None) -> None:
    """Run every loop until ``stop`` is set; one that dies is logged and started again, the others never notice.

    Then each finishes what it has in hand. What takes longer than the drain time is cancelled: its leases run out and
    another worker does it.
    """
    options = options or SupervisorOptions()
    tasks = {
        asyncio.create_task(_keep_running(loop, stop, options, begin_in=place * options.stagger_seconds)): loop.name
        for place, loop in enumerate(loops)
    }
    try:
        await stop.wait()
    finally:
        for loop in loops:
            loop.stop()
        _, late = await asyncio.wait(tasks, timeout=options.drain_seconds)
        for task in late:
            _LOG.warning("loop_cut_off", job=tasks[task])
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_running(loop: Loop, stop: asyncio.Event, options: SupervisorOptions, *, begin_in: float) -> None:
    clock = asyncio.get_running_loop().time
    pause = options.first_pause_seconds
    await _stopped_within(stop, begin_in)
    while not stop.is_set():
        began = clock()
        try:
            await loop.run()
        except Exception as error:  # noqa: BLE001 - whatever it was, the loop must run again
            if isinstance(error, KroError) and error.retryable:
                pause = options.first_pause_seconds
                _LOG.warning("loop_interrupted", job=loop.name, reason_code=error.code, retry_in_seconds=pause)
            else:
                _LOG.exception("loop_crashed", job=loop.name, retry_in_seconds=pause)
        else:
            if not stop.is_set():
                _LOG.error("loop_ended", job=loop.name, retry_in_seconds=pause)
        if clock() - began > options.healthy_seconds:
            pause = options.first_pause_seconds
        await _stopped_within(stop, pause)
        pause = min(pause * 2, options.longest_pause_seconds)


async def _stopped_within(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
