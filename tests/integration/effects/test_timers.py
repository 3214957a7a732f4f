from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kro.core.clock import FrozenClock
from kro.core.database.pool import Database
from kro.core.scheduler import RetryLater, TimerOptions, TimerRunner

OPTIONS = TimerOptions(poll_seconds=0.02, lease_seconds=5, delays=(3600,), jitter=lambda: 0)


@pytest.fixture
def frozen() -> FrozenClock:
    return FrozenClock()


class Order:
    """Stands for the decision behind a timer: clears the row like ``apply_decision`` does."""

    def __init__(self, database: Database, *, failing: dict[str, Exception] | None = None) -> None:
        self._database = database
        self._failing = failing or {}
        self.fired: list[tuple[UUID, str]] = []

    async def fire(self, order_id: UUID, kind: str) -> None:
        self.fired.append((order_id, kind))
        if kind in self._failing:
            raise self._failing[kind]
        await self._database.execute("DELETE FROM timers WHERE order_id = $1 AND kind = $2", order_id, kind)


async def arm(database: Database, order_id: UUID, kind: str, due_at: datetime) -> None:
    await database.execute(
        "INSERT INTO timers (order_id, kind, due_at) VALUES ($1, $2, $3) ON CONFLICT (order_id, kind) "
        "DO UPDATE SET due_at = excluded.due_at, attempts = 0, lease_until = NULL",
        order_id,
        kind,
        due_at,
    )


async def lease(database: Database, kind: str) -> float | None:
    seconds: float | None = await database.value(
        "SELECT extract(epoch FROM lease_until - now())::float8 FROM timers WHERE kind = $1", kind
    )
    return seconds


async def test_a_timer_fires_when_its_time_has_come_by_the_injected_clock(
    database: Database, order_id: UUID, frozen: FrozenClock
) -> None:
    await arm(database, order_id, "fund_by", frozen.now() + timedelta(hours=48))
    order = Order(database)
    runner = TimerRunner(database, order.fire, frozen, options=OPTIONS)

    assert await runner.run_until_idle() == 0
    frozen.advance(timedelta(hours=48))
    assert await runner.run_until_idle() == 1

    assert order.fired == [(order_id, "fund_by")]
    assert await database.value("SELECT count(*) FROM timers") == 0


async def test_two_runners_at_once_fire_each_timer_once(
    database: Database, order_id: UUID, frozen: FrozenClock
) -> None:
    for number in range(40):
        await arm(database, order_id, f"kind-{number}", frozen.now())
    orders = [Order(database), Order(database)]
    runners = [TimerRunner(database, o.fire, frozen, options=replace(OPTIONS, parallel=3)) for o in orders]

    await asyncio.gather(*(runner.run_until_idle() for runner in runners))

    counts = Counter(fired for order in orders for fired in order.fired)
    assert len(counts) == 40
    assert set(counts.values()) == {1}
    assert all(order.fired for order in orders)


async def test_a_failure_backs_off_and_the_timer_stays(database: Database, order_id: UUID, frozen: FrozenClock) -> None:
    await arm(database, order_id, "fund_by", frozen.now())
    order = Order(database, failing={"fund_by": RuntimeError("broken")})

    await TimerRunner(database, order.fire, frozen, options=OPTIONS).run_until_idle()

    assert len(order.fired) == 1
    seconds = await lease(database, "fund_by")
    assert seconds is not None
    assert 3590 < seconds <= 3600


async def test_a_decision_may_ask_for_another_time(database: Database, order_id: UUID, frozen: FrozenClock) -> None:
    await arm(database, order_id, "fund_by", frozen.now())
    order = Order(database, failing={"fund_by": RetryLater("payment_in_flight", after_seconds=300)})

    await TimerRunner(database, order.fire, frozen, options=OPTIONS).run_until_idle()

    seconds = await lease(database, "fund_by")
    assert seconds is not None
    assert 290 < seconds <= 300


async def test_a_failure_does_not_delay_a_timer_that_was_armed_anew_meanwhile(
    database: Database, order_id: UUID, frozen: FrozenClock
) -> None:
    await arm(database, order_id, "fund_by", frozen.now())

    async def fire(order_id: UUID, kind: str) -> None:
        await arm(database, order_id, kind, frozen.now() + timedelta(hours=1))
        raise RuntimeError

    await TimerRunner(database, fire, frozen, options=OPTIONS).run_until_idle()

    assert await lease(database, "fund_by") is None


async def test_a_timer_whose_runner_died_fires_again_when_the_lease_ends(
    database: Database, order_id: UUID, frozen: FrozenClock
) -> None:
    await arm(database, order_id, "fund_by", frozen.now())
    await database.execute("UPDATE timers SET attempts = 1, lease_until = now() + interval '1 hour'")
    order = Order(database)
    runner = TimerRunner(database, order.fire, frozen, options=OPTIONS)

    assert await runner.run_until_idle() == 0
    await database.execute("UPDATE timers SET lease_until = now()")
    assert await runner.run_until_idle() == 1
