"""A proposal is answered once: fifty answers and withdrawals at the same moment, and what keeps them apart."""

from __future__ import annotations

import pytest
from tests.concurrency.conftest import RIVALS, Arena
from tests.concurrency.rivals import HALF, LOST, Call, acceptance, cancellation, parties, proposed, refusal

from kro.order.domain import Order

ROUNDS = 5


def mixed(*pair: Call) -> list[Call]:
    return [*pair] * HALF


async def events(arena: Arena, order: Order) -> list[str]:
    rows = await arena.database.rows("SELECT type FROM order_events WHERE order_id = $1 ORDER BY seq", order.id)
    return [row["type"] for row in rows]


async def test_fifty_acceptances_agree_once(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await proposed(arena, buyer, seller)

    seen = await arena.race([acceptance(arena, order, seller)] * RIVALS)

    assert seen["done"] == 1
    assert set(seen) <= {"done", *LOST}
    assert await events(arena, order) == ["accepted"]


async def test_acceptance_against_refusal(arena: Arena) -> None:
    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        order = await proposed(arena, buyer, seller)

        seen = await arena.race(mixed(acceptance(arena, order, seller), refusal(arena, order, seller)))

        assert seen["done"] == 1
        assert set(seen) <= {"done", *LOST}
        status = str((await arena.world.order(order)).status)
        assert [status] == await events(arena, order)


async def test_acceptance_against_the_buyers_withdrawal(arena: Arena) -> None:
    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        order = await proposed(arena, buyer, seller)

        seen = await arena.race(mixed(acceptance(arena, order, seller), cancellation(arena, order, buyer)))

        # Who was accepted may still call it off before paying, so there may be both, in that order only.
        told = await events(arena, order)
        assert told in (["cancelled"], ["accepted", "cancelled"])
        assert seen["done"] == len(told)
        assert set(seen) <= {"done", *LOST}
        ended = await arena.world.order(order)
        assert str(ended.status) == "cancelled"
        assert await arena.world.count("timers", order_id=order.id) == 0


async def test_without_versions_a_proposal_is_accepted_and_withdrawn_at_once(broken_arena: Arena) -> None:
    arena = broken_arena
    await arena.rewrite("update_row", "WHERE o.id = row_id AND o.version = expected", "WHERE o.id = row_id")
    for guard in (
        "ALTER TABLE order_events DROP CONSTRAINT pk_order_events",
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_ended",
        "ALTER TABLE orders DROP CONSTRAINT ck_orders_ended_as",
        "DROP TRIGGER never_reopen ON orders",
    ):
        await arena.as_owner(guard)

    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        order = await proposed(arena, buyer, seller)
        await arena.race(mixed(acceptance(arena, order, seller), cancellation(arena, order, buyer)))
        if len(await events(arena, order)) > len(("accepted", "cancelled")):
            return
    pytest.fail("a proposal was answered once, although nothing stood in the way of more")
