"""What admins, parties and time do with one dispute at the same moment: it settles once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from dispute_steps import (
    GROUNDS,
    PRICE,
    WHY,
    approve,
    disputed,
    ngn,
    officer,
    over,
    proposed,
    take_effect,
    timers,
    to_decide,
)
from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro_api import World, running_world, settings_for
from order_steps import DUE, FEE, SELLER_GETS, VAT, completed, shared_out, stepped

AT_ONCE = 50
RELEASED = {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT}
REFUNDED = {"buyer": DUE, "seller": 0, "order_escrow": 0, "fee_revenue": 0, "vat_payable": 0}
HOLD = {"reason": "fraud", "note": "Three accounts, one device."}


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


def won(replies: list[Any]) -> int:
    return [reply.status_code for reply in replies].count(200)


def codes(replies: list[Any]) -> set[str]:
    return {reply.json()["code"] for reply in replies if reply.status_code not in {200, 201}}


async def test_two_opinions_at_once_are_one_decision(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    path = await to_decide(world, admin, order)

    replies = await asyncio.gather(
        *(
            admin.post(f"{path}/decisions", {"awarded": ngn(PRICE * (turn % 2)), "grounds": GROUNDS})
            for turn in range(AT_ONCE)
        )
    )

    assert won(list(replies)) == 1
    assert codes(list(replies)) <= {"dispute_not_decidable", "concurrent_update"}
    [ruling] = await world.database.rows("SELECT awarded FROM rulings")
    await take_effect(world, order)
    assert await shared_out(world) == (RELEASED if ruling["awarded"] else REFUNDED)
    assert await world.violations() == {}


async def test_one_of_many_officers_gets_it(world: World) -> None:
    order = await disputed(world)
    officers = [await officer(world, f"officer{number}") for number in range(5)]
    path = f"/admin/disputes/{order['issue']['id']}/assign"

    replies = await asyncio.gather(*(one.post(path) for one in officers * (AT_ONCE // 5)))

    assert codes(list(replies)) <= {"dispute_taken", "concurrent_update"}
    assert len({reply.json()["assigned_to"] for reply in replies if reply.status_code == 200}) == 1
    assert await world.database.value("SELECT count(*) FROM order_events WHERE type = 'assigned'") == 1


async def test_an_appeal_and_its_waiver_and_time_settle_once(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    path = await to_decide(world, admin, order)
    await stepped(admin.post(f"{path}/decisions", {"awarded": ngn(PRICE), "grounds": GROUNDS}))
    parties = f"/orders/{order['id']}/issues/{order['issue']['id']}"

    replies = await asyncio.gather(
        *(world.buyer.post(f"{parties}/waive-appeal") for _ in range(AT_ONCE // 2)),
        *(world.buyer.post(f"{parties}/appeal", {"text": "No."}) for _ in range(AT_ONCE // 2)),
    )

    assert won(list(replies)) == 1
    assert codes(list(replies)) <= {"not_appealable", "order_illegal_transition", "concurrent_update"}
    after, status = await shared_out(world), await world.database.value("SELECT status FROM issues")
    assert (status, after) in (("effective", RELEASED), ("appealed", {**REFUNDED, "buyer": 0, "order_escrow": DUE}))
    assert await world.violations() == {}


async def test_a_hold_comes_before_or_after_the_money_never_in_between(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    compliance = await officer(world, "compliance", role=Role.COMPLIANCE)
    path = await to_decide(world, admin, order)
    await stepped(admin.post(f"{path}/decisions", {"awarded": ngn(PRICE), "grounds": GROUNDS}))
    await over(world, "appeal_by")
    order_id = read_id("ord", order["id"])

    replies = await asyncio.gather(
        *(compliance.post(f"/admin/orders/{order['id']}/holds", HOLD) for _ in range(AT_ONCE // 2)),
        *(world.application.fire_timer(order_id, "appeal_by") for _ in range(AT_ONCE // 2)),
        return_exceptions=True,
    )

    placed = [reply.status_code for reply in replies if isinstance(reply, httpx2.Response)].count(201)
    on_hold = await world.database.value("SELECT on_hold FROM orders")
    after = await shared_out(world)
    assert (placed, on_hold, after) in (
        (1, True, {**REFUNDED, "buyer": 0, "order_escrow": DUE}),
        (0, False, RELEASED),
    )
    assert await timers(world, order) == {}
    assert await world.violations() == {}


async def test_many_consents_to_one_proposal_are_one(world: World) -> None:
    order, admin = await disputed(world), await officer(world)
    seconds = [await officer(world, f"second{number}") for number in range(5)]
    path = await to_decide(world, admin, order)
    proposal = await proposed(admin, path, PRICE)

    replies = await asyncio.gather(*(approve(one, proposal) for one in seconds * (AT_ONCE // 5)))

    assert won(list(replies)) == 1
    assert await world.database.value("SELECT count(*) FROM rulings") == 1
    assert await world.database.value("SELECT approved_by <> decided_by FROM rulings")


async def test_a_lift_and_a_new_hold_leave_one_or_none(world: World) -> None:
    order = await completed(world)
    first, second = [await officer(world, name, role=Role.COMPLIANCE) for name in ("first", "second")]
    hold = (await first.post(f"/admin/orders/{order['id']}/holds", HOLD)).json()
    made = await first.post(f"/admin/holds/{hold['id']}/lift-proposals", {**WHY, "reason": "cleared"})

    replies = await asyncio.gather(
        *(approve(second, made.json()) for _ in range(AT_ONCE // 2)),
        *(first.post(f"/admin/orders/{order['id']}/holds", HOLD) for _ in range(AT_ONCE // 2)),
    )

    assert won(list(replies)) == 1
    placed = [reply.status_code for reply in replies].count(201)
    held = await world.database.value("SELECT compliance_hold FROM orders")
    left = await world.database.value("SELECT count(*) FROM order_holds WHERE lifted_at IS NULL")
    assert (placed, held, left) in ((0, False, 0), (1, True, 1))
    assert (await timers(world, order) == {}) is held
    assert await world.violations() == {}
