"""Decisions that only add rows are written by one statement, each as if it had come alone."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.integration.payment.world import PaymentWorld

from kro.core.database.decisions import DecisionWriter
from kro.core.database.failures import DatabaseBusyError
from kro.core.database.pool import Database, PoolOptions
from kro.core.decisions import (
    Audit,
    ClearTimer,
    Decision,
    InProgressError,
    Insert,
    LostRaceError,
    Message,
    StoredAnswer,
    Update,
)

NOW = datetime(2026, 1, 15, tzinfo=UTC)
TABLES = frozenset({"fee_quotes"})
_END = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE usename = user AND datname = current_database() AND wait_event_type = 'Lock'"""
_QUOTES = "SELECT to_jsonb(q) FROM fee_quotes AS q ORDER BY id"
_ANSWERS = """
SELECT to_jsonb(k) - '{created_at,expires_at}'::text[] FROM idempotency_keys AS k ORDER BY principal_id, key"""
_MESSAGES = "SELECT to_jsonb(o) - '{created_at,next_attempt_at}'::text[] FROM outbox AS o ORDER BY id"


def quote(user_id: UUID, number: int = 1) -> Insert:
    row: dict[str, Any] = {
        "id": uuid4(),
        "user_id": user_id,
        "order_type": "goods",
        "currency": "NGN",
        "amount": number,
        "buyer_share_bps": 0,
        "fee_buyer": 0,
        "fee_seller": 0,
        "vat_buyer": 0,
        "vat_seller": 0,
        "basis": {"number": number},
        "expires_at": NOW,
        "promo_code": None,
        "created_at": NOW,
    }
    return Insert("fee_quotes", (row,))


def message(number: int = 1) -> Message:
    return Message(id=uuid4(), topic="notice", payload={"number": number}, ordering_key=None)


def answer(user_id: UUID, key: str) -> StoredAnswer:
    fingerprint = hashlib.sha256(key.encode()).hexdigest()
    return StoredAnswer(user_id, key, "POST /v1/fees/quote", fingerprint, 201, f'{{"key":"{key}"}}', "application/json")


@pytest.fixture
def world(database: Database) -> PaymentWorld:
    return PaymentWorld(database)


@pytest.fixture
async def user_id(world: PaymentWorld) -> UUID:
    return (await world.add_user()).id


Asked = tuple[Decision, StoredAnswer | None]


async def written(writer: DecisionWriter, asked: Sequence[Asked]) -> list[BaseException | None]:
    return await asyncio.gather(*(writer.write(*one) for one in asked), return_exceptions=True)


async def found(database: Database, sql: str) -> list[Any]:
    return [row[0] for row in await database.rows(sql)]


async def test_each_is_written_as_if_it_had_come_alone(world: PaymentWorld, user_id: UUID) -> None:
    asked: list[Asked] = [
        (
            Decision(writes=(quote(user_id, n),), messages=(message(n),)),
            answer(user_id, f"key {n:02}") if n % 2 else None,
        )
        for n in range(1, 61)
    ]
    assert await written(DecisionWriter(world.database), asked) == [None] * 60
    alone = [await found(world.database, sql) for sql in (_QUOTES, _ANSWERS, _MESSAGES)]
    assert [len(rows) for rows in alone] == [60, 30, 60]
    await world.database.execute("DELETE FROM fee_quotes")
    await world.database.execute("DELETE FROM idempotency_keys")
    await world.database.execute("DELETE FROM outbox")
    before = world.database.trips

    assert await written(DecisionWriter(world.database, together=TABLES), asked) == [None] * 60

    assert world.database.trips - before <= 3
    assert [await found(world.database, sql) for sql in (_QUOTES, _ANSWERS, _MESSAGES)] == alone


async def test_of_a_repeated_key_one_is_written(world: PaymentWorld, user_id: UUID) -> None:
    writer = DecisionWriter(world.database, together=TABLES)
    await writer.write(Decision(writes=(quote(user_id),)), answer(user_id, "known"))
    keys = ["known", "a", "a", "known", "b", "a"] * 5

    told = await written(writer, [(Decision(writes=(quote(user_id),)), answer(user_id, key)) for key in keys])

    assert sorted(type(one).__name__ for one in told) == ["LostRaceError"] * 28 + ["NoneType"] * 2
    assert await world.count("fee_quotes") == 3
    assert [row["key"] for row in await found(world.database, _ANSWERS)] == ["a", "b", "known"]


async def test_an_answer_that_has_expired_makes_room(world: PaymentWorld, user_id: UUID) -> None:
    writer = DecisionWriter(world.database, together=TABLES)
    keys = [f"key {number}" for number in range(6)]
    await written(writer, [(Decision(writes=(quote(user_id),)), answer(user_id, key)) for key in keys])
    await world.database.execute("UPDATE idempotency_keys SET expires_at = now() - interval '1 s', body = 'old'")

    told = await written(writer, [(Decision(writes=(quote(user_id),)), answer(user_id, key)) for key in keys])

    assert told == [None] * 6
    assert {row["body"] for row in await found(world.database, _ANSWERS)} == {f'{{"key":"{key}"}}' for key in keys}


async def test_what_the_database_refuses_keeps_no_other_out(world: PaymentWorld, user_id: UUID) -> None:
    asked = [
        (Decision(writes=(quote(uuid4() if n == 7 else user_id),)), answer(user_id, f"key {n}")) for n in range(20)
    ]

    told = await written(DecisionWriter(world.database, together=TABLES), asked)

    assert isinstance(told.pop(7), asyncpg.ForeignKeyViolationError)
    assert told == [None] * 19
    assert await world.count("fee_quotes") == await world.count("idempotency_keys") == 19


async def test_a_key_in_use_elsewhere_keeps_only_its_own_out(
    world: PaymentWorld, user_id: UUID, owner_database: Database
) -> None:
    asked = [(Decision(writes=(quote(user_id),)), answer(user_id, f"key {number}")) for number in range(8)]
    async with owner_database.connection() as owner, owner.transaction():
        await owner.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{user_id}key 5")
        told = await written(DecisionWriter(world.database, together=TABLES), asked)

    assert isinstance(told.pop(5), InProgressError)
    assert told == [None] * 7


@pytest.mark.parametrize(
    "more",
    [
        Decision(writes=(Update("users", uuid4(), 1, {"first_name": "Ada"}),)),
        Decision(writes=(Insert("bank_accounts", ()),)),
        Decision(cleared=(ClearTimer(uuid4()),)),
    ],
    ids=["updates", "writes elsewhere", "clears a timer"],
)
async def test_what_does_more_than_add_is_written_alone(world: PaymentWorld, user_id: UUID, more: Decision) -> None:
    before = world.database.trips

    told = await written(
        DecisionWriter(world.database, together=TABLES),
        [(Decision(writes=(quote(user_id),)) + more, None) for _ in range(5)],
    )

    assert world.database.trips - before == 5
    assert {type(one) for one in told} <= {type(None), LostRaceError}


async def test_nobody_is_told_before_the_commit_and_all_when_the_server_is_lost(
    world: PaymentWorld, user_id: UUID, owner_database: Database
) -> None:
    writer = DecisionWriter(world.database, together=TABLES)
    asked = [(Decision(writes=(quote(user_id),)), answer(user_id, f"key {number}")) for number in range(5)]
    async with owner_database.connection() as owner, owner.transaction():
        await owner.execute("LOCK TABLE fee_quotes IN SHARE MODE")
        tasks = [asyncio.create_task(writer.write(*one)) for one in asked]
        done, _ = await asyncio.wait(tasks, timeout=0.3)
        assert not done
        assert await world.database.value(_END) >= 1
        told = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(one) for one in told] == [DatabaseBusyError] * 5
    assert await world.count("fee_quotes") == await world.count("idempotency_keys") == 0
    assert await written(writer, asked) == [None] * 5


async def test_processes_with_the_same_keys_do_not_lock_one_another_out(
    world: PaymentWorld, user_id: UUID, app_dsn: str
) -> None:
    async with AsyncExitStack() as stack:
        others = [await Database.connect(PoolOptions(dsn=app_dsn, size=2)) for _ in range(3)]
        for other in others:
            stack.push_async_callback(other.close)
        keys = [f"key {number}" for number in range(40)]

        told = await asyncio.gather(
            *(
                written(
                    DecisionWriter(other, together=TABLES),
                    [(Decision(writes=(quote(user_id),)), answer(user_id, key)) for key in order],
                )
                for other, order in zip(others, [keys, keys[::-1], keys[20:] + keys[:20]], strict=True)
            )
        )

    refusals = {type(one) for part in told for one in part if one is not None}
    assert refusals <= {LostRaceError, InProgressError}
    taken = await world.count("idempotency_keys")
    assert taken == await world.count("fee_quotes") == sum(one is None for part in told for one in part)
    assert taken > 0


async def test_the_audit_log_says_of_each_what_it_was(world: PaymentWorld, user_id: UUID) -> None:
    actor = await world.add_user(email=None)
    audits = [Audit(uuid4(), actor, f"did.{number}", "quote", uuid4()) for number in range(9)]

    told = await written(
        DecisionWriter(world.database, together=TABLES),
        [(Decision(writes=(quote(user_id),), audits=(audit,)), None) for audit in audits],
    )

    assert told == [None] * 9
    kept = await world.database.rows("SELECT id, action, target_id FROM audit_log ORDER BY action")
    assert [tuple(row) for row in kept] == [(audit.id, audit.action, audit.target_id) for audit in audits]
