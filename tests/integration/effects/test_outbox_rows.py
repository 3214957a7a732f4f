"""What admins may do with dead messages, and what becomes of delivered ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from kro.core.actor import Actor, ActorKind
from kro.core.database.pool import Database
from kro.core.ids import IdSource
from kro.core.outbox import DeadLetters, OutboxRowNotFoundError, OutboxStore

Post = Callable[..., Awaitable[UUID]]
State = Callable[[UUID], Awaitable[dict[str, Any]]]
DYING = "UPDATE outbox SET state = 'dead', attempts = 12, last_error = 'gone' WHERE id = $1"


@pytest.fixture
def dead_letters(database: Database, ids: IdSource) -> DeadLetters:
    return DeadLetters(database, ids)


@pytest.fixture
def admin(ids: IdSource) -> Actor:
    return Actor(kind=ActorKind.ADMIN, id=ids.new(), request_id="req-1", ip="127.0.0.1")


async def test_dead_messages_are_listed_newest_first_page_by_page(
    database: Database, post: Post, dead_letters: DeadLetters
) -> None:
    dead = [await post(number=number) for number in range(3)]
    await post()
    for message_id in dead:
        await database.execute(DYING, message_id)

    first = await dead_letters.list(limit=2)
    rest = await dead_letters.list(before=first[-1].id, limit=2)

    assert [row.id for row in (*first, *rest)] == dead[::-1]
    assert first[0].last_error == "gone"
    assert not hasattr(first[0], "payload")


async def test_a_replayed_message_gets_all_its_tries_again_and_the_admin_is_written_down(
    database: Database, post: Post, state: State, dead_letters: DeadLetters, admin: Actor
) -> None:
    message_id = await post()
    await database.execute(DYING, message_id)

    await dead_letters.replay(message_id, actor=admin)

    row = await state(message_id)
    assert (row["state"], row["attempts"]) == ("pending", 0)
    audit = await database.row("SELECT * FROM audit_log WHERE target_id = $1", message_id)
    assert audit is not None
    assert (audit["actor_id"], audit["action"], audit["request_id"]) == (admin.id, "outbox.replay", "req-1")
    assert audit["detail"] == {"topic": "demo", "last_error": "gone"}


async def test_only_a_dead_message_can_be_replayed(
    database: Database, post: Post, dead_letters: DeadLetters, admin: Actor, ids: IdSource
) -> None:
    pending = await post()

    for message_id in (pending, ids.new()):
        with pytest.raises(OutboxRowNotFoundError):
            await dead_letters.replay(message_id, actor=admin)

    assert await database.value("SELECT count(*) FROM audit_log") == 0


async def test_messages_delivered_long_ago_are_forgotten_and_nothing_else(database: Database) -> None:
    rows = (
        ("delivered", 40, "01890000-0000-7000-8000-000000000001"),
        ("delivered", 1, "01890000-0000-7000-8000-000000000002"),
        ("dead", 40, "01890000-0000-7000-8000-000000000003"),
        ("pending", 40, "01890000-0000-7000-8000-000000000004"),
    )
    for state, days, message_id in rows:
        await database.execute(
            "INSERT INTO outbox (id, topic, payload, state, delivered_at) "
            "VALUES ($1, 'demo', '{}', $2, CASE $2 WHEN 'delivered' THEN now() - make_interval(days => $3) END)",
            UUID(message_id),
            state,
            days,
        )

    assert await OutboxStore(database).forget(older_than_days=30) == 1

    left = await database.rows("SELECT state FROM outbox ORDER BY id")
    assert [row["state"] for row in left] == ["delivered", "dead", "pending"]


async def test_forgetting_takes_one_batch_at_a_time(database: Database) -> None:
    for number in range(5):
        await database.execute(
            "INSERT INTO outbox (id, topic, payload, state, delivered_at) "
            "VALUES ($1, 'demo', '{}', 'delivered', '2020-01-01Z')",
            UUID(int=number),
        )
    store = OutboxStore(database)

    assert [await store.forget(older_than_days=30, limit=2) for _ in range(4)] == [2, 2, 1, 0]
