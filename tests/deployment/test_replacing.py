"""Replacing the API processes behind nginx, one after the other, while people use them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from fleet import PATIENCE, WIDE_LIMITS, Load, needs_nginx, nginx, served
from socket_crowd import Crowd, process, until, wrong

REPLACEMENTS: Final = int(os.environ.get("KRO_REPLACEMENTS", "2"))
AFTERWARDS: Final = 2


@needs_nginx
@pytest.mark.timeout(400 + 60 * REPLACEMENTS)
async def test_replacing_loses_no_request_doubles_none_and_no_socket_misses_an_event(
    environment: dict[str, str], crowd: Crowd, quotes: Callable[[], Any], tmp_path: Path
) -> None:
    with ExitStack() as running:
        running.enter_context(process(tmp_path / "worker.log", environment, "worker"))
        fleet = [running.enter_context(served(environment, tmp_path / f"api{n}.log")) for n in range(2)]
        for api in fleet:
            await api.ready()
        url = running.enter_context(
            nginx(
                tmp_path,
                upstreams=(fleet[0].port, fleet[1].port),
                limits=WIDE_LIMITS,
                trusted="set_real_ip_from 127.0.0.1;\n",
            )
        )
        load = Load(url, crowd.members)
        asking = asyncio.create_task(load.run())
        door = asyncio.Semaphore(8)
        staying = [asyncio.create_task(member.stay(url, door)) for member in crowd.members]
        await until(lambda: all(member.connects for member in crowd.members), seconds=PATIENCE)

        for number in range(REPLACEMENTS):
            replacing = asyncio.create_task(fleet[number % 2].replaced())
            await crowd.tell(1)
            await replacing
            await crowd.tell(1)
        await crowd.tell(AFTERWARDS)
        rounds = 2 * REPLACEMENTS + AFTERWARDS
        await until(lambda: not wrong(crowd.members, rounds=rounds), seconds=PATIENCE)

        load.stop()
        await asking
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)

    print(f"{REPLACEMENTS} replacements, {load.answered} requests")  # noqa: T201 - a figure, shown with -rP
    assert load.lost == []
    assert load.not_let_in == 0
    assert await quotes() == load.quoted
    assert sum(member.refusals for member in crowd.members) == 0
    assert all(member.connects > 1 for member in crowd.members)
