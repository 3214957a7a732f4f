"""What both parties do with an order under inspection at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from kro_api import World, running_world, settings_for
from order_steps import DUE, FEE, SELLER_GETS, VAT, completed, shared_out, stepped

AT_ONCE = 50


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


async def test_a_buyer_extends_once_however_often_it_is_asked(world: World) -> None:
    order = await completed(world)
    path, before = f"/orders/{order['id']}", await shared_out(world)

    replies = await asyncio.gather(
        *(world.buyer.post(f"{path}/extend-inspection", {"hours": 48}) for _ in range(AT_ONCE))
    )

    refused = {reply.json()["code"] for reply in replies if reply.status_code != 200}
    assert [reply.status_code for reply in replies].count(200) == 1
    assert refused <= {"extension_used", "concurrent_update"}
    after = await stepped(world.buyer.get(path))
    ends = [datetime.fromisoformat(read["deadlines"]["inspect_by"]) for read in (order, after)]
    assert ends[1] - ends[0] == timedelta(hours=48)
    assert await shared_out(world) == before
    assert await world.violations() == {}


async def test_changes_and_approval_leave_one_winner(world: World) -> None:
    order = await completed(world)
    path, before = f"/orders/{order['id']}", await shared_out(world)

    replies = await asyncio.gather(
        *(world.buyer.post(f"{path}/request-changes", {"reason": "no"}) for _ in range(AT_ONCE // 2)),
        *(world.buyer.post(f"{path}/approve") for _ in range(AT_ONCE // 2)),
    )

    won = [reply.json()["status"] for reply in replies if reply.status_code == 200]
    assert won in (["in_progress"], ["closed"])
    after = await shared_out(world)
    assert after == before if won == ["in_progress"] else after["seller"] == SELLER_GETS
    assert (await stepped(world.buyer.get(path)))["revisions"]["used"] == (won == ["in_progress"])
    assert await world.violations() == {}


async def test_parts_released_at_once_are_never_more_than_the_whole(world: World) -> None:
    order = await completed(world)
    path = f"/orders/{order['id']}"
    third = {"amount": {"amount": 5_000_000, "currency": "NGN"}}

    replies = await asyncio.gather(
        *(world.buyer.post(f"{path}/partial-releases", third) for _ in range(AT_ONCE // 2)),
        *(world.buyer.post(f"{path}/approve") for _ in range(AT_ONCE // 2)),
    )

    refused = {reply.json()["code"] for reply in replies if reply.status_code != 200}
    assert refused <= {"release_leaves_too_little", "order_illegal_transition", "concurrent_update"}
    won = [reply.json()["status"] for reply in replies if reply.status_code == 200]
    assert won.count("closed") == 1
    assert len(won) <= 3
    whole = {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT}
    assert await shared_out(world) == whole
    assert sum(whole.values()) == DUE
    assert await world.violations() == {}


async def test_parts_alone_leave_something_to_approve(world: World) -> None:
    order = await completed(world)
    path = f"/orders/{order['id']}"
    third = {"amount": {"amount": 5_000_000, "currency": "NGN"}}

    replies = await asyncio.gather(*(world.buyer.post(f"{path}/partial-releases", third) for _ in range(AT_ONCE)))

    parts = [reply.status_code for reply in replies].count(200)
    assert 1 <= parts <= 2
    assert await world.seller.available() == {1: 4_932_813, 2: 9_865_625}[parts]
    assert await world.violations() == {}
