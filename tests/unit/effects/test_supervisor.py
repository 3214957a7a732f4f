from __future__ import annotations

import asyncio
import time

from kro.core.database.failures import DatabaseBusyError
from kro.core.scheduler import SupervisorOptions, supervise

OPTIONS = SupervisorOptions(drain_seconds=0.2, first_pause_seconds=0.01, longest_pause_seconds=0.04)


class Scripted:
    """A loop that plays one act per run and then waits for its stop."""

    def __init__(self, name: str, *acts: str) -> None:
        self.name = name
        self._acts = list(acts)
        self._stopped = asyncio.Event()
        self.runs = 0
        self.finished = False

    async def run(self) -> None:
        self.runs += 1
        act = self._acts.pop(0) if self._acts else "work"
        if act == "crash":
            raise RuntimeError("out of the blue")
        if act == "database":
            raise DatabaseBusyError
        if act == "end":
            return
        if act == "hang":
            await asyncio.sleep(3600)
        await self._stopped.wait()
        self.finished = True

    def stop(self) -> None:
        self._stopped.set()


async def run_for(seconds: float, *loops: Scripted) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await supervise(loops, stop, options=OPTIONS)


async def test_a_loop_that_crashes_or_ends_is_started_again_and_the_others_never_notice() -> None:
    fragile, steady = Scripted("fragile", "crash", "end", "crash"), Scripted("steady")

    await run_for(0.5, fragile, steady)

    assert (fragile.runs, steady.runs) == (4, 1)
    assert fragile.finished
    assert steady.finished


async def test_a_loop_that_always_crashes_is_not_restarted_in_a_frenzy() -> None:
    hopeless = Scripted("hopeless", *["crash"] * 1000)

    await run_for(0.3, hopeless)

    assert 2 <= hopeless.runs <= 20


async def test_a_database_that_is_away_again_and_again_makes_no_loop_wait_longer_each_time() -> None:
    waiting, hopeless = Scripted("waiting", *["database"] * 1000), Scripted("hopeless", *["crash"] * 1000)

    await run_for(0.5, waiting, hopeless)

    assert waiting.runs > 1.5 * hopeless.runs


async def test_what_does_not_finish_in_time_is_cancelled() -> None:
    stuck, steady = Scripted("stuck", "hang"), Scripted("steady")
    began = time.monotonic()

    await run_for(0.05, stuck, steady)

    assert time.monotonic() - began < 2
    assert steady.finished
    assert not stuck.finished
