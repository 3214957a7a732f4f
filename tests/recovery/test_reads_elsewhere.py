"""Reads on a replica are as fresh as on the primary; nobody notices when the replica is behind, hangs or is gone."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from admin_desk import Admin, at_desk
from kro.core.database.pool import Database
from kro.core.reading import elsewhere, reads_from_replica
from kro.run.errors import StartError
from kro.run.replica import examine_replica
from kro_api import Person, World, running_world
from order_steps import created, user_id_of
from replicas import Outcomes, Pair, counted_reads, reading_world, replica_of, running_pair, until_fit
from servers import needs_postgresql

pytestmark = [needs_postgresql, pytest.mark.asyncio(loop_scope="module")]

BOUND_SECONDS = 4.0
"""A look each second, a second for its answer, and a machine that is busy."""
QUERIES = {
    "/v1/balance/statements": {"from": "2026-01-01", "to": "2026-01-31"},
    "/v1/admin/reports/{name}": {"from": "2026-01-01", "to": "2026-01-31"},
    "/v1/admin/users/{user_id}/view/orders": {"reason": "asked for by the customer"},
}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with running_pair() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(pair: Pair) -> AsyncIterator[World]:
    async with reading_world(pair) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(world: World) -> Admin:
    return await at_desk(world)


@pytest_asyncio.fixture(loop_scope="module")
async def outcomes(world: World) -> AsyncIterator[Outcomes]:
    await until_fit(replica_of(world))
    with counted_reads() as counted:
        yield counted


async def listed(person: Person) -> set[str]:
    reply = await person.get("/orders", limit=100)
    assert reply.status_code == 200, reply.text
    return {order["id"] for order in reply.json()["data"]}


async def test_every_route_that_says_so_is_answered_by_the_replica(
    world: World, admin: Admin, outcomes: Outcomes
) -> None:
    order, me = await created(world), (await world.buyer.get("/me")).json()
    words = {"order_id": order["id"], "user_id": me["id"], "name": "gmv"}
    wrong = {}
    for path in sorted(declared_paths(world)):
        outcomes.clear()
        person = admin if path.startswith("/v1/admin") else world.buyer
        reply = await person.get(path.removeprefix("/v1").format_map(words), **QUERIES.get(path, {}))
        if (reply.status_code, set(outcomes)) != (200, {"served"}):
            wrong[path] = reply.text, outcomes.copy()
    assert not wrong


def declared_paths(world: World) -> set[str]:
    routes = iter_route_contexts(world.api.routes)
    declared = [route for route in routes if route.endpoint and reads_from_replica(route.endpoint)]
    assert all(route.methods == {"GET"} for route in declared)
    assert len(declared) > 40
    return {str(route.path) for route in declared}


async def test_what_decides_about_money_or_access_is_read_from_the_primary(
    world: World, admin: Admin, outcomes: Outcomes
) -> None:
    order = await created(world)
    for person, path in (
        (world.buyer, f"/orders/{order['id']}"),
        (world.buyer, "/balance"),
        (world.buyer, "/auth/sessions"),
        (admin, "/admin/payouts/queue"),
        (admin, "/admin/reconciliation"),
    ):
        assert (await person.get(path)).status_code == 200
    assert not outcomes


async def test_everybody_sees_what_was_written_while_the_replica_replays_nothing(
    world: World, pair: Pair, outcomes: Outcomes
) -> None:
    with pair.paused():
        order = await created(world)
        began = time.monotonic()
        for person in (world.buyer, world.seller):
            assert order["id"] in await listed(person)
        assert order["id"] not in await listed(world.stranger)
        # It has waited once, and then nobody does until it is seen to have caught up.
        assert outcomes == {"behind": 1, "away": 2}
        assert time.monotonic() - began < BOUND_SECONDS

    await until_fit(replica_of(world))
    outcomes.clear()
    assert order["id"] in await listed(world.buyer)
    assert outcomes == {"served": 1}


async def test_several_processes_see_each_others_writes_on_a_replica_that_is_always_late(
    world: World, pair: Pair, outcomes: Outcomes
) -> None:
    pair.replica.configure(recovery_min_apply_delay="'15ms'")
    try:
        async with reading_world(pair) as other:
            for _ in range(15):
                order = await created(world)
                assert order["id"] in await listed(other.buyer)
                assert order["id"] in await listed(other.seller)
    finally:
        pair.replica.configure(recovery_min_apply_delay="0")
    # It was waited for, not avoided.
    assert outcomes["served"] > 10


async def test_a_suspension_takes_effect_at_once(world: World, admin: Admin, pair: Pair, outcomes: Outcomes) -> None:
    user_id = user_id_of((await world.stranger.get("/me")).json())
    suspended = "UPDATE users SET status = 'suspended' WHERE id = $1"
    active = "UPDATE users SET status = 'active' WHERE id = $1"
    for _ in range(10):
        await world.database.execute(suspended, user_id)
        assert (await world.stranger.get("/orders")).status_code == 403
        await world.database.execute(active, user_id)
        assert (await world.stranger.get("/orders")).status_code == 200
    with pair.paused():
        await world.database.execute(suspended, user_id)
        assert (await world.stranger.get("/orders")).status_code == 403
        await world.database.execute("UPDATE admins SET status = 'suspended' WHERE email = 'desk@kro.example'")
        assert (await admin.get("/admin/orders")).status_code in {401, 403}
    await world.database.execute(active, user_id)
    await world.database.execute("UPDATE admins SET status = 'active' WHERE email = 'desk@kro.example'")
    assert outcomes["served"] > 10


async def test_a_read_in_the_way_of_the_replay_is_read_again_from_the_primary(
    world: World, pair: Pair, outcomes: Outcomes
) -> None:
    pair.replica.configure(max_standby_streaming_delay="0")
    try:
        slow = asyncio.create_task(far(world.database, "SELECT count(*) FROM fee_configuration, pg_sleep(1)"))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(pair.primary.ask, "UPDATE fee_configuration SET id = id", database="kro")
        await asyncio.to_thread(pair.primary.ask, "VACUUM fee_configuration", database="kro")
        assert await slow > 0
    finally:
        pair.replica.configure(max_standby_streaming_delay="'1s'")
    assert outcomes["conflict"] == 1


async def test_a_write_where_only_reads_are_declared_is_done_by_the_primary(world: World, outcomes: Outcomes) -> None:
    assert await far(world.database, "INSERT INTO backfills (name) VALUES ('x') RETURNING name") == "x"
    assert outcomes == {"refused": 1}


async def far(database: Database, sql: str) -> Any:
    """Ask as a route does that may be answered by the replica."""

    async def ask() -> Any:
        return await database.value(sql)

    return await elsewhere(ask)()


async def reading(person: Person, until: asyncio.Event) -> list[float]:
    """Read again and again, each time well; return how long each took."""
    took = []
    while not until.is_set():
        began = time.monotonic()
        await listed(person)
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.01)
    return took


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
async def test_no_read_fails_when_the_replica_hangs_or_dies(
    world: World, pair: Pair, outcomes: Outcomes, how: signal.Signals
) -> None:
    replica, end = replica_of(world), asyncio.Event()
    readers = [asyncio.create_task(reading(world.buyer, end)) for _ in range(4)]
    await asyncio.sleep(0.3)
    served = outcomes["served"]
    pair.replica.signal(how)
    await until_fit(replica, fit=False)
    await asyncio.sleep(0.3)
    end.set()
    took = [seconds for reader in await asyncio.gather(*readers) for seconds in reader]

    assert served
    assert outcomes["away"]
    assert max(took) < BOUND_SECONDS
    if how is signal.SIGSTOP:
        pair.replica.signal(signal.SIGCONT)
    else:
        pair.replica.ended()
        pair.replica.start()
    await until_fit(replica)
    outcomes.clear()
    await listed(world.buyer)
    assert outcomes == {"served": 1}


async def test_a_replica_is_looked_at_before_the_start(pair: Pair) -> None:
    assert await examine_replica(pair.settings().database) == "a standby of this database, and up to date"
    with pair.paused():
        pair.primary.ask("CREATE TABLE IF NOT EXISTS public.newer ()", database="kro")
        with pytest.raises(StartError, match="behind"):
            await examine_replica(pair.settings().database)


@pytest.mark.parametrize("database", ["kro", "postgres"])
async def test_what_is_no_replica_of_this_database_is_never_read(pair: Pair, database: str) -> None:
    # The primary itself, and another database of the replica's server.
    wrong = pair.settings(server=pair.primary if database == "kro" else pair.replica, database=database)
    async with running_world(wrong) as world:
        replica = replica_of(world)
        replica.watch()
        await asyncio.sleep(0.5)
        with counted_reads() as outcomes:
            await listed(world.buyer)
        assert outcomes == {"away": 1}
        await replica.close()
    with pytest.raises(StartError, match="of_another_database" if database == "postgres" else "NotMatched"):
        await examine_replica(wrong.database)


async def test_a_promoted_replica_is_left(world: World, pair: Pair, outcomes: Outcomes) -> None:
    await listed(world.buyer)
    assert outcomes == {"served": 1}
    pair.replica.promote()
    await listed(world.buyer)
    await until_fit(replica_of(world), fit=False)
    order = await created(world)
    outcomes.clear()
    assert order["id"] in await listed(world.buyer)
    assert outcomes == {"away": 1}
