"""What wakes a worker, and that nothing else makes it ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.integration.effects.test_worker import Program

from kro.bootstrap import build
from kro.core.clock import FrozenClock, SystemClock
from kro.core.config import WorkerSettings
from kro.core.database.pool import Database
from kro.core.outbox import Envelope, OutboxRelay
from kro.core.scheduler import DueWatch, TimerRunner
from kro.worker import make_loops, run_worker
from kro_api import settings_for

Post = Callable[..., Awaitable[UUID]]
Eventually = Callable[..., Awaitable[None]]
TOPICS = [f"topic{number}" for number in range(17)]
SETTINGS = WorkerSettings(poll_ms=20, batch=5, lease_seconds=10)


class Counting(SystemClock):
    """The watch asks for the time once per tick."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self) -> datetime:
        self.asked += 1
        return super().now()


class Sleeper:
    def __init__(self, due: str | None) -> None:
        self.due = due
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


async def nothing(*_: object) -> None:
    pass


async def woken(database: Database, due: str | None, *, now: datetime | None = None) -> bool:
    """Say whether one look of the watch wakes a loop with this query, and leaves the one beside it alone."""
    sleeper, other = Sleeper(due), Sleeper("SELECT WHERE false")
    watch = DueWatch([sleeper, other], database, FrozenClock(now or SystemClock().now()), every_seconds=3600)
    run = asyncio.create_task(watch.run())
    asked = database.trips
    while database.trips == asked:  # noqa: ASYNC110 - the pool has no event to wait for
        await asyncio.sleep(0.001)
    watch.stop()
    await run
    assert other.woken == 0
    return sleeper.woken == 1


@pytest.mark.parametrize(
    ("change", "is_due"),
    [
        ("state = 'pending'", True),
        ("lease_until = now() - interval '1 second'", True),
        ("lease_until = now() + interval '1 minute'", False),
        ("next_attempt_at = now() + interval '1 minute'", False),
        ("state = 'dead'", False),
        ("state = 'delivered'", False),
        ("topic = 'another'", False),
    ],
)
async def test_a_relay_is_woken_by_what_it_could_claim(
    database: Database, post: Post, change: str, is_due: bool
) -> None:
    await post("demo")
    await database.execute(f"UPDATE outbox SET {change}")  # noqa: S608 - a case above

    assert await woken(database, OutboxRelay(database, {"demo": nothing, "more": nothing}).due) is is_due


async def test_a_message_behind_one_that_waits_wakes_nobody(database: Database, post: Post) -> None:
    first = await post("demo", key="order")
    await post("demo", key="order")
    await database.execute("UPDATE outbox SET next_attempt_at = now() + interval '1 minute' WHERE id = $1", first)

    assert not await woken(database, OutboxRelay(database, {"demo": nothing}).due)


async def test_timers_are_due_by_the_time_of_the_program(database: Database, order_id: UUID) -> None:
    now = SystemClock().now()
    await database.execute("INSERT INTO timers (order_id, kind, due_at) VALUES ($1, 'accept_by', $2)", order_id, now)
    due = TimerRunner(database, nothing, SystemClock()).due

    assert await woken(database, due, now=now)
    assert not await woken(database, due, now=now - timedelta(seconds=1))


async def test_a_worker_at_rest_asks_one_question_per_tick(database: Database, eventually: Eventually) -> None:
    clock, stop = Counting(), asyncio.Event()
    program = Program(database, dict.fromkeys(TOPICS, nothing), clock=clock)
    before = database.trips
    worker = asyncio.create_task(run_worker(program, SETTINGS, stop=stop))

    await eventually(lambda: clock.asked > 60)

    stop.set()
    await worker
    # Each loop looks once for itself when it begins; an hourly step takes its turn and then does its work.
    assert database.trips - before <= clock.asked + len(TOPICS) + 2 * 3


async def test_workers_share_what_wakes_them_all(database: Database, post: Post, eventually: Eventually) -> None:
    delivered: Counter[UUID] = Counter()
    stop = asyncio.Event()

    async def handle(envelope: Envelope) -> None:
        delivered[envelope.id] += 1

    programs = [Program(database, dict.fromkeys(TOPICS, handle)) for _ in range(3)]
    workers = [asyncio.create_task(run_worker(program, SETTINGS, stop=stop)) for program in programs]
    for number in range(60):
        await post(TOPICS[number % len(TOPICS)])
        await asyncio.sleep(0.005)

    await eventually(lambda: len(delivered) == 60)

    stop.set()
    await asyncio.gather(*workers)
    assert set(delivered.values()) == {1}


async def test_everything_the_program_is_woken_for_is_a_question_postgresql_understands(
    database: Database, fresh_database: Any
) -> None:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    loops: Any = make_loops(build(settings), settings.worker)
    watched = [loop for loop in loops if getattr(loop, "due", None)]

    assert {"timers", "payment.webhooks", "text.follow_up", "outbox.payout.submit"} <= {loop.name for loop in watched}
    assert not await woken(database, " UNION ALL ".join(f"SELECT 1 WHERE EXISTS ({loop.due})" for loop in watched))
