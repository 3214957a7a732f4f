from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from kro.core.realtime.sessions import Allowance, Client, Sessions

CLIENT = Client(user_id=UUID(int=1), expires_at=datetime(2026, 1, 15, tzinfo=UTC))


def test_an_allowance_is_a_burst_and_then_a_rate() -> None:
    allowance = Allowance(burst=3, per_second=2, now=0)

    assert [allowance.take(0) for _ in range(5)] == [True, True, True, False, False]
    assert [allowance.take(0.5) for _ in range(2)] == [True, False]
    assert [allowance.take(100) for _ in range(4)] == [True, True, True, False]
    assert allowance.denied == 4


def allowance() -> Allowance:
    return Allowance(burst=1, per_second=1, now=0)


async def test_a_connection_ends_with_its_token() -> None:
    sessions, ended = Sessions(), asyncio.Queue[str]()

    sessions.open("a", CLIENT, allowance(), seconds=0.01, on_expiry=ended.put_nowait)

    assert await asyncio.wait_for(ended.get(), 5) == "a"


async def test_a_closed_connection_is_forgotten_with_its_timer() -> None:
    sessions, ended = Sessions(), asyncio.Queue[str]()
    sessions.open("a", CLIENT, allowance(), seconds=0.05, on_expiry=ended.put_nowait)
    sessions.open("b", CLIENT, allowance(), seconds=60, on_expiry=ended.put_nowait)
    assert sessions.count(CLIENT.user_id) == 2

    sessions.close("a")
    sessions.close("a")
    sessions.close("never there")

    assert ("a" in sessions, "b" in sessions, sessions.count(CLIENT.user_id)) == (False, True, 1)
    await asyncio.sleep(0.1)
    assert ended.empty()
    sessions.close("b")
    assert sessions.count(CLIENT.user_id) == 0
