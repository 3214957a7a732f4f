from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from kro.core.scheduler import Pump, PumpOptions, Result, RetryLater, back_off


class Numbers:
    """Hands out numbers; fails to claim or settle when told to."""

    def __init__(self, *batches: Sequence[int], broken_settlements: int = 0, broken_claims: int = 0) -> None:
        self._batches = list(batches)
        self._broken_settlements = broken_settlements
        self._broken_claims = broken_claims
        self.asked: list[int] = []
        self.settled: list[Result[int]] = []

    async def claim(self, limit: int) -> Sequence[int]:
        self.asked.append(limit)
        if self._broken_claims and len(self.asked) > 1:
            self._broken_claims -= 1
            raise ConnectionError
        return self._batches.pop(0) if self._batches else ()

    async def handle(self, item: int) -> None:
        if item < 0:
            raise RetryLater("negative")

    async def settle(self, results: Sequence[Result[int]]) -> None:
        if self._broken_settlements:
            self._broken_settlements -= 1
            raise ConnectionError
        self.settled += results


OPTIONS = PumpOptions(poll_seconds=0.01, parallel=3, deadline_seconds=1)


async def test_it_asks_for_no_more_than_it_can_handle() -> None:
    work = Numbers([1, 2, 3])
    pump = Pump(work, options=OPTIONS)

    assert await pump.run_until_idle() == 3

    assert work.asked == [3, 3]
    assert [(result.item, result.error) for result in work.settled] == [(1, None), (2, None), (3, None)]


async def test_a_failure_is_a_result() -> None:
    work = Numbers([-1])

    await Pump(work, options=OPTIONS).run_until_idle()

    [result] = work.settled
    assert isinstance(result.error, RetryLater)


async def test_results_that_could_not_be_written_are_written_by_the_next_run() -> None:
    work = Numbers([1, 2], broken_settlements=1)
    pump = Pump(work, options=OPTIONS)

    with pytest.raises(ConnectionError):
        await pump.run()
    pump.stop()
    await pump.run()

    assert [result.item for result in work.settled] == [1, 2]


async def test_what_is_in_hand_survives_a_broken_claim() -> None:
    work = Numbers([1], broken_claims=1)
    pump = Pump(work, options=OPTIONS)

    with pytest.raises(ConnectionError):
        await pump.run()
    pump.stop()
    await pump.run()

    assert [result.item for result in work.settled] == [1]


async def test_cancelling_it_cancels_what_is_in_hand_and_gives_it_back() -> None:
    class Slow(Numbers):
        cancelled = False

        async def handle(self, item: int) -> None:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                self.cancelled = True
                raise

    work = Slow([1])
    run = asyncio.create_task(Pump(work, options=PumpOptions(deadline_seconds=3600)).run())
    await asyncio.sleep(0.05)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)

    assert run.cancelled()
    assert work.cancelled
    [given_back] = work.settled
    assert given_back.item == 1
    assert isinstance(given_back.error, RetryLater)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 5), (3, 30), (4, 30), (400, 30)])
def test_the_back_off_follows_its_list_and_then_stays(attempts: int, seconds: int) -> None:
    assert back_off((1, 5, 30), jitter=lambda: 0)(attempts) == seconds
    assert back_off((1, 5, 30), jitter=lambda: 1)(attempts) == pytest.approx(seconds * 1.2)
