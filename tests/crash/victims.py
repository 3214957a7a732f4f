"""Who is killed, how, and how it comes back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.crash.processes import House, NotBackError, children_of, is_alive, kill_all


class Victim(StrEnum):
    API = "API, all of it"
    API_PROCESS = "API, one process"
    WORKER = "worker"
    POSTGRES = "PostgreSQL, all of it"
    POSTMASTER = "PostgreSQL, postmaster"
    BACKEND = "PostgreSQL, one backend"
    EVERYTHING = "everything at once"
    PRIMARY = "PostgreSQL, the primary"
    """For good: its replica takes its place."""


_WEIGHTS: Final = {
    Victim.API: 4,
    Victim.API_PROCESS: 4,
    Victim.WORKER: 6,
    Victim.POSTGRES: 6,
    Victim.POSTMASTER: 3,
    Victim.BACKEND: 3,
    Victim.EVERYTHING: 2,
}


def order_of_death(cycles: int, dice: random.Random) -> list[Victim]:
    """Draw the victims: the three that must die in every run first, in any order, the others by weight."""
    must = [Victim.API, Victim.WORKER, Victim.POSTGRES][:cycles]
    rest = dice.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()), k=max(0, cycles - len(must)))
    drawn = must + rest
    dice.shuffle(drawn)
    return drawn


async def kill(victim: Victim, house: House, dice: random.Random) -> float:
    """Kill it without a word, see it back at work, and return how many seconds that took.

    :raises NotBackError: it did not come back within the bound.
    """
    began = time.monotonic()
    ways: dict[Victim, Callable[[], Awaitable[None]]] = {
        Victim.API: lambda: _api(house),
        Victim.API_PROCESS: lambda: _api_process(house, dice),
        Victim.WORKER: lambda: _worker(house),
        Victim.POSTGRES: lambda: _postgres(house, with_backends=True),
        Victim.POSTMASTER: lambda: _postgres(house, with_backends=False),
        Victim.BACKEND: lambda: _backend(house, dice),
        Victim.EVERYTHING: lambda: _everything(house),
        Victim.PRIMARY: lambda: _primary(house, dice),
    }
    await ways[victim]()
    return time.monotonic() - began


async def _api(house: House) -> None:
    children = children_of(house.api.pid)
    house.api.kill()
    await _no_orphans(house, children)
    await _start_api(house)


async def _no_orphans(house: House, children: list[int]) -> None:
    """Wait for the processes of a killed API to end with it, also those that were only starting."""
    deadline = time.monotonic() + house.plan.restart_seconds
    while alive := [pid for pid in children if is_alive(pid)]:
        if time.monotonic() > deadline:
            raise NotBackError(f"processes {alive} outlived the API that they belong to")
        await asyncio.sleep(0.02)


async def _start_api(house: House) -> None:
    deadline = time.monotonic() + house.plan.restart_seconds
    house.api.start()
    while True:
        try:
            await house.wait_until_healthy(f"{house.api_url}/health/ready", seconds=0.5)
        except NotBackError:
            if time.monotonic() > deadline:
                raise
            if house.api.is_dead():
                house.api.start()
        else:
            return


async def _api_process(house: House, dice: random.Random) -> None:
    # Its parent starts another one; no help is given. The resource tracker among its children is not ours to kill.
    deadline = time.monotonic() + house.plan.restart_seconds
    while not (before := _serving(house)):
        if time.monotonic() > deadline:
            raise NotBackError("the API has no process that serves")
        await asyncio.sleep(0.02)
    kill_all([dice.choice(sorted(before))])
    while not _serving(house) - before:
        if time.monotonic() > deadline:
            raise NotBackError("the API did not replace a process of its own")
        await asyncio.sleep(0.05)
    await house.wait_until_healthy(f"{house.api_url}/health/ready", seconds=house.plan.restart_seconds)


def _serving(house: House) -> set[int]:
    return {pid for pid in children_of(house.api.pid) if _is_spawned(pid)}


def _is_spawned(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


async def _worker(house: House) -> None:
    starts = house.worker_starts()
    house.worker.kill()
    house.worker.start()
    await house.wait_for_worker(after=starts)


async def _postgres(house: House, *, with_backends: bool) -> None:
    first, others = house.server_processes()
    kill_all([first, *others] if with_backends else [first])
    await _recover(house)


async def _recover(house: House) -> None:
    await asyncio.to_thread(house.restart_postgres)
    await house.wait_until_healthy(f"{house.api_url}/health/ready", seconds=house.plan.restart_seconds)


async def _backend(house: House, dice: random.Random) -> None:
    # The server itself answers the death of one backend with the end of all of them and a recovery.
    _, others = house.server_processes()
    kill_all([dice.choice(others)])
    await asyncio.sleep(0.1)
    await house.wait_until_healthy(f"{house.api_url}/health/ready", seconds=house.plan.restart_seconds)


async def _everything(house: House) -> None:
    starts = house.worker_starts()
    first, others = house.server_processes()
    children = children_of(house.api.pid)
    kill_all([house.api.pid, house.worker.pid, first, *others])
    for process in (house.api, house.worker):
        process.kill()
    await _no_orphans(house, children)
    await asyncio.to_thread(house.restart_postgres)
    house.worker.start()
    await _start_api(house)
    await house.wait_for_worker(after=starts)


async def _primary(house: House, dice: random.Random) -> None:
    pair = house.pair
    assert pair is not None
    # For a moment the replica hears nothing: what it has not heard of must not have been acknowledged.
    behind = dice.uniform(0.2, 1.0)
    house.cluster = await asyncio.to_thread(lambda: pair.lose_primary(behind_seconds=behind))
    await house.wait_until_healthy(f"{house.api_url}/health/ready", seconds=house.plan.restart_seconds)
