from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kro.core.database.pool import Database
from kro.core.telemetry.tracing import working

_TAKE: Final = """
INSERT INTO job_claims AS j (name, claimed_at) VALUES ($1, now())
ON CONFLICT (name) DO UPDATE SET claimed_at = now() WHERE j.claimed_at <= now() - make_interval(secs => $2)"""

_GIVE_BACK: Final = "UPDATE job_claims SET claimed_at = '-infinity' WHERE name = $1"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do again and again.

    ``run`` handles one bounded batch and returns its size; it is called again at once while there is more. It must be
    safe in several workers at once, by claiming its rows. With ``alone`` only one worker begins it per interval. With
    ``due``, a query of a :class:`DueWatch`, it is done as soon as there is something to do.
    """

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[int]]
    alone: bool = False
    due: str | None = None


class StepLoop:
    """Repeats one step until told to stop."""

    def __init__(self, step: Step, database: Database) -> None:
        self.name = step.name
        self._step = step
        self._database = database
        self._nudge = asyncio.Event()
        self._stopping = False

    @property
    def due(self) -> str | None:
        return self._step.due

    async def run(self) -> None:
        """Repeat until :meth:`stop`; what the step raises ends the loop, and whoever runs it starts it again."""
        while not self._stopping:
            self._nudge.clear()
            if not self._step.alone or await self._take():
                await self._repeat()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nudge.wait(), self._step.every_seconds)

    def stop(self) -> None:
        """Begin no other batch."""
        self._stopping = True
        self._nudge.set()

    def wake(self) -> None:
        """Begin a batch now instead of at the next interval."""
        self._nudge.set()

    async def _repeat(self) -> None:
        try:
            while await self._once() and not self._stopping:
                pass
        except asyncio.CancelledError:
            # Cut off at the end of this worker's time: another one need not wait for the interval to pass.
            if self._step.alone:
                await self._database.execute(_GIVE_BACK, self._step.name)
            raise

    async def _once(self) -> int:
        with working(f"job {self.name}", job=self.name):
            return await self._step.run()

    async def _take(self) -> bool:
        return await self._database.execute(_TAKE, self._step.name, self._step.every_seconds) == 1
