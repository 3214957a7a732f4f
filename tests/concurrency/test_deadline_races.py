"""Deadlines against people, against each other, against a clock that jumps, and against a worker that dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kro.core.ids import read_id
from kro.core.scheduler import TimerOptions, TimerRunner
from kro_api import World, running_world, settings_for
from order_steps import DUE, FEE, SELLER_GETS, VAT, completed, shared_out, stepped

AT_ONCE = 50
ISSUE = {"category": "other", "statement": "It was like that."}
RELEASED = {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT}


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


async def reminded(world: World) -> dict[str, Any]:
    """A completed order whose buyer was reminded by SMS and mail, at the end of its inspection."""
    await world.database.execute("UPDATE users SET email = 'buyer@kro.example' WHERE phone = '+2348031110001'")
    order = await completed(world)
    await world.pass_time(order["id"], hours=49)
    await world.application.orders.test_clock.advance(timedelta(hours=24), order_id=read_id("ord", order["id"]))
    return order


async def status(world: World, order: dict[str, Any]) -> str:
    return str((await stepped(world.buyer.get(f"/orders/{order['id']}")))["status"])


async def happened(world: World, order: dict[str, Any], event: str) -> int:
    count: int = await world.database.value(
        "SELECT count(*) FROM order_events WHERE order_id = $1 AND type = $2", read_id("ord", order["id"]), event
    )
    return count


def runner(world: World, fire: Any = None) -> TimerRunner:
    application = world.application
    options = TimerOptions(delays=(0.01,), jitter=lambda: 0)
    return TimerRunner(application.database, fire or application.fire_timer, application.clock, options=options)


async def test_approval_timeout_offer_and_issue_settle_once(world: World) -> None:
    order = await reminded(world)
    path, order_id = f"/orders/{order['id']}", read_id("ord", order["id"])
    offer = {"seller_amount": {"amount": 5_000_000, "currency": "NGN"}}
    offered = (await stepped(world.seller.post(f"{path}/offers", offer)))["offers"][0]["id"]

    await asyncio.gather(
        *(world.buyer.post(f"{path}/approve") for _ in range(AT_ONCE // 4)),
        *(world.application.fire_timer(order_id, "inspect_by") for _ in range(AT_ONCE // 4)),
        *(world.buyer.post(f"{path}/offers/{offered}/accept") for _ in range(AT_ONCE // 4)),
        *(world.seller.post(f"{path}/issues", ISSUE) for _ in range(AT_ONCE // 4)),
        return_exceptions=True,
    )

    ended = await status(world, order)
    assert ended in {"closed", "issue_reported"}
    shares = await shared_out(world)
    assert sum(shares.values()) == DUE
    assert shares["order_escrow"] == (DUE if ended == "issue_reported" else 0)
    settlements = [await happened(world, order, event) for event in ("approved", "deemed_accepted", "split")]
    assert sum(settlements) == (ended == "closed")
    assert await world.violations() == {}


async def test_two_workers_fire_each_deadline_once(world: World) -> None:
    orders = [await reminded(world) for _ in range(6)]

    await asyncio.gather(*(runner(world).run_until_idle() for _ in range(2)))

    assert [await happened(world, order, "deemed_accepted") for order in orders] == [1] * len(orders)
    assert await world.violations() == {}


async def test_a_clock_that_jumps_back_and_days_of_downtime_repeat_nothing(world: World) -> None:
    order = await reminded(world)
    order_id = read_id("ord", order["id"])
    kinds = ["inspect_by", "inspect_by.24h", "inspect_by.half", "deliver_by", "non_delivery", "appeal_by", "overdue_by"]
    await runner(world).run_until_idle()
    before = await shared_out(world)
    events = await world.database.value("SELECT last_seq FROM orders WHERE id = $1", order_id)

    for jump in (timedelta(days=-30), timedelta(days=60)):
        await world.application.orders.test_clock.advance(jump, order_id=order_id)
        await asyncio.gather(*(world.application.fire_timer(order_id, kind) for kind in kinds * 3))
        await runner(world).run_until_idle()

    assert await shared_out(world) == before == RELEASED
    assert await world.database.value("SELECT last_seq FROM orders WHERE id = $1", order_id) == events
    assert await world.violations() == {}


async def test_a_stale_timer_never_takes_the_deadline_that_was_moved_meanwhile(world: World) -> None:
    order = await completed(world)
    order_id = read_id("ord", order["id"])
    await stepped(world.seller.post(f"/orders/{order['id']}/extend-inspection", {"hours": 48}))
    due = "SELECT due_at FROM timers WHERE order_id = $1 AND kind = 'inspect_by'"
    armed = await world.database.value(due, order_id)
    assert armed is not None

    await world.application.fire_timer(order_id, "inspect_by")

    assert await world.database.value(due, order_id) == armed


class DiedError(Exception):
    """Stands for the end of a worker's process."""


@pytest.mark.parametrize("where", ["before loading", "before writing", "after writing"])
async def test_a_worker_that_dies_at_any_step_leaves_the_same_end(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    order = await reminded(world)
    apply, deaths = type(world.database).apply, list[str]()

    async def die_once(database: Any, document: str) -> None:
        if where == "after writing":
            await apply(database, document)
        if where != "before loading" and not deaths:
            deaths.append(where)
            raise DiedError
        if where != "after writing":
            await apply(database, document)

    async def fire(order_id: UUID, kind: str) -> None:
        if where == "before loading" and not deaths:
            deaths.append(where)
            raise DiedError
        await world.application.fire_timer(order_id, kind)

    monkeypatch.setattr(type(world.database), "apply", die_once)
    await runner(world, fire).run_until_idle()
    monkeypatch.undo()
    assert deaths == [where]
    await world.database.execute("UPDATE timers SET lease_until = NULL")
    await runner(world).run_until_idle()

    assert await shared_out(world) == RELEASED
    assert await happened(world, order, "deemed_accepted") == 1
    assert await status(world, order) == "closed"
    assert await world.violations() == {}
