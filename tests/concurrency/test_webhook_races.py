"""Whatever a provider tells, however often and however much at once: one credit."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.payment.world import PaymentWorld, at_once

from kro.core.database.pool import Database
from kro.payment.domain import PaymentStatus, Progress

AMOUNT = 15_201_563
CREDITED = {"provider_clearing": AMOUNT - 200_000, "provider_fees": 200_000, "user_available": AMOUNT}


async def test_one_webhook_delivered_twenty_times_at_once_is_posted_once(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    payment = await world.open_page(user, AMOUNT)
    world.provider.pay(payment.reference)

    delivered = await at_once([lambda: world.webhook("charge.success", payment.reference)] * 20)
    handled = await at_once([world.processor.process_due] * 20)

    assert delivered == [None] * 20
    assert sum(count for count in handled if isinstance(count, int)) == 1
    assert await world.count("payment_webhook_info") == 1
    assert await world.sums() == CREDITED
    assert await world.available(user) == AMOUNT


async def test_twenty_workers_looking_into_one_event_at_once_post_it_once(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    payment = await world.open_page(user, AMOUNT)
    world.provider.pay(payment.reference)
    await world.webhook("charge.success", payment.reference)
    webhook_id = await database.value("SELECT id FROM payment_webhook_info")

    results = await at_once([lambda: world.processor.process_one(webhook_id)] * 20)

    assert results == [None] * 20
    assert await world.count("ledger_journals", kind="receipt") == 1
    assert await world.count("payment_webhook_state", state="processed") == 1
    assert await world.sums() == CREDITED


async def test_webhook_poll_and_waiting_payer_at_once_post_it_once(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    payment = await world.open_page(user, AMOUNT)
    world.provider.pay(payment.reference)
    await world.webhook("charge.success", payment.reference)
    world.clock.advance(timedelta(minutes=1))

    results = await at_once(
        [world.processor.process_due, world.poller.poll_due]
        + [lambda: world.collections.apply_provider_result(reference=payment.reference)] * 18
    )

    # Whoever is first settles it; a poll that comes after that finds nothing due.
    heard, polled, *asked = results
    assert (heard, polled in {0, 1}, set(asked)) == (1, True, {Progress.FINAL})
    assert (await world.payment(payment)).status is PaymentStatus.SUCCEEDED
    assert await world.sums() == CREDITED


async def test_twenty_payments_of_one_user_at_once_are_all_credited(database: Database) -> None:
    world = PaymentWorld(database)
    user = await world.add_user()
    payments = [await world.open_page(user, 10_000 + number) for number in range(20)]
    for payment in payments:
        world.provider.pay(payment.reference)
        await world.webhook("charge.success", payment.reference)

    handled = await at_once([lambda: world.processor.process_due(limit=5)] * 4)

    assert sum(count for count in handled if isinstance(count, int)) == 20
    assert await world.available(user) == sum(10_000 + number for number in range(20))
    assert (await world.sums())["user_available"] == await world.available(user)


async def test_two_workers_opening_one_page_at_once_keep_the_page(database: Database) -> None:
    world = PaymentWorld(database)
    payment = await world.start(await world.add_user(), AMOUNT)

    results = await at_once([lambda: world.starter.start(payment_id=payment.id)] * 10)

    opened = await world.payment(payment)
    assert results == [None] * 10
    assert len(world.provider.transactions) == 1
    assert (opened.status, opened.checkout_url) == (PaymentStatus.PROCESSING, "https://checkout.example/access1")
