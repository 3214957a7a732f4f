"""The judge alone: what it says of books that differ, without killing anybody for it."""
# ruff: noqa: S311 - a test draws the same each time

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from tests.crash.book import Book, Operation, Withdrawal
from tests.crash.judge import Judge
from tests.crash.victims import Victim, order_of_death
from tests.crash.wire import Wire

from balance_book import add_person
from kro.core.database.pool import Database
from ledger import paid_in, post

NOTHING: dict[str, dict[str, list[dict[str, object]]]] = {
    "paystack": {"transactions": [], "transfers": [], "refunds": []}
}


class Bench:
    """A judge before whom nothing has happened yet, with an API that gives one answer to everything."""

    def __init__(self, owner: asyncpg.Connection[asyncpg.Record], dsn: str) -> None:
        self.book = Book()
        self.bank = NOTHING
        self.answer = httpx2.Response(201, content=b'{"id": 1}', headers={"Idempotent-Replayed": "true"})
        api = self._client(lambda _: self.answer)
        self.wire = Wire(api, book=self.book, dice=random.Random(1))
        self.wire.tokens = {"user0": "token"}
        sandbox = self._client(lambda _: httpx2.Response(200, json=self.bank))
        self.judge = Judge(self.book, wire=self.wire, sandbox=sandbox, owner=owner, dsn=dsn)

    async def verdict(self) -> str:
        return "\n".join(await self.judge.verdict(dice=random.Random(1), left_open=0))

    @staticmethod
    def _client(handler: object) -> httpx2.AsyncClient:
        transport = httpx2.MockTransport(handler)  # type: ignore[arg-type] # a function of the request
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.fixture
async def bench(owner_dsn: str, app_dsn: str) -> AsyncIterator[Bench]:
    owner = await asyncpg.connect(owner_dsn)
    yield Bench(owner, app_dsn)
    await owner.close()


def operation(answer: bytes) -> Operation:
    return Operation("user0", "a-key", "/orders", {}, tries=1, status=201, answer=answer)


async def test_where_nothing_happened_nothing_is_wrong(bench: Bench) -> None:
    assert await bench.verdict() == ""


async def test_what_was_acknowledged_and_is_not_there_is_lost(bench: Bench) -> None:
    order, payment = uuid4(), uuid4()
    bench.book.orders[order] = "created"
    bench.book.journals["receipt", "payment", payment] += 1

    said = await bench.verdict()

    assert f"acknowledged order is lost: {order}" in said
    assert f"acknowledged journal is lost: ('receipt', 'payment', {payment!r})" in said


async def test_what_is_there_and_nobody_asked_for_is_doubled(
    bench: Bench, database: Database, owner_database: Database
) -> None:
    person = await add_person(owner_database)
    assert person.id is not None
    await post(database, paid_in(person.id, 5_000))

    assert "journal nobody was told of (doubled): ('receipt', 'payment'" in await bench.verdict()


async def test_a_key_that_is_answered_otherwise_is_told(bench: Bench) -> None:
    bench.book.operations = [operation(b'{"id": 2}')]
    assert "(a-key) was answered otherwise: 201, replayed: True" in await bench.verdict()

    bench.book.operations = [operation(b'{"id": 1}')]
    assert await bench.verdict() == ""

    del bench.answer.headers["Idempotent-Replayed"]
    bench.book.operations = [operation(b'{"id": 1}')]
    assert "(a-key) was answered otherwise: 201, replayed: False" in await bench.verdict()


@pytest.mark.parametrize(("approved", "sent"), [(True, 0), (True, 2), (False, 1)])
async def test_a_payout_has_one_transfer_when_it_was_approved_and_else_none(
    bench: Bench, approved: bool, sent: int
) -> None:
    bench.book.payouts[uuid4()] = Withdrawal(who=0, amount=20_001, total=25_001, approved=approved)
    transfer = {"amount": 20_001, "status": "success"}
    bench.bank = {"paystack": {**NOTHING["paystack"], "transfers": [transfer] * sent}}
    bench.answer = httpx2.Response(200, json={"data": []})

    assert f"has {sent} transfers, approved: {approved}" in await bench.verdict()


async def test_a_transfer_for_nobody_is_told(bench: Bench) -> None:
    transfer = {"amount": 20_001, "status": "success"}
    bench.bank = {"paystack": {**NOTHING["paystack"], "transfers": [transfer]}}

    assert "transfer left for no payout anybody asked for, of kobo: 20001" in await bench.verdict()


async def test_a_balance_that_is_not_as_noted_is_told(bench: Bench) -> None:
    bench.book.available[0] = 700
    bench.answer = httpx2.Response(200, json={"data": []})

    assert "user0 sees (0, 0, 0) (available, in escrow, in transit), noted (700, 0, 0)" in await bench.verdict()


def test_the_three_that_have_to_die_do_in_every_run_and_a_seed_draws_the_same() -> None:
    drawn = order_of_death(20, random.Random(7))

    assert {Victim.API, Victim.WORKER, Victim.POSTGRES} <= set(drawn)
    assert drawn == order_of_death(20, random.Random(7))
    assert len(drawn) == 20
