from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from kro.core.database.pool import Database
from kro.core.scheduler import Step, StepLoop

Eventually = Callable[..., Awaitable[None]]


class Backlog:
    def __init__(self, *sizes: int) -> None:
        self._sizes = list(sizes)
        self.calls = 0

    async def work(self) -> int:
        self.calls += 1
        return self._sizes.pop(0) if self._sizes else 0


async def run_until(check: Callable[[], bool], eventually: Eventually, *loops: StepLoop) -> None:
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    await eventually(check)
    for loop in loops:
        loop.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 2)


async def test_a_step_is_repeated_at_once_while_there_is_more_and_then_by_its_interval(
    database: Database, eventually: Eventually
) -> None:
    backlog = Backlog(20, 20, 3)

    await run_until(lambda: backlog.calls == 4, eventually, StepLoop(Step("demo", 3600, backlog.work), database))

    again = Backlog()
    await run_until(lambda: again.calls == 3, eventually, StepLoop(Step("demo", 0.01, again.work), database))


async def test_a_lonely_step_begins_once_per_interval_over_all_workers(
    database: Database, eventually: Eventually
) -> None:
    backlogs = [Backlog(5) for _ in range(4)]
    loops = [StepLoop(Step("nightly", 3600, b.work, alone=True), database) for b in backlogs]
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    await eventually(lambda: sum(b.calls for b in backlogs) >= 2)
    await asyncio.sleep(0.1)
    for loop in loops:
        loop.stop()
    await asyncio.gather(*tasks)

    assert sorted(b.calls for b in backlogs) == [0, 0, 0, 2]

    await database.execute("UPDATE job_claims SET claimed_at = now() - interval '2 hours'")
    late = Backlog()
    await run_until(
        lambda: late.calls == 1, eventually, StepLoop(Step("nightly", 3600, late.work, alone=True), database)
    )
