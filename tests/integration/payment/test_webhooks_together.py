"""Events that come at the same moment are kept by one statement, each as if it had come alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.database.failures import DatabaseBusyError
from kro.core.database.pool import Database, PoolOptions
from kro.payment.database.records import NewWebhook
from kro.payment.database.webhooks import WebhookRepository

_END = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename = user AND datname = current_database() AND wait_event_type = 'Lock'"""


def event(world: PaymentWorld, key: str = "", *, event_type: str = "charge.success") -> NewWebhook:
    return NewWebhook(
        id=world.ids.new(),
        provider="paystack",
        dedupe_key=key or uuid4().hex,
        event_type=event_type,
        subject="collection",
        reference=None,
        body=f'body of "{key}"'.encode(),
        body_sha256=bytes(32),
        received_at=world.clock.now(),
        headers={"content-type": 'application/json; "{},\\'},
    )


async def brought(webhooks: WebhookRepository, events: Sequence[NewWebhook]) -> list[bool | BaseException]:
    return await asyncio.gather(*map(webhooks.store, events), return_exceptions=True)


class TestTogether:
    async def test_each_is_kept_whole(self, world: PaymentWorld) -> None:
        webhooks, events = WebhookRepository(world.database), [event(world, str(number)) for number in range(60)]
        before = world.database.trips

        assert await brought(webhooks, events) == [True] * 60

        assert world.database.trips - before <= 3
        kept = await world.database.rows(
            "SELECT i.id, i.provider, i.dedupe_key, i.event_type, i.subject, i.reference, i.headers, i.received_at, "
            "i.body_sha256, b.body, s.state, s.attempts, s.next_attempt_at FROM payment_webhook_info AS i "
            "JOIN payment_webhook_bodies AS b ON b.webhook_id = i.id "
            "JOIN payment_webhook_state AS s ON s.webhook_id = i.id ORDER BY i.id"
        )
        assert [tuple(row) for row in kept] == [
            (
                one.id,
                "paystack",
                one.dedupe_key,
                "charge.success",
                "collection",
                None,
                one.headers,
                one.received_at,
                one.body_sha256,
                one.body,
                "received",
                0,
                one.received_at,
            )
            for one in sorted(events, key=lambda one: one.id)
        ]

    async def test_of_one_event_that_came_often_one_is_new(self, world: PaymentWorld) -> None:
        webhooks = WebhookRepository(world.database)
        await webhooks.store(event(world, "known"))

        told = await brought(webhooks, [event(world, key) for key in ["known", "a", "a", "known", "b", "a"] * 10])

        assert sorted(told) == [False] * 58 + [True] * 2  # type: ignore[type-var] # none was refused
        assert await world.count("payment_webhook_info") == 3
        assert await world.count("payment_webhook_bodies") == 3

    async def test_what_the_database_refuses_keeps_no_other_out(self, world: PaymentWorld) -> None:
        webhooks = WebhookRepository(world.database)
        events = [event(world, str(number), event_type="\x00" if number == 7 else "odd") for number in range(20)]

        told = await brought(webhooks, events)

        assert isinstance(told.pop(7), DatabaseBusyError)
        assert told == [True] * 19
        assert await world.count("payment_webhook_info") == 19

    async def test_processes_that_get_the_same_events_do_not_lock_one_another_out(
        self, world: PaymentWorld, app_dsn: str
    ) -> None:
        async with AsyncExitStack() as stack:
            others = [await Database.connect(PoolOptions(dsn=app_dsn, size=2)) for _ in range(3)]
            for other in others:
                stack.push_async_callback(other.close)
            for turn in range(8):
                keys = [f"{turn}-{number}" for number in range(40)]
                orders = [keys, keys[::-1], keys[20:] + keys[:20]]

                told = await asyncio.gather(
                    *(
                        brought(WebhookRepository(other), [event(world, key) for key in order])
                        for other, order in zip(others, orders, strict=True)
                    )
                )

                assert [{type(one) for one in part} for part in told] == [{bool}] * 3
                assert sum(one is True for part in told for one in part) == 40
        assert await world.count("payment_webhook_info") == 8 * 40

    async def test_nobody_is_answered_before_the_commit(self, world: PaymentWorld, owner_database: Database) -> None:
        webhooks = WebhookRepository(world.database)
        async with owner_database.connection() as owner:
            async with owner.transaction():
                await owner.execute("LOCK TABLE payment_webhook_bodies IN SHARE MODE")
                tasks = [asyncio.create_task(webhooks.store(event(world))) for _ in range(5)]
                done, _ = await asyncio.wait(tasks, timeout=0.3)
                assert not done
            assert await asyncio.gather(*tasks) == [True] * 5

    async def test_under_a_lost_server_all_are_told_to_come_again(
        self, world: PaymentWorld, owner_database: Database
    ) -> None:
        webhooks = WebhookRepository(world.database)
        async with owner_database.connection() as owner, owner.transaction():
            await owner.execute("LOCK TABLE payment_webhook_bodies IN SHARE MODE")
            tasks = [asyncio.create_task(webhooks.store(event(world, str(number)))) for number in range(5)]
            await asyncio.sleep(0.2)
            assert await world.database.value(_END) >= 1
            told = await asyncio.gather(*tasks, return_exceptions=True)

        assert [type(one) for one in told] == [DatabaseBusyError] * 5
        assert await world.count("payment_webhook_info") == 0
        assert await brought(webhooks, [event(world, str(number)) for number in range(5)]) == [True] * 5


@pytest.mark.parametrize("times", [1, 40])
async def test_what_was_left_to_people_is_looked_into_again_when_it_comes_again(
    world: PaymentWorld, times: int
) -> None:
    webhooks, first = WebhookRepository(world.database), event(world, "told again")
    await webhooks.store(first)
    await world.database.execute("UPDATE payment_webhook_state SET state = 'parked', attempts = 9")

    assert await brought(webhooks, [event(world, "told again") for _ in range(times)]) == [False] * times

    row = await world.database.row("SELECT state, attempts, processed_at FROM payment_webhook_state")
    assert row is not None
    assert tuple(row) == ("received", 0, None)
