"""A statement that comes in when its days have left the window is compared all the same, and what it showed stays."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.reconciliation.book import START, ReconciliationWorld, Told

from kro.payment.domain import Side

AT = START + timedelta(days=3)
LATE = timedelta(days=90)


async def test_of_a_provider_is_compared_both_ways(world: ReconciliationWorld) -> None:
    await world.post("receipt", "77", 500, at=AT)
    await world.post("receipt", "78", 500, at=AT)
    world.clock.advance(LATE)
    await world.runs.run_now()
    world.clock.advance(timedelta(days=2))
    await world.tell([Told("charge", "77", 500, AT), Told("charge", "79", 500, AT)])

    assert (await world.runs.run_now()).matched == 1

    expected = [("missing_at_provider", "78"), ("missing_in_ledger", "79")]
    assert await world.open_breaks() == expected
    world.clock.advance(timedelta(days=2))
    run = await world.runs.run_now()
    assert (run.opened, run.closed) == (0, 0)
    assert await world.open_breaks() == expected


async def test_of_a_bank_finds_a_settlement_announced_in_time(world: ReconciliationWorld) -> None:
    await world.tell([Told("settlement", "7100001", 5_000, AT)])
    world.clock.advance(LATE)
    await world.runs.run_now()
    world.clock.advance(timedelta(days=2))
    arrived = AT + timedelta(days=2)
    line = Told("bank", "FT1", 5_000, arrived, narration="NIP/PAYSTACK/7100001/KRO")
    await world.tell([line], side=Side.BANK, start=arrived - timedelta(hours=1))

    assert (await world.runs.run_now()).matched == 2

    assert await world.open_breaks() == []


async def test_lengthens_the_look_back_once(world: ReconciliationWorld) -> None:
    await world.tell([])
    store = world.runs._store
    assert await store.not_compared_from() == START
    await world.runs.run_now()

    world.clock.advance(timedelta(days=2))
    await world.runs.run_now()

    assert await store.not_compared_from() is None
