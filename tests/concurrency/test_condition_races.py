"""What happens when a condition is fulfilled by many at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kro.core.ids import read_id
from kro_api import World, running_world, settings_for
from milestone_steps import asked_for_code, condition_path, delivery_code, funded, hand_in, part, wrong
from order_steps import FEE, SELLER_GETS, VAT, shared_out

AT_ONCE = 50
THIRD = 5_000_000
WHOLE = {"buyer": 0, "seller": SELLER_GETS, "order_escrow": 0, "fee_revenue": FEE, "vat_payable": VAT}


@pytest.fixture
async def world(fresh_database: Any) -> AsyncIterator[World]:
    async with running_world(settings_for(fresh_database.cluster, fresh_database.name)) as running:
        yield running


async def test_a_milestone_confirmed_fifty_times_is_released_once(world: World) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls"))

    replies = await asyncio.gather(*(world.buyer.post(f"{condition_path(order, 1)}/confirm") for _ in range(AT_ONCE)))

    assert [reply.status_code for reply in replies].count(200) == 1
    refused = {reply.json()["code"] for reply in replies if reply.status_code != 200}
    assert refused <= {"condition_not_open", "concurrent_update"}
    assert await world.seller.available() == 4_932_813
    assert await world.violations() == {}


async def test_three_milestones_confirmed_at_once_close_the_order_once(world: World) -> None:
    order = await funded(world, *(part(title, THIRD) for title in ("Plans", "Walls", "Roof")))

    for _ in range(3):
        await asyncio.gather(
            *(world.buyer.post(f"{condition_path(order, number)}/confirm") for number in (1, 2, 3) for _ in range(16))
        )

    assert await shared_out(world) == WHOLE
    assert await world.violations() == {}


async def test_the_timer_and_the_buyer_release_a_milestone_once(world: World) -> None:
    order = await funded(world, part("Plans", THIRD), part("Walls"))
    await hand_in(world, order, 1)
    order_id = read_id("ord", order["id"])
    await world.database.execute("UPDATE conditions SET inspect_by = now() WHERE order_id = $1", order_id)
    await world.database.execute(
        "INSERT INTO notice_receipts (message_id, subject_id, user_id, purpose, channel, status, at) "
        "SELECT gen_random_uuid(), o.id, o.buyer_id, 'condition.1', c.channel, 'accepted', now() "
        "FROM orders AS o, (VALUES ('sms'), ('mail')) AS c (channel) WHERE o.id = $1",
        order_id,
    )

    await asyncio.gather(
        *(world.application.fire_timer(order_id, "condition.1") for _ in range(4)),
        *(world.buyer.post(f"{condition_path(order, 1)}/confirm") for _ in range(8)),
        return_exceptions=True,
    )

    assert await world.seller.available() == 4_932_813
    assert await world.violations() == {}


async def test_fifty_wrong_codes_are_five_tries(world: World) -> None:
    order = await funded(world, delivery_code(), part("As described"))
    code = await asked_for_code(world, order)

    replies = await asyncio.gather(
        *(
            world.seller.post(f"/orders/{order['id']}/handover-code/enter", {"code": wrong(code, number)})
            for number in range(1, AT_ONCE + 1)
        )
    )

    codes = [reply.json()["code"] for reply in replies]
    assert set(codes) <= {"wrong_code", "handover_code_locked", "concurrent_update"}
    assert len(codes) - codes.count("handover_code_locked") == 5
    assert await world.database.value("SELECT code_tries FROM conditions WHERE kind = 'delivery_code'") == 5
    assert await world.violations() == {}


async def test_a_code_entered_fifty_times_closes_the_order_once(world: World) -> None:
    order = await funded(world, delivery_code(), code_is_acceptance=True)
    code = await asked_for_code(world, order)
    link = (await world.seller.post(f"/orders/{order['id']}/rider-link")).json()["url"].partition("#rider=")[2]

    replies = await asyncio.gather(
        *(world.http.post(f"/v1/public/handover/{link}", json={"code": code}) for _ in range(10)),
        *(world.seller.post(f"/orders/{order['id']}/handover-code/enter", {"code": code}) for _ in range(AT_ONCE - 10)),
    )

    assert any(reply.status_code == 200 for reply in replies)
    refused = {reply.json()["code"] for reply in replies if reply.status_code != 200}
    assert refused <= {"order_illegal_transition", "handover_code_locked", "no_handover_code", "concurrent_update"}
    assert await shared_out(world) == WHOLE
    assert await world.violations() == {}
