"""What comes while others are being written is written with the next, and nobody is forgotten or kept out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Any

import pytest

from kro.core.database.failures import DatabaseBusyError
from kro.core.database.group_write import GroupWrite

_trace: ContextVar[str] = ContextVar("trace", default="none")


class RefusedError(Exception):
    pass


class Statements:
    """Writes numbers when it is let, and answers each with its square; 13 cannot be written."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.running = self.most_running = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.is_lost = False
        self.traces: set[str] = set()

    async def write(self, numbers: Sequence[int]) -> Sequence[int]:
        self.traces.add(_trace.get())
        self.groups.append(list(numbers))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        if self.is_lost:
            raise DatabaseBusyError
        if 13 in numbers:
            raise RefusedError
        return [number * number for number in numbers]


@pytest.fixture
async def statements() -> Statements:
    return Statements()


@pytest.fixture
def group(statements: Statements) -> GroupWrite[int, int]:
    return GroupWrite(statements.write, at_once=1)


Held = Callable[..., Coroutine[Any, Any, list[asyncio.Task[int]]]]


@pytest.fixture
def held(statements: Statements, group: GroupWrite[int, int]) -> Held:
    """Bring numbers one after another while no statement comes to its end."""

    async def bring(*numbers: int) -> list[asyncio.Task[int]]:
        statements.gate.clear()
        tasks = [asyncio.create_task(group.add(number)) for number in numbers]
        await asyncio.sleep(0.01)
        return tasks

    return bring


async def test_who_comes_alone_waits_for_nobody(statements: Statements, group: GroupWrite[int, int]) -> None:
    assert [await group.add(2), await group.add(3)] == [4, 9]
    assert statements.groups == [[2], [3]]


async def test_who_comes_meanwhile_is_written_together(statements: Statements, held: Held) -> None:
    tasks = await held(1, 2, 3, 4)
    later = await held(5)
    statements.gate.set()

    assert await asyncio.gather(*tasks, *later) == [1, 4, 9, 16, 25]
    assert statements.groups == [[1, 2, 3, 4], [5]]


async def test_a_statement_takes_so_many_and_the_rest_comes_after_it(statements: Statements, held: Held) -> None:
    tasks = await held(*range(100, 300))
    statements.gate.set()

    assert await asyncio.gather(*tasks) == [number**2 for number in range(100, 300)]
    assert [len(group) for group in statements.groups] == [64, 64, 64, 8]


@pytest.mark.parametrize("at_once", [1, 3])
async def test_no_more_statements_run_at_once_than_may(statements: Statements, at_once: int) -> None:
    group = GroupWrite(statements.write, at_once=at_once)
    statements.gate.clear()
    tasks = []
    for number in range(20, 40):
        tasks.append(asyncio.create_task(group.add(number)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    statements.gate.set()
    await asyncio.gather(*tasks)

    assert statements.most_running == at_once


async def test_what_is_refused_keeps_no_other_out(statements: Statements, held: Held) -> None:
    tasks = await held(12, 13, 14)
    statements.gate.set()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(outcomes[1], RefusedError)
    assert (outcomes[0], outcomes[2]) == (144, 196)
    assert statements.groups == [[12, 13, 14], [12], [13], [14]]


async def test_under_a_lost_server_nobody_is_told_that_it_is_written(
    statements: Statements, held: Held, group: GroupWrite[int, int]
) -> None:
    tasks = await held(1, 2)
    statements.is_lost = True
    statements.gate.set()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(one) for one in outcomes] == [DatabaseBusyError] * 2
    assert statements.groups == [[1, 2]]
    statements.is_lost = False
    assert await group.add(3) == 9


async def test_who_goes_away_takes_nobody_along(statements: Statements, held: Held) -> None:
    first, second, third = await held(1, 2, 3)
    first.cancel()
    await asyncio.sleep(0)
    statements.gate.set()

    assert [await second, await third] == [4, 9]
    # The number may be written already; its writer cannot know.
    assert statements.groups == [[1, 2, 3]]


async def test_who_comes_while_the_last_one_ends_is_not_forgotten(
    statements: Statements, group: GroupWrite[int, int]
) -> None:
    async def one_after_another(numbers: range, steps: int) -> list[int]:
        found = []
        for number in numbers:
            found.append(await group.add(number))
            for _ in range(number % steps):
                await asyncio.sleep(0)
        return found

    async with asyncio.timeout(20):
        results = await asyncio.gather(*(one_after_another(range(20, 220), steps) for steps in range(1, 8)))

    assert results == [[number**2 for number in range(20, 220)]] * 7


async def test_too_many_waiting_are_told_to_come_again(statements: Statements, held: Held) -> None:
    tasks = await held(0, 1)
    crowd = await held(*range(20, 1044))
    [one_more] = await held(2000)

    with pytest.raises(DatabaseBusyError):
        await one_more
    statements.gate.set()
    assert len(await asyncio.gather(*tasks, *crowd)) == 1026


async def test_a_statement_of_many_belongs_to_the_trace_of_none(
    statements: Statements, group: GroupWrite[int, int]
) -> None:
    _trace.set("mine")
    await group.add(1)

    assert statements.traces == {"none"}


async def test_when_the_writer_is_stopped_whoever_waits_learns_it(
    statements: Statements, held: Held, group: GroupWrite[int, int]
) -> None:
    tasks = [*await held(1), *await held(2)]
    for writer in group._writers:
        writer.cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(one) for one in outcomes] == [DatabaseBusyError] * 2
