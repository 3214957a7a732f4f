"""Every situation an idempotency key can be in, and what the client is told in each.

The command is a payout, which nothing but its key protects: the same body under another key is another payout.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import orjson
import pyotp
import pytest
from tests.conftest import FreshDatabase
from tests.integration.api.idempotency import age, balances_held, failing_writes, waiting_for_a_lock

from kro_api import PASSWORD, TOTP_SECRET, Person, World, running_world, settings_for
from order_steps import DUE, accepted, completed, created, put_money
from step_up_steps import add_bank_account

AMOUNT = 100_000
AT_ONCE = 100
KEY = "the-one"


@pytest.fixture
async def world(fresh_database: FreshDatabase) -> AsyncIterator[World]:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    timeouts = settings.database.timeouts.model_copy(update={"pool_wait_seconds": 30})
    database = settings.database.model_copy(update={"pool_size": 40, "timeouts": timeouts})
    async with running_world(settings.model_copy(update={"database": database})) as running:
        yield running


@dataclass(frozen=True)
class Payouts:
    """The seller with money to spare and a bank account to send it to."""

    person: Person
    body: dict[str, Any]

    async def request(self, *, key: str | None = KEY, amount: int = AMOUNT) -> httpx2.Response:
        return await self.person.post(
            "/payouts", {**self.body, "amount": {"amount": amount, "currency": "NGN"}}, key=key
        )

    async def raw(self, body: bytes, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        base = {"Authorization": f"Bearer {self.person.token}", "Content-Type": "application/json"}
        return await self.person.http.post("/v1/payouts", content=body, headers={**base, **named})


@pytest.fixture
async def payouts(world: World) -> Payouts:
    return await payouts_of(world, world.buyer)


async def payouts_of(world: World, person: Person) -> Payouts:
    if person is world.buyer:
        await put_money(world, DUE)
    account = await add_bank_account(world, person, "0123456789")
    return Payouts(person, {"bank_account_id": account["id"]})


async def made(world: World) -> int:
    """How many payouts were really asked for."""
    count: int = await world.database.value("SELECT count(*) FROM transactions WHERE kind = 'payout'")
    assert await world.database.value("SELECT count(*) FROM ledger_journals WHERE kind = 'payout_requested'") == count
    return count


async def kept(world: World, key: str = KEY) -> int:
    """How many answers are stored under a key."""
    count: int = await world.database.value("SELECT count(*) FROM idempotency_keys WHERE key = $1", key)
    return count


def is_replay(reply: httpx2.Response) -> bool:
    return reply.headers.get("Idempotent-Replayed") == "true"


class TestANewKey:
    async def test_runs_the_request_and_keeps_its_answer_for_seven_days(self, world: World, payouts: Payouts) -> None:
        reply = await payouts.request()

        row = await world.database.row(
            "SELECT route, status, body, content_type, length(fingerprint) AS digits,"
            " expires_at - created_at = interval '7 days' AS a_week FROM idempotency_keys WHERE key = $1",
            KEY,
        )
        assert reply.status_code == 202
        assert not is_replay(reply)
        assert row is not None
        assert dict(row) == {
            "route": "POST /v1/payouts",
            "status": 202,
            "body": reply.text,
            "content_type": "application/json",
            "digits": 64,
            "a_week": True,
        }

    async def test_is_needed_where_money_moves(self, world: World, payouts: Payouts) -> None:
        body = orjson.dumps({**payouts.body, "amount": {"amount": AMOUNT, "currency": "NGN"}})

        replies = [await payouts.raw(body), await payouts.raw(body, Idempotency_Key="a b")]

        assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [
            (400, "idempotency_key_missing"),
            (400, "idempotency_key_invalid"),
        ]
        assert await made(world) == 0

    async def test_means_nothing_to_a_read(self, world: World) -> None:
        headers = {"Authorization": f"Bearer {world.buyer.token}", "Idempotency-Key": "not a key at all"}

        replies = [await world.http.get(path, headers=headers) for path in ("/v1/balance", "/v1/orders")]

        assert [reply.status_code for reply in replies] == [200, 200]
        assert await world.database.value("SELECT count(*) FROM idempotency_keys") == 0


class TestACompletedKey:
    async def test_gives_the_first_answer_again_and_changes_nothing(self, world: World, payouts: Payouts) -> None:
        first = await payouts.request()
        second = await payouts.request()

        assert (second.status_code, second.content) == (first.status_code, first.content)
        assert second.headers["Content-Type"] == first.headers["Content-Type"]
        assert [is_replay(reply) for reply in (first, second)] == [False, True]
        assert await made(world) == 1

    async def test_is_known_by_what_the_body_says_and_not_by_how(self, world: World, payouts: Payouts) -> None:
        await payouts.request()
        rewritten = (
            f'{{ "amount": {{"currency":"NGN", "amount": {AMOUNT}}},\n'
            f'   "bank_account_id" : "{payouts.body["bank_account_id"]}" }}'
        )

        again = await payouts.raw(rewritten.encode(), Idempotency_Key=KEY)

        assert (again.status_code, is_replay(again)) == (202, True)
        assert await made(world) == 1

    async def test_refuses_another_body_and_another_route(self, world: World, payouts: Payouts) -> None:
        order = await created(world)
        await payouts.request()

        replies = [
            await payouts.request(amount=AMOUNT + 1),
            await world.buyer.post(f"/orders/{order['id']}/cancel", {"reason": "no"}, key=KEY),
        ]

        assert [(r.status_code, r.json()["code"]) for r in replies] == [(422, "idempotency_key_reused")] * 2
        assert await made(world) == 1
        assert (await payouts.request()).status_code == 202

    async def test_refuses_the_same_body_on_another_object_of_the_same_route(self, world: World) -> None:
        orders = [await created(world) for _ in range(2)]

        replies = [
            await world.buyer.post(f"/orders/{order['id']}/cancel", {"reason": "no"}, key=KEY) for order in orders
        ]

        assert [reply.status_code for reply in replies] == [200, 422]
        assert replies[1].json()["code"] == "idempotency_key_reused"

    async def test_belongs_to_one_principal(self, world: World, payouts: Payouts) -> None:
        first = await payouts.request()
        other = Payouts(world.seller, payouts.body)

        theirs = await other.request()

        assert first.status_code == 202
        assert (theirs.status_code, is_replay(theirs)) == (404, False)
        assert first.json()["id"] not in theirs.text


class TestARefusal:
    async def test_decided_on_what_is_there_is_an_answer_like_any_other(self, world: World, payouts: Payouts) -> None:
        first = await payouts.request(amount=DUE)
        await put_money(world, DUE)
        second = await payouts.request(amount=DUE)

        assert (first.status_code, first.json()["code"]) == (409, "insufficient_funds")
        assert (second.content, is_replay(second)) == (first.content, True)
        assert second.headers["Content-Type"] == "application/problem+json"
        assert await made(world) == 0

    async def test_by_the_database_is_kept_too(self, world: World, payouts: Payouts) -> None:
        others = [payouts.request(key=f"k{number}", amount=DUE // 2) for number in range(12)]

        refused = [
            number
            for number, reply in enumerate(await asyncio.gather(*others))
            if reply.status_code == 409 and reply.json()["code"] == "insufficient_funds"
        ]

        assert refused
        for number in refused:
            assert await kept(world, f"k{number}") == 1

    async def test_of_a_form_is_kept_when_it_was_decided(self, world: World, payouts: Payouts) -> None:
        dollars = {**payouts.body, "amount": {"amount": AMOUNT, "currency": "USD"}}

        first, second = [await payouts.person.post("/payouts", dollars, key=KEY) for _ in range(2)]

        assert (first.status_code, first.json()["code"]) == (409, "currency_mismatch")
        assert (second.content, is_replay(second)) == (first.content, True)


class TestNothingIsKept:
    async def test_of_a_request_that_fails_validation(self, world: World, payouts: Payouts) -> None:
        refused = await payouts.request(amount=-1)
        run = await payouts.request()

        assert (refused.status_code, run.status_code) == (422, 202)
        assert not is_replay(run)

    async def test_of_a_caller_who_may_not(self, world: World, payouts: Payouts) -> None:
        stranger = Payouts(Person(world.http, "not.a.token"), payouts.body)
        unauthenticated = await stranger.request()
        await world.database.execute("UPDATE users SET status = 'suspended'")
        suspended = await payouts.request()
        await world.database.execute("UPDATE users SET status = 'active'")
        run = await payouts.request()

        assert [reply.status_code for reply in (unauthenticated, suspended, run)] == [401, 403, 202]
        assert not is_replay(run)

    async def test_of_an_object_that_is_not_there(self, world: World, payouts: Payouts) -> None:
        nowhere = Payouts(payouts.person, {"bank_account_id": "bnk_" + "0" * 26})

        missing = await nowhere.request()

        assert (missing.status_code, await kept(world)) == (404, 0)

    async def test_when_too_many_came_before(self, world: World) -> None:
        body = {"bank_code": "058", "account_number": "0123456780"}
        for _ in range(20):
            await world.seller.post("/me/bank-accounts/resolve", body)

        limited = await world.seller.post("/me/bank-accounts", body, key=KEY)

        assert (limited.status_code, await kept(world)) == (429, 0)

    async def test_of_a_wrong_authenticator_code(self, world: World, payouts: Payouts) -> None:
        payout = (await payouts.request()).json()
        code = pyotp.TOTP(TOTP_SECRET)
        admin = await admin_at(world, code.now())
        shown = (await admin.get(f"/admin/payouts/{payout['id']}")).json()

        async def approve(totp: str) -> httpx2.Response:
            body = {"totp": totp, "approval_hash": shown["approval_hash"]}
            return await admin.post(f"/admin/payouts/{payout['id']}/approve", body, key="approval")

        wrong = await approve("000000")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "two_factor_incorrect")
        assert await kept(world, "approval") == 0

    async def test_when_it_went_wrong_on_our_side(self, world: World, payouts: Payouts, owner_dsn: str) -> None:
        async with failing_writes(owner_dsn, world):
            failed = await payouts.request()
        run = await payouts.request()

        assert (failed.status_code, run.status_code) == (500, 202)
        assert not is_replay(run)
        assert await made(world) == 1


class TestWhileItRuns:
    async def test_a_second_one_is_told_to_come_back(self, world: World, payouts: Payouts, owner_dsn: str) -> None:
        async with balances_held(owner_dsn):
            first = asyncio.create_task(payouts.request())
            await waiting_for_a_lock(world)
            second = await asyncio.wait_for(payouts.request(), timeout=2)
            assert not first.done()
        await first

        assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_progress")
        assert second.headers["Retry-After"] == "1"
        assert second.json()["retryable"] is True
        third = await payouts.request()
        assert (first.result().status_code, third.status_code, is_replay(third)) == (202, 202, True)
        assert await made(world) == 1

    async def test_a_hundred_at_once_act_once(self, world: World, payouts: Payouts) -> None:
        replies = await asyncio.gather(*(payouts.request() for _ in range(AT_ONCE)))

        done = [reply for reply in replies if reply.status_code == 202]
        refused = Counter(reply.json()["code"] for reply in replies if reply.status_code != 202)
        assert len({reply.content for reply in done}) == 1
        assert sum(not is_replay(reply) for reply in done) == 1
        assert set(refused) <= {"idempotency_in_progress", "concurrent_update"}
        assert await made(world) == 1
        assert await world.violations() == {}

    async def test_without_one_key_a_hundred_act_as_often_as_they_may(self, world: World, payouts: Payouts) -> None:
        """The negative control: what kept the hundred to one was the key and nothing else."""
        replies = await asyncio.gather(*(payouts.request(key=f"k{number}", amount=1_000) for number in range(AT_ONCE)))

        assert await made(world) == sum(reply.status_code == 202 for reply in replies) > 1


class TestAfterSevenDays:
    async def test_the_key_is_free_again(self, world: World, payouts: Payouts) -> None:
        await payouts.request()
        await age(world, "7 days 1 second")

        again = await payouts.request()

        assert (again.status_code, is_replay(again)) == (202, False)
        assert await made(world) == 2
        assert await kept(world) == 1

    async def test_it_is_not_free_before(self, world: World, payouts: Payouts) -> None:
        await payouts.request()
        await age(world, "6 days 23 hours 59 minutes")

        again = await payouts.request()

        assert is_replay(again)
        assert await made(world) == 1

    async def test_what_may_happen_once_still_happens_once(self, world: World) -> None:
        """The key table is a convenience; the order's own state is the protection."""
        approve = f"/orders/{(await completed(world))['id']}/approve"
        first = await world.buyer.post(approve, key=KEY)
        await age(world, "8 days")

        second = await world.buyer.post(approve, key=KEY)

        assert (first.status_code, second.status_code) == (200, 409)
        assert second.json()["code"] == "order_illegal_transition"
        assert await world.violations() == {}


class TestAnotherMoneyCommand:
    async def test_funding_and_its_answer_are_written_together(self, world: World, owner_dsn: str) -> None:
        order = await accepted(world)
        await put_money(world, DUE)
        fund = f"/orders/{order['id']}/fund"

        async with failing_writes(owner_dsn, world):
            failed = await world.buyer.post(fund, {"method": "balance"}, key=KEY)
        available = await world.buyer.available()
        funded = await world.buyer.post(fund, {"method": "balance"}, key=KEY)

        assert (failed.status_code, available, funded.status_code) == (500, DUE, 200)
        assert await world.violations() == {}


async def admin_at(world: World, code: str) -> Person:
    body = {"email": "admin@kro.example", "password": PASSWORD, "totp": code}
    reply = await world.http.post("/v1/admin/auth/login", json=body)
    assert reply.status_code == 200, reply.text
    return replace(world.buyer, token=reply.json()["access_token"])
