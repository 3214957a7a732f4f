"""Every movement of an order and of money coming in against itself and its rivals, fifty at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

from tests.concurrency.conftest import RIVALS, Arena
from tests.concurrency.rivals import (
    HALF,
    LOST,
    Call,
    approval,
    ask,
    cancellation,
    completed,
    credit,
    funded,
    funding,
    letting_go,
    parties,
    render,
    withdrawal,
)

from kro.core.money import Money
from kro.kro_balance.domain import (
    Rollups,
    receivable_repaid,
    refund_after_release,
)
from ledger import fee_of, posting
from ledger import post as post_journals
from order_scenes import DUE, SELLER_GETS


async def test_release_against_release(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await completed(arena, buyer, seller)

    seen = await arena.race([approval(arena, order, buyer)] * RIVALS)

    assert seen["done"] == 1
    assert set(seen) <= {"done", *LOST}
    assert await arena.world.available(seller) == SELLER_GETS


async def test_the_sellers_cancellation_against_an_overdue_one(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await funded(arena, buyer, seller)
    arena.world.clock.advance(timedelta(hours=97))

    seen = await arena.race([cancellation(arena, order, seller)] * HALF + [cancellation(arena, order, buyer)] * HALF)

    assert seen["done"] == 1
    assert set(seen) <= {"done", *LOST}
    assert (await arena.world.available(buyer), await arena.world.available(seller)) == (DUE, 0)


async def test_completion_against_the_sellers_cancellation(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await funded(arena, buyer, seller)
    complete: Call = lambda: arena.world.orders.complete(ask(arena, order, seller), render=render)  # noqa: E731

    seen = await arena.race([complete] * HALF + [cancellation(arena, order, seller)] * HALF)

    assert seen["done"] == 1
    refunded = (await arena.world.order(order)).status == "refunded"
    assert await arena.world.available(buyer) == (DUE if refunded else 0)


async def test_release_against_a_refund_to_the_balance(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await completed(arena, buyer, seller)

    seen = await arena.race([approval(arena, order, buyer)] * HALF + await letting_go(arena, order, DUE, often=HALF))

    assert seen["done"] == 1
    assert set(seen) <= {"done", *LOST}
    ends = (await arena.world.available(buyer), await arena.world.available(seller))
    assert ends in {(DUE, 0), (0, SELLER_GETS)}


async def test_release_against_a_refund_to_the_source(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await completed(arena, buyer, seller)

    seen = await arena.race(
        [approval(arena, order, buyer)] * HALF + await letting_go(arena, order, DUE, to_source=True, often=HALF)
    )

    assert seen["done"] == 1
    sums = await arena.world.sums()
    assert (sums.get("refund_in_transit", 0), await arena.world.available(seller)) in {(DUE, 0), (0, SELLER_GETS)}


async def test_a_partial_refund_against_the_sellers_cancellation(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await funded(arena, buyer, seller)

    await arena.race([cancellation(arena, order, seller)] * HALF + await letting_go(arena, order, DUE // 3, often=HALF))

    assert (await arena.world.order(order)).held == 0
    assert await arena.world.available(buyer) == DUE


async def test_fifty_partial_refunds_of_more_than_is_held(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await funded(arena, buyer, seller)
    world, asking = arena.world, await arena.world.add_admin(role="super")
    part = DUE // 5
    admins = [await world.add_admin() for _ in range(RIVALS)]
    asked = [
        one
        for one in await asyncio.gather(
            *(world.request_of_order(asking, order.id, part) for _ in range(RIVALS)), return_exceptions=True
        )
        if not isinstance(one, BaseException)
    ]

    seen = await arena.race(
        [lambda place=place: world.let_go(asked[place % len(asked)], admins[place]) for place in range(RIVALS)]  # type: ignore[misc]
    )

    assert 1 <= seen["done"] <= 5
    assert await world.available(buyer) == seen["done"] * part
    assert (await world.order(order)).held == DUE - seen["done"] * part


async def test_two_orders_against_one_balance(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    orders = [await arena.world.accepted_order(buyer, seller) for _ in range(2)]
    await arena.world.receive(buyer, DUE + DUE // 2)

    seen = await arena.race([funding(arena, orders[place % 2], buyer) for place in range(RIVALS)])

    assert seen["done"] == 1
    assert set(seen) <= {"done", "insufficient_funds", *LOST}
    assert await arena.world.available(buyer) == DUE // 2


async def test_funding_against_cancelling(arena: Arena) -> None:
    buyer, seller = await parties(arena)
    order = await arena.world.accepted_order(buyer, seller)
    await arena.world.receive(buyer, DUE)
    arena.world.clock.advance(timedelta(minutes=1))

    seen = await arena.race([funding(arena, order, buyer)] * HALF + [cancellation(arena, order, buyer)] * HALF)

    assert seen["done"] == 1
    funded_it = (await arena.world.order(order)).status == "in_progress"
    assert await arena.world.available(buyer) == (0 if funded_it else DUE)


async def test_one_webhook_fifty_times(arena: Arena) -> None:
    user = await arena.world.add_user()
    payment = await arena.world.open_page(user, DUE)
    arena.world.provider.pay(payment.reference)

    seen = await arena.race([lambda: arena.world.webhook("charge.success", payment.reference)] * RIVALS)
    await arena.race([arena.world.processor.process_due] * RIVALS)

    assert seen == {"done": RIVALS}
    assert await arena.world.count("payment_webhook_info") == 1
    assert await arena.world.available(user) == DUE


async def test_webhook_against_poll_against_the_waiting_payer(arena: Arena) -> None:
    user = await arena.world.add_user()
    payment = await arena.world.open_page(user, DUE)
    arena.world.provider.pay(payment.reference)
    await arena.world.webhook("charge.success", payment.reference)
    arena.world.clock.advance(timedelta(minutes=1))
    verify: Call = lambda: arena.world.collections.apply_provider_result(reference=payment.reference)  # noqa: E731

    await arena.race([arena.world.processor.process_due, arena.world.poller.poll_due, verify, verify, verify] * 10)

    assert await arena.world.count("ledger_journals", kind="receipt") == 1
    assert await arena.world.available(user) == DUE


async def test_receipts_against_withdrawals(arena: Arena) -> None:
    user = await arena.world.add_user()
    account = await arena.world.add_bank_account(user)
    payments = [await arena.world.open_page(user, 100_000) for _ in range(HALF)]
    for payment in payments:
        arena.world.provider.pay(payment.reference)

    receipts: list[Call] = [
        lambda reference=payment.reference: arena.world.collections.apply_provider_result(reference=reference)  # type: ignore[misc]
        for payment in payments
    ]
    await arena.race(receipts + [withdrawal(arena, user, account, 95_000) for _ in range(HALF)])

    taken = await arena.world.count("ledger_journals", kind="payout_requested")
    assert await arena.world.count("ledger_journals", kind="receipt") == HALF
    assert await arena.world.available(user) == (HALF - taken) * 100_000


async def test_roll_ups_against_postings(arena: Arena) -> None:
    rollups = Rollups(arena.database, fewest=1, batch=7)

    seen = await arena.race(
        [rollups.advance] * 10 + [lambda: post_journals(arena.database, fee_of(1_000)) for _ in range(RIVALS - 10)]
    )
    for _ in range(20):
        await rollups.advance()

    assert seen == {"done": RIVALS}
    assert (await arena.database.value("SELECT balance FROM ledger_balances WHERE code = 'provider_fees'")) == 40_000


async def test_one_debt_repaid_fifty_times(arena: Arena) -> None:
    user, buyer = await parties(arena)
    owed = refund_after_release(
        posting(),
        refund_id=arena.world.ids.new(),
        seller_id=user.id,
        buyer_id=buyer.id,
        amount=Money(10_000, "NGN"),
        from_available=0,
    )
    await post_journals(arena.database, owed, credit(user, 1_000_000))

    def repay() -> Awaitable[object]:
        source = ("order", arena.world.ids.new())
        amount = Money(10_000, "NGN")
        return post_journals(
            arena.database, receivable_repaid(posting(), source=source, user_id=user.id, amount=amount)
        )

    seen = await arena.race([repay] * RIVALS)

    assert seen == {"done": 1, "lost": RIVALS - 1}
    assert await arena.world.available(user) == 990_000
