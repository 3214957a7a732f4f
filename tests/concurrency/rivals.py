"""What the races of fifty are made of: scenes, and calls that are ready to be made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.concurrency.conftest import RIVALS, Arena
from tests.integration.payment.world import once_of, render_admin_payout

from kro.core.actor import Actor
from kro.core.decisions import Decision, Insert, Journal, Outcome, Reply
from kro.core.money import Money
from kro.kro_balance.domain import (
    manual_adjustment,
)
from kro.order.domain import Order
from kro.order.domain.changes import as_row
from kro.order.domain.decide_agree import AcceptOrder
from kro.order.domain.party_commands import Ask
from ledger import posting
from order_scenes import created

HALF = RIVALS // 2
LOST = {"concurrent_update", "order_illegal_transition", "payout_illegal_transition", "refund_illegal_transition"}
Call = Callable[[], Awaitable[object]]


def render(_: Any) -> Reply:
    return Reply(status=200, body=b"{}")


def ask(arena: Arena, order: Order, actor: Actor) -> Ask:
    return Ask(order.id, actor, once_of(actor, str(arena.world.ids.new())))


async def parties(arena: Arena) -> tuple[Actor, Actor]:
    return await arena.world.add_user(), await arena.world.add_user()


async def proposed(arena: Arena, buyer: Actor, seller: Actor) -> Order:
    """Return an order that waits for its seller's answer."""
    state = created()
    order = replace(state.order, id=arena.world.ids.new(), buyer_id=buyer.id, seller_id=seller.id)
    proposal = Decision(writes=(Insert("orders", ({**as_row(order), "last_seq": 0},)),))
    await arena.world.carry_out(Outcome(proposal, None))
    return order


async def funded(arena: Arena, buyer: Actor, seller: Actor) -> Order:
    order = await arena.world.accepted_order(buyer, seller)
    await arena.world.pay_for(order, buyer)
    return order


async def completed(arena: Arena, buyer: Actor, seller: Actor) -> Order:
    order = await funded(arena, buyer, seller)
    await arena.world.orders.complete(ask(arena, order, seller), render=render)
    return order


def approval(arena: Arena, order: Order, buyer: Actor) -> Call:
    return lambda: arena.world.orders.approve(ask(arena, order, buyer), render=render)


def cancellation(arena: Arena, order: Order, actor: Actor) -> Call:
    return lambda: arena.world.orders.cancel(ask(arena, order, actor), "no", render=render)


def acceptance(arena: Arena, order: Order, seller: Actor) -> Call:
    command = AcceptOrder(order.terms_hash)
    return lambda: arena.world.orders.accept(ask(arena, order, seller), command, render=render)


def refusal(arena: Arena, order: Order, seller: Actor) -> Call:
    return lambda: arena.world.orders.decline(ask(arena, order, seller), "no", render=render)


def funding(arena: Arena, order: Order, buyer: Actor) -> Call:
    return lambda: arena.world.orders.fund_from_balance(ask(arena, order, buyer), render=render)


def withdrawal(arena: Arena, user: Actor, account: UUID, amount: int, key: str | None = None) -> Call:
    once = once_of(user, key or str(arena.world.ids.new()))
    return lambda: arena.world.payout_requests.request(
        bank_account_id=account, amount=Money(amount, "NGN"), actor=user, once=once, render=render
    )


async def letting_go(arena: Arena, order: Order, amount: int, *, to_source: bool = False, often: int) -> list[Call]:
    """Return as many admins' agreements with one refund of an order."""
    world = arena.world
    payment_id = None
    if to_source:
        payment_id = await arena.database.value("SELECT id FROM transactions WHERE order_id = $1", order.id)
    refund = await world.request_of_order(await world.add_admin(role="super"), order.id, amount, payment_id=payment_id)
    admins = [await world.add_admin() for _ in range(often)]
    return [lambda admin=admin: world.let_go(refund, admin) for admin in admins]  # type: ignore[misc] # bound per turn


def credit(user: Actor, amount: int) -> Journal:
    """Return money out of nowhere: by hand, so that no payment has to tell of it."""
    return manual_adjustment(
        posting(),
        adjustment_id=user.id,
        user_id=user.id,
        amount=Money(amount, "NGN"),
        direction="credit",
        reason="test",
    )


async def approval_against_rejection(arena: Arena) -> int:
    """Race both ends of a payout that awaits approval, and return how many were told that it worked."""
    world, user = arena.world, await arena.world.add_user()
    await world.receive(user, 1_000_000)
    payout = await world.request_payout(user, 700_000)
    admins = [await world.add_admin() for _ in range(RIVALS)]
    approvals: list[Call] = [lambda admin=admin: world.approve(payout, admin) for admin in admins[:HALF]]  # type: ignore[misc]
    rejections: list[Call] = [
        lambda admin=admin: world.payouts.reject(  # type: ignore[misc]
            payout_id=payout.id, reason="no", actor=admin.actor, once=None, render=render_admin_payout
        )
        for admin in admins[HALF:]
    ]
    mixed = [call for pair in zip(approvals, rejections, strict=True) for call in pair]
    return (await arena.race(mixed))["done"]
