"""The controls of the races: without the guard a race is about, it ends in a way it never may."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from tests.concurrency.conftest import RIVALS, Arena
from tests.concurrency.rivals import approval_against_rejection, credit, funding, parties

from kro.core.money import Money
from kro.kro_balance.domain import goodwill, refund_after_release
from ledger import post as post_journals
from ledger import posting
from order_scenes import DUE

ROUNDS = 5


async def test_without_versions_a_payout_is_approved_and_rejected(broken_arena: Arena) -> None:
    await broken_arena.rewrite("update_row", "WHERE t.id = row_id AND t.version = expected", "WHERE t.id = row_id")
    await broken_arena.as_owner("DROP TRIGGER never_downgrade ON transactions")

    assert max([await approval_against_rejection(broken_arena) for _ in range(ROUNDS)]) > 1


async def test_without_the_floor_two_orders_spend_one_balance(broken_arena: Arena) -> None:
    await broken_arena.as_owner("ALTER TABLE kro_balance DROP CONSTRAINT ck_kro_balance_not_negative")
    arena = broken_arena

    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        orders = [await arena.world.accepted_order(buyer, seller) for _ in range(RIVALS)]
        await arena.world.receive(buyer, DUE)
        await arena.race([funding(arena, order, buyer) for order in orders])
        if await arena.world.available(buyer) < 0:
            return
    pytest.fail("nobody spent more than there was, although nothing stood in the way")


async def test_without_natural_keys_one_event_is_booked_fifty_times(broken_arena: Arena) -> None:
    user, event = await broken_arena.world.add_user(), ("proposal", broken_arena.world.ids.new())

    def give() -> Awaitable[object]:
        return post_journals(
            broken_arena.database, goodwill(posting(), source=event, user_id=user.id, amount=Money(1_000, "NGN"))
        )

    assert await broken_arena.race([give] * RIVALS) == {"done": 1, "lost": RIVALS - 1}
    await broken_arena.as_owner("ALTER TABLE ledger_journals DROP CONSTRAINT uq_ledger_journals_source")
    assert await broken_arena.race([give] * RIVALS) == {"done": RIVALS}
    assert await broken_arena.world.available(user) == 1_000 * (RIVALS + 1)


async def movements_both_ways(arena: Arena) -> None:
    """Move money between two people, half one way and half the other, so that order of locks matters."""
    people = await parties(arena)
    for person in people:
        await post_journals(arena.database, credit(person, 1_000_000))

    def move(place: int) -> Awaitable[object]:
        seller, buyer = people[place % 2], people[1 - place % 2]
        return post_journals(
            arena.database,
            refund_after_release(
                posting(),
                refund_id=arena.world.ids.new(),
                seller_id=seller.id,
                buyer_id=buyer.id,
                amount=Money(100, "NGN"),
                from_available=100,
            ),
        )

    await arena.race([lambda place=place: move(place) for place in range(RIVALS)])  # type: ignore[misc] # bound per turn


async def test_movements_both_ways_never_meet_in_a_deadlock(arena: Arena) -> None:
    for _ in range(ROUNDS):
        await movements_both_ways(arena)


async def test_without_one_order_of_locks_they_do(broken_arena: Arena) -> None:
    await broken_arena.rewrite("post_journals", "ORDER BY b.id FOR UPDATE", "ORDER BY random() FOR UPDATE")

    for _ in range(ROUNDS):
        await movements_both_ways(broken_arena)
        if await broken_arena.deadlocks():
            return
    pytest.fail("nobody met in a deadlock, although everybody took their locks as they liked")
