from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from kro.core.actor import ActorKind
from kro.core.realtime import Ending
from kro.core.realtime.sessions import Allowance, Client, Sessions

CLIENT = Client(
    kind=ActorKind.USER, id=UUID(int=1), session_id=UUID(int=2), expires_at=datetime(2026, 1, 15, tzinfo=UTC)
)


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
    assert sessions.count(CLIENT) == 2

    sessions.close("a")
    sessions.close("a")
    sessions.close("never there")

    assert ("a" in sessions, "b" in sessions, sessions.count(CLIENT)) == (False, True, 1)
    await asyncio.sleep(0.1)
    assert ended.empty()
    sessions.close("b")
    assert sessions.count(CLIENT) == 0


async def test_an_ending_means_one_session_or_all_of_a_person() -> None:
    sessions = Sessions()
    other_session = replace(CLIENT, session_id=UUID(int=3))
    namesake = replace(CLIENT, kind=ActorKind.ADMIN)
    for sid, client in (("a", CLIENT), ("b", other_session), ("c", namesake)):
        sessions.open(sid, client, allowance(), seconds=60, on_expiry=lambda _: None)

    assert sessions.meant_by(Ending(ActorKind.USER, CLIENT.id, CLIENT.session_id, "session_ended")) == ("a",)
    assert set(sessions.meant_by(Ending(ActorKind.USER, CLIENT.id, None, "standing_changed"))) == {"a", "b"}
    assert sessions.meant_by(Ending(ActorKind.USER, UUID(int=9), None, "standing_changed")) == ()
    for sid in ("a", "b", "c"):
        sessions.close(sid)


async def test_endings_are_kept_in_mind_for_those_who_are_being_let_in() -> None:
    sessions, now = Sessions(), asyncio.get_running_loop().time()
    sessions.meant_by(Ending(ActorKind.USER, CLIENT.id, CLIENT.session_id, "session_ended"))

    assert sessions.was_ended_since(CLIENT, now)
    assert not sessions.was_ended_since(CLIENT, asyncio.get_running_loop().time() + 1)
    assert not sessions.was_ended_since(replace(CLIENT, session_id=UUID(int=3)), now)
    assert not sessions.was_ended_since(replace(CLIENT, kind=ActorKind.ADMIN), now)
