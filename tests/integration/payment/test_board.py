"""What the choice between providers is made on: the newest calls of all processes, and the switches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.database.pool import Database
from kro.core.money import Money
from kro.payment.domain import PaymentMethod
from kro.payment.providers.fake import FakePaystack
from vendors import vendor_but

AMOUNT = Money(100_000, "NGN")


@pytest.fixture
def world(database: Database) -> PaymentWorld:
    return PaymentWorld(database, others=(vendor_but(FakePaystack().provider, name="second"),))


async def called(
    world: PaymentWorld,
    outcome: str,
    *,
    times: int,
    breaker: str = "closed",
    minutes_ago: int = 0,
    process: str = "a",
    cause: str | None = None,
) -> None:
    await world.database.execute(
        """
        INSERT INTO outgoing_calls (provider, operation, outcome, cause, breaker, duration_ms, process, at)
        SELECT 'paystack', 'initialize', $1, $2, $3, 10, $4, now() - $5::interval + n * interval '1 microsecond'
        FROM generate_series(1, $6::int) AS n
        """,
        outcome,
        cause,
        breaker,
        process,
        timedelta(minutes=minutes_ago),
        times,
    )
    world.clock.advance(timedelta(seconds=6))


async def first(world: PaymentWorld) -> str:
    return (await world.board.current()).collector(AMOUNT, PaymentMethod.CHECKOUT)


async def test_without_calls_the_configured_order_decides(world: PaymentWorld) -> None:
    assert await first(world) == "paystack"


async def test_one_that_mostly_fails_is_shunned_and_comes_back_when_it_answers(world: PaymentWorld) -> None:
    await called(world, "unknown", times=6)
    assert await first(world) == "second"

    await called(world, "answered", times=50)
    assert await first(world) == "paystack"


async def test_an_open_breaker_of_any_process_shuns_it_for_ten_minutes(world: PaymentWorld) -> None:
    await called(world, "answered", times=40, process="b", minutes_ago=3)
    await called(world, "not_sent", times=1, breaker="open", process="a", cause="breaker_open", minutes_ago=4)
    assert await first(world) == "second"

    await world.database.execute("DELETE FROM outgoing_calls")
    await called(world, "not_sent", times=1, breaker="open", process="a", cause="breaker_open", minutes_ago=11)
    assert await first(world) == "paystack"


async def test_what_was_long_ago_does_not_count(world: PaymentWorld) -> None:
    await called(world, "unknown", times=20, minutes_ago=16)

    assert await first(world) == "paystack"


async def test_it_is_read_every_few_seconds_and_not_for_every_payment(world: PaymentWorld) -> None:
    board = await world.board.current()
    assert await world.board.current() is board

    world.clock.advance(timedelta(seconds=6))
    assert await world.board.current() is not board
