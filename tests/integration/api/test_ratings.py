"""Ratings over HTTP: who may rate when, who sees what, and what they add up to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kro.core.ids import read_id
from kro_api import Person, World
from order_steps import completed, created, funded, stepped


async def closed(world: World) -> dict[str, Any]:
    order = await completed(world)
    for condition in (await world.buyer.get(f"/orders/{order['id']}")).json()["conditions"]:
        if condition["status"] in {"pending", "submitted"}:
            await world.buyer.post(f"/orders/{order['id']}/conditions/{condition['id']}/waive")
    return await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))


async def rated(person: Person, order: dict[str, Any], stars: int, comment: str | None = None) -> tuple[int, Any]:
    reply = await person.post(f"/orders/{order['id']}/rating", {"stars": stars, "comment": comment})
    return reply.status_code, reply.json()


async def ratings(person: Person, order: dict[str, Any]) -> tuple[Any, Any]:
    found = (await person.get(f"/orders/{order['id']}/rating")).json()
    return found["mine"] and found["mine"]["stars"], found["theirs"] and found["theirs"]["stars"]


async def reputation(person: Person, user: dict[str, Any]) -> tuple[int, int | None, int]:
    found = (await person.get(f"/users/{user['id']}/reputation")).json()
    return found["ratings"], found["average_hundredths"], found["closed_orders"]


class TestRating:
    async def test_is_unseen_until_both_are_in(self, world: World) -> None:
        order = await closed(world)

        assert (await rated(world.buyer, order, 4, "Fine. Ring 08031234567"))[0] == 201
        assert await ratings(world.seller, order) == (None, None)
        assert await reputation(world.buyer, order["seller"]) == (0, None, 1)

        status, both = await rated(world.seller, order, 5)
        assert (status, both["theirs"]["stars"], both["theirs"]["comment"]) == (
            201,
            4,
            "Fine. Ring [phone number hidden]",
        )
        assert await ratings(world.buyer, order) == (4, 5)
        assert await reputation(world.buyer, order["seller"]) == (1, 400, 1)

    async def test_is_seen_after_two_weeks_without_the_others(self, world: World) -> None:
        order = await closed(world)
        given = """
            INSERT INTO order_ratings SELECT $2, o.id, o.buyer_id, o.seller_id, 3, NULL, NULL,
                   now() - interval '15 days', now() - interval '1 day' FROM orders AS o WHERE o.id = $1"""
        await world.database.execute(given, read_id("ord", order["id"]), UUID(int=1))

        assert await ratings(world.seller, order) == (None, 3)
        assert await reputation(world.buyer, order["seller"]) == (1, 300, 1)

    async def test_happens_once(self, world: World) -> None:
        order = await closed(world)
        await rated(world.buyer, order, 4)

        status, problem = await rated(world.buyer, order, 1)

        assert (status, problem["code"]) == (409, "order_already_rated")
        assert await ratings(world.buyer, order) == (4, None)

    async def test_needs_an_end_with_money_moved_within_thirty_days(self, world: World) -> None:
        proposed, running, old = await created(world), await funded(world), await closed(world)
        await stepped(world.seller.post(f"/orders/{proposed['id']}/decline", {"reason": "no"}))
        await world.database.execute(
            "UPDATE orders SET ended_at = now() - interval '30 days 1 minute' WHERE id = $1", read_id("ord", old["id"])
        )

        for order in (proposed, running, old):
            status, problem = await rated(world.buyer, order, 5)
            assert (status, problem["code"]) == (409, "rating_not_open")

    async def test_is_bounded(self, world: World) -> None:
        order = await closed(world)
        for stars, comment in ((0, None), (6, None), (5, "a" * 501), (5, "")):
            assert (await rated(world.buyer, order, stars, comment))[0] == 422


class TestReputation:
    async def test_is_for_those_one_has_an_order_with(self, world: World) -> None:
        order = await created(world)

        assert await reputation(world.seller, order["buyer"]) == (0, None, 0)
        assert await reputation(world.seller, order["seller"]) == (0, None, 0)
        reply = await world.stranger.get(f"/users/{order['buyer']['id']}/reputation")
        assert (reply.status_code, reply.json()["code"]) == (404, "counterparty_unknown")
