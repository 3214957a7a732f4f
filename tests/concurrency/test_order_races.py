"""Many requests at once over connections of their own: exactly one takes effect and the books stay whole."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx2
import pytest

from kro_api import World, running_world, settings_for
from order_steps import DUE, SELLER_GETS, accepted, completed, created, funded, put_money

AT_ONCE = 50


@pytest.fixture
async def world(fresh_database: object) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:  # type: ignore[attr-defined]
        yield running


def codes(replies: list[httpx2.Response]) -> Counter[object]:
    return Counter(reply.status_code if reply.status_code == 200 else reply.json()["code"] for reply in replies)


async def test_fifty_approvals_release_once(world: World) -> None:
    order = await completed(world)

    replies = await asyncio.gather(*(world.buyer.post(f"/orders/{order['id']}/approve") for _ in range(AT_ONCE)))

    seen = codes(list(replies))
    assert seen[200] == 1
    assert set(seen) <= {200, "order_illegal_transition", "concurrent_update"}
    assert await world.seller.available() == SELLER_GETS
    assert await world.violations() == {}


async def test_one_key_fifty_times_answers_alike_and_acts_once(world: World) -> None:
    order = await completed(world)

    replies = await asyncio.gather(
        *(world.buyer.post(f"/orders/{order['id']}/approve", key="the-one") for _ in range(AT_ONCE))
    )

    seen = codes(list(replies))
    assert set(seen) <= {200, "idempotency_in_progress", "concurrent_update"}
    assert len({reply.content for reply in replies if reply.status_code == 200}) == 1
    again = await world.buyer.post(f"/orders/{order['id']}/approve", key="the-one")
    assert again.status_code == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await world.seller.available() == SELLER_GETS


async def test_funding_and_cancelling_leave_one_winner(world: World) -> None:
    order = await accepted(world)
    await put_money(world, DUE)
    path = f"/orders/{order['id']}"

    replies = await asyncio.gather(
        *(world.buyer.post(f"{path}/fund", {"method": "balance"}) for _ in range(25)),
        *(world.buyer.post(f"{path}/cancel", {"reason": "no"}) for _ in range(25)),
    )

    won = [reply.json()["status"] for reply in replies if reply.status_code == 200]
    assert won in (["in_progress"], ["cancelled"])
    assert await world.buyer.available() == (0 if won == ["in_progress"] else DUE)
    assert await world.violations() == {}


async def test_the_sellers_cancel_and_completion_leave_one_winner(world: World) -> None:
    order = await funded(world)
    document = next(c for c in order["conditions"] if c["evidence_required"])
    await world.buyer.post(f"/orders/{order['id']}/conditions/{document['id']}/waive")

    replies = await asyncio.gather(
        *(world.seller.post(f"/orders/{order['id']}/complete") for _ in range(25)),
        *(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "no"}) for _ in range(25)),
    )

    won = [reply.json()["status"] for reply in replies if reply.status_code == 200]
    assert won in (["completed"], ["refunded"])
    assert await world.buyer.available() == (0 if won == ["completed"] else DUE)
    assert await world.violations() == {}


async def test_one_balance_funds_only_as_many_orders_as_it_covers(world: World) -> None:
    orders = [await accepted(world) for _ in range(4)]
    await put_money(world, 2 * DUE + DUE // 2)

    replies = await asyncio.gather(
        *(world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}) for order in orders for _ in range(5))
    )

    assert codes(list(replies))[200] == 2
    assert await world.buyer.available() == DUE // 2
    assert await world.violations() == {}


async def test_accepting_and_withdrawing_leave_one_winner(world: World) -> None:
    order = await created(world)
    path = f"/orders/{order['id']}"

    replies = await asyncio.gather(
        *(world.seller.post(f"{path}/accept", {"terms_hash": order["terms"]["hash"]}) for _ in range(25)),
        *(world.buyer.post(f"{path}/cancel", {"reason": "no"}) for _ in range(25)),
    )

    # A cancel after the acceptance is legal too, so both may succeed, in that order only.
    won = {reply.json()["status"] for reply in replies if reply.status_code == 200}
    assert won in ({"cancelled"}, {"accepted", "cancelled"})
    timeline = (await world.buyer.get(f"{path}/events")).json()["data"]
    assert [event["seq"] for event in timeline] == list(range(1, len(timeline) + 1))
    assert Counter(event["type"] for event in timeline)["cancelled"] == 1
