"""Terms under fire: nobody accepts what they were not shown, and an amendment moves escrow once or not at all."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from tests.concurrency.conftest import Arena
from tests.concurrency.rivals import HALF, LOST, Call, acceptance, ask, cancellation, funded, parties, proposed, render

from kro.core.actor import Actor
from kro.core.clock import SystemClock
from kro.core.config import load_settings
from kro.core.decisions import Decision, Insert, Outcome
from kro.core.kyc.board import TierBoard
from kro.kro_balance.domain import Fees
from kro.order.database.orders import OrderRepository
from kro.order.domain import Order, TermsService
from kro.order.domain.decide_amendment import AcceptAmendment, ProposeAmendment
from kro.order.domain.decide_terms import NewTerms
from kro.order.domain.terms_service import Offered
from order_scenes import INSPECTION, RULES

ROUNDS = 5
REFUSED = {*LOST, "order_stale_terms", "order_wrong_party", "too_many_versions", "amendment_not_found"}
CHEAPER = Fees("NGN", 10_000_000, 5_000, 125_000, 125_000, 9_375, 9_375)


def service(arena: Arena) -> TermsService:
    world = arena.world
    return TermsService(
        runner=world.runner,
        orders=OrderRepository(arena.database),
        rules=RULES,
        tiers=TierBoard(arena.database, settings=load_settings(environment="test", environ={}).kyc, clock=world.clock),
        step_up=world.step_up,
        clock=world.clock,
        ids=world.ids,
    )


def rewriting(arena: Arena, order: Order, author: Actor, *, counter: bool) -> list[Call]:
    terms = service(arena)
    write = terms.counter if counter else terms.edit

    def call(number: int) -> Call:
        new = NewTerms(
            has_quote=False,
            title=f"Laptop {number}",
            description="Another one",
            delivery_hours=72,
            inspection_hours=None,
            revisions=None,
            template_code=None,
            template_conditions=None,
            conditions=(INSPECTION,),
        )
        return lambda: write(ask(arena, order, author), Offered(), new, render=render)

    return [call(number) for number in range(HALF)]


async def outcome(arena: Arena, order: Order) -> tuple[str, int, str | None, str]:
    row = await arena.database.row(
        "SELECT status, terms_version, accepted_hash, terms_hash FROM orders WHERE id = $1", order.id
    )
    assert row is not None
    return row["status"], row["terms_version"], row["accepted_hash"], row["terms_hash"]


@pytest.mark.parametrize("counter", [False, True])
async def test_acceptance_against_new_terms(arena: Arena, *, counter: bool) -> None:
    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        order = await proposed(arena, buyer, seller)
        rewrites = rewriting(arena, order, seller if counter else buyer, counter=counter)
        mixed = [call for one in rewrites for call in (acceptance(arena, order, seller), one)]

        seen = await arena.race(mixed)

        status, version, accepted, current = await outcome(arena, order)
        assert set(seen) <= {"done", *REFUSED}
        if status == "accepted":
            assert (version, accepted, current, seen["done"]) == (1, order.terms_hash, order.terms_hash, 1)
        else:
            assert (status, accepted, seen["done"]) == ("created", None, version - 1)
            assert 1 < version <= 10
        assert await arena.world.count("order_terms", order_id=order.id) == version - 1


async def test_without_versions_terms_are_accepted_that_were_never_shown(broken_arena: Arena) -> None:
    arena = broken_arena
    await arena.rewrite("update_row", "WHERE o.id = row_id AND o.version = expected", "WHERE o.id = row_id")
    for guard in (
        "ALTER TABLE order_events DROP CONSTRAINT pk_order_events",
        "ALTER TABLE order_terms DROP CONSTRAINT pk_order_terms",
    ):
        await arena.as_owner(guard)

    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        order = await proposed(arena, buyer, seller)
        rewrites = rewriting(arena, order, buyer, counter=False)
        await arena.race([call for one in rewrites for call in (acceptance(arena, order, seller), one)])
        status, version, accepted, current = await outcome(arena, order)
        if status == "accepted" and (version > 1 or accepted != current):
            return
    pytest.fail("only what was shown was accepted, although nothing stood in the way of more")


async def amendment(arena: Arena, order: Order, buyer: Actor) -> AcceptAmendment:
    """Return the seller's agreement with a lower price that the buyer proposed."""
    world, now = arena.world, SystemClock().now()
    quote: dict[str, Any] = {
        "id": world.ids.new(),
        "user_id": buyer.id,
        "order_type": "goods",
        **asdict(CHEAPER),
        "basis": {},
        "expires_at": now + timedelta(days=10_000),
        "promo_code": None,
        "created_at": now,
    }
    await world.carry_out(Outcome(Decision(writes=(Insert("fee_quotes", (quote,)),)), None))
    wish = ProposeAmendment(has_quote=True, delivery_hours=None, inspection_hours=None, added=(INSPECTION,), removed=())
    await service(arena).propose(ask(arena, order, buyer), Offered(quote["id"]), wish, render=render)
    row = await arena.database.row("SELECT id, hash FROM amendments WHERE order_id = $1", order.id)
    assert row is not None
    return AcceptAmendment(row["id"], row["hash"])


def agreeing(arena: Arena, order: Order, seller: Actor, command: AcceptAmendment) -> Call:
    return lambda: service(arena).accept(ask(arena, order, seller), command, render=render)


async def moved(arena: Arena, order: Order) -> list[str]:
    rows = await arena.database.rows(
        "SELECT j.kind FROM ledger_journals AS j JOIN ledger_entries AS e ON e.journal_id = j.id "
        "JOIN kro_balance AS b ON b.id = e.account_id WHERE b.owner_id = $1 AND j.kind <> 'order_funded'",
        order.id,
    )
    return sorted(row["kind"] for row in rows)


async def test_an_amendment_is_accepted_once(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await funded(arena, buyer, seller)
    command = await amendment(arena, order, buyer)

    seen = await arena.race([agreeing(arena, order, seller, command)] * (2 * HALF))

    assert seen["done"] == 1
    assert set(seen) <= {"done", *REFUSED}
    assert await moved(arena, order) == ["order_amended_down"]
    assert (await arena.world.order(order)).held == CHEAPER.buyer_pays


@pytest.mark.parametrize("rival", ["cancel", "complete"])
async def test_accepting_an_amendment_against_the_end(arena: Arena, rival: str) -> None:
    for _ in range(ROUNDS):
        buyer, seller = await parties(arena)
        order = await funded(arena, buyer, seller)
        command = await amendment(arena, order, buyer)

        def complete(order: Order = order, seller: Actor = seller) -> Any:
            return arena.world.orders.complete(ask(arena, order, seller), render=render)

        other = cancellation(arena, order, seller) if rival == "cancel" else complete

        seen = await arena.race([agreeing(arena, order, seller, command), other] * HALF)

        assert set(seen) <= {"done", *REFUSED}
        ended = await arena.world.order(order)
        kinds = await moved(arena, order)
        amended = ["order_amended_down"] if ended.terms_version == 2 else []
        assert seen["done"] == 1 + len(amended)
        if rival == "cancel":
            assert (str(ended.status), ended.held) == ("refunded", 0)
            assert kinds == [*amended, "refund_to_wallet"]
        else:
            assert (str(ended.status), kinds) == ("completed", amended)
            assert ended.held == ended.fees.buyer_pays
        assert await arena.world.count("amendments", order_id=order.id, status="open") == 0
