"""More is asked than there are connections for, and clients leave while they are served: the process stays well."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import httpx2
import orjson
import pytest

from fleet import Served, served
from socket_crowd import Crowd, Member, until

POOL: Final = 5
LISTENING: Final = 1
AT_ONCE: Final = 500
LEAVING: Final = int(os.environ.get("KRO_LEAVING", "400"))
LONGEST: Final = 20.0
"""Seconds: a pool wait of 2, a lock wait of 3, and what a busy machine adds."""
_QUOTE: Final = orjson.dumps(
    {"amount": {"amount": 60_000_000, "currency": "NGN"}, "order_type": "goods", "buyer_share_bps": 5_000}
)
_WORKING: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = 'kro_app' AND state <> 'idle'"""
_OPEN: Final = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'kro_app'"


@pytest.fixture
async def api(environment: dict[str, str], crowd: Crowd, tmp_path: Path) -> AsyncIterator[Served]:
    assert crowd.members
    own = Path(environment["KRO_CONFIG_DIR"]) / "test.json"
    settings = json.loads(own.read_text())
    own.write_text(json.dumps(settings | {"database": {"poolSize": POOL, "timeouts": {"poolWaitSeconds": 2}}}))
    with served(environment, tmp_path / "api.log") as one:
        await one.ready()
        yield one


def headers(member: Member) -> dict[str, str]:
    return {"Authorization": f"Bearer {member.token}", "X-Forwarded-For": member.address}


@pytest.mark.timeout(180)
async def test_five_hundred_at_once_on_five_connections_are_told_to_come_back(
    api: Served, crowd: Crowd, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    limits = httpx2.Limits(max_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=api.url, trust_env=False, timeout=60, limits=limits) as client:

        async def look(number: int) -> tuple[httpx2.Response, float]:
            begun = time.monotonic()
            answer = await client.get("/v1/orders", headers=headers(crowd.members[number % len(crowd.members)]))
            return answer, time.monotonic() - begun

        async with owner.transaction():
            await owner.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
            asking = [asyncio.create_task(look(number)) for number in range(AT_ONCE)]
            await asyncio.sleep(1)
            live = [await api.health("live") for _ in range(5)]
            answers = await asyncio.gather(*asking)
        afterwards = [(await look(number))[0].status_code for number in range(20)]

    assert Counter(answer.status_code for answer, _ in answers) == {503: AT_ONCE}
    assert {answer.headers["content-type"] for answer, _ in answers} == {"application/problem+json"}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer, _ in answers)
    assert max(seconds for _, seconds in answers) < LONGEST
    assert live == [200] * 5
    assert afterwards == [200] * 20
    assert await api.health("ready") == httpx2.codes.OK


async def leave(api: Served, member: Member, number: int) -> None:
    """Begin a request and be gone before it is answered, some in the middle of the body, some a moment later."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    lines = [f"{name}: {value}" for name, value in headers(member).items()]
    if number % 2:
        lines = [f"GET /v1/orders/{member.order_id} HTTP/1.1", "Host: x", *lines]
        sent = "\r\n".join(lines).encode() + b"\r\n\r\n"
    else:
        lines = ["POST /v1/fees/quote HTTP/1.1", "Host: x", "Content-Type: application/json", *lines]
        lines += [f"Content-Length: {len(_QUOTE)}", f"Idempotency-Key: {uuid4()}"]
        sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + (_QUOTE if number % 4 else _QUOTE[:20])
    writer.write(sent)
    await writer.drain()
    await asyncio.sleep((number % 7) / 200)
    writer.transport.abort()
    del reader


def open_files(api: Served) -> int:
    assert api.process is not None
    return sum(1 for _ in Path(f"/proc/{api.process.pid}/fd").iterdir())


@pytest.mark.timeout(240)
async def test_clients_that_leave_take_no_connection_with_them(
    api: Served, crowd: Crowd, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    before = open_files(api)
    door = asyncio.Semaphore(100)

    async def one(number: int) -> None:
        async with door:
            await leave(api, crowd.members[number % len(crowd.members)], number)

    await asyncio.gather(*(one(number) for number in range(LEAVING)))

    async with httpx2.AsyncClient(base_url=api.url, trust_env=False, timeout=60) as client:
        answers = await asyncio.gather(
            *(client.get("/v1/orders", headers=headers(crowd.members[0])) for _ in range(2 * POOL))
        )
    assert {answer.status_code for answer in answers} == {200}
    # What was under way is finished or given up, and each connection is back in the pool.
    async with asyncio.timeout(30):
        while await owner.fetchval(_WORKING):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.1)
    assert await owner.fetchval(_OPEN) <= POOL + LISTENING
    await until(lambda: open_files(api) <= before + 2 * POOL, seconds=30)
    assert await api.health("ready") == httpx2.codes.OK
    assert "unhandled_error" not in api.log.read_text()
