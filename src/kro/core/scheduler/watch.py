from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from kro.core.clock import Clock
from kro.core.database.pool import Database

PROGRAM_TIME: Final = "$1::timestamptz"
"""How a query of :class:`DueWatch` names the time of the injected clock; leases and back-off are ``now()``'s."""


class Watched(Protocol):
    """A loop that may sleep until it has something to do."""

    @property
    def due(self) -> str | None:
        """A query with a row while there is something to do; ``None`` for a loop that keeps its own time."""
        ...

    def wake(self) -> None:
        """Look now instead of at the next poll of its own."""
        ...


class DueWatch:
    """Asks in one statement per tick which loops have something to do, and wakes those alone.

    So the load of a worker at rest does not grow with the number of its loops. Each of them still polls, rarely: should
    this one be interrupted, nothing waits for ever. Writers send no NOTIFY, for commits queue behind it.
    """

    name = "due"

    def __init__(self, loops: Sequence[Watched], database: Database, clock: Clock, *, every_seconds: float) -> None:
        self._watched = [(loop, loop.due) for loop in loops if loop.due is not None]
        answers = ", ".join(f"EXISTS ({due})" for _, due in self._watched)
        self._question = f"SELECT ARRAY[{answers}]::boolean[] AS answers, {PROGRAM_TIME} AS at"
        self._database = database
        self._clock = clock
        self._every_seconds = every_seconds
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Watch until :meth:`stop`."""
        while not self._stopping.is_set():
            answers: list[bool] = await self._database.value(self._question, self._clock.now())
            for (loop, _), is_due in zip(self._watched, answers, strict=True):
                if is_due:
                    loop.wake()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every_seconds)

    def stop(self) -> None:
        """Wake nobody any more."""
        self._stopping.set()
