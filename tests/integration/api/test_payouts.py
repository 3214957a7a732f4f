"""Withdrawals over HTTP, as their owner meets them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from kro.core.database.pool import Database
from kro_api import World, running_world, settings_for
from order_steps import put_money, user_id_of
from step_up_steps import add_bank_account

FUNDS, AMOUNT, FEE, DUTY = 60_000_000, 2_000_000, 5_000, 5_000


def naira(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "NGN"}


@pytest.fixture
async def account(world: World) -> str:
    await put_money(world, FUNDS)
    return str((await add_bank_account(world, world.buyer))["id"])


async def requested(world: World, account: str, amount: int = AMOUNT) -> dict[str, Any]:
    reply = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(amount)})
    assert reply.status_code == 202, reply.text
    payout: dict[str, Any] = reply.json()
    return payout


class TestBankAccounts:
    async def test_are_shown_with_the_banks_name_for_them_before_and_after(self, world: World) -> None:
        banks = (await world.buyer.get("/banks")).json()["data"]
        body = {"bank_code": "058", "account_number": "2000000005"}
        assert "058" in {bank["code"] for bank in banks}

        shown = (await world.buyer.post("/me/bank-accounts/resolve", body)).json()
        added = await add_bank_account(world, world.buyer)

        assert shown == {"account_name": "TEST ACCOUNT 0005", "name_match": "partial"}
        assert (added["account_name"], added["name_match"]) == ("TEST ACCOUNT 0005", "partial")
        assert added["account_number"] == "******0005"
        assert (await world.buyer.get("/me/bank-accounts")).json()["data"] == [added]
        assert (await world.stranger.get("/me/bank-accounts")).json()["data"] == []

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"bank_code": "058", "account_number": "2000000000"}, "account_not_resolved"),
            ({"bank_code": "999", "account_number": "2000000005"}, "unknown_bank"),
        ],
    )
    async def test_are_refused_when_the_bank_does_not_know_them(
        self, world: World, body: dict[str, str], code: str
    ) -> None:
        for path in ("/me/bank-accounts/resolve", "/me/bank-accounts"):
            reply = await world.buyer.post(path, body)
            assert (reply.status_code, reply.json()["code"]) == (422, code)

    async def test_are_kept_once(self, world: World) -> None:
        await add_bank_account(world, world.buyer)

        again = await world.buyer.post("/me/bank-accounts", {"bank_code": "058", "account_number": "2000000005"})

        assert (again.status_code, again.json()["code"]) == (409, "bank_account_exists")


class TestRequest:
    async def test_sets_amount_fee_and_duty_aside(self, world: World, account: str) -> None:
        payout = await requested(world, account)

        assert (payout["status"], payout["amount"], payout["fee"]) == ("awaiting_approval", naira(AMOUNT), naira(FEE))
        assert (payout["vat"], payout["stamp_duty"]) == (naira(349), naira(DUTY))
        assert payout["total_debit"] == naira(AMOUNT + FEE + DUTY)
        assert payout["bank_account"]["account_name"] == "TEST ACCOUNT 0005"
        assert await world.buyer.available() == FUNDS - AMOUNT - FEE - DUTY
        assert await world.violations() == {}

    async def test_owes_no_duty_below_the_threshold(self, world: World, account: str) -> None:
        below, at = [await requested(world, account, amount) for amount in (999_999, 1_000_000)]

        assert (below["stamp_duty"]["amount"], at["stamp_duty"]["amount"]) == (0, DUTY)

    async def test_is_one_under_one_key(self, world: World, account: str) -> None:
        body = {"bank_account_id": account, "amount": naira(AMOUNT)}

        first, second = [await world.buyer.post("/payouts", body, key="once") for _ in range(2)]

        assert first.json() == second.json()
        assert len((await world.buyer.get("/payouts")).json()["data"]) == 1

    async def test_is_refused_above_a_limit(self, world: World, account: str) -> None:
        async def refusal(amount: int) -> tuple[int, str]:
            reply = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(amount)})
            return reply.status_code, reply.json()["code"]

        tier = world.application.settings.kyc.tiers[1]
        assert await refusal(tier.payout_max_minor + 1) == (409, "tier_limit_exceeded")
        for _ in range(2):
            await requested(world, account, tier.payout_max_minor)
        assert await refusal(tier.payout_day_max_minor - 2 * tier.payout_max_minor + 1) == (
            409,
            "tier_limit_exceeded",
        )

    async def test_is_refused_without_the_money_for_fee_and_duty(self, world: World) -> None:
        await put_money(world, AMOUNT + FEE + DUTY - 1)
        account = (await add_bank_account(world, world.buyer))["id"]

        reply = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(AMOUNT)})

        assert (reply.status_code, reply.json()["code"]) == (409, "insufficient_funds")
        assert await world.buyer.available() == AMOUNT + FEE + DUTY - 1

    async def test_is_refused_when_there_were_many(self, world: World, account: str) -> None:
        for _ in range(world.application.settings.payouts.max_per_hour):
            await requested(world, account, 1_000)

        reply = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(1_000)})

        assert (reply.status_code, reply.json()["code"]) == (429, "payout_velocity_exceeded")
        assert int(reply.headers["retry-after"]) > 0

    async def test_is_refused_while_money_is_owed(self, world: World, account: str, owner_database: Database) -> None:
        me = user_id_of((await world.buyer.get("/me")).json())
        await owner_database.execute(
            """
            INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative, balance)
            VALUES (gen_random_uuid(), 'user_receivable', $1, '', 'NGN', 'debit', true, false, 1)""",
            me,
        )

        reply = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(AMOUNT)})

        assert (reply.status_code, reply.json()["code"]) == (409, "debt_outstanding")

    async def test_goes_to_an_account_of_ones_own(self, world: World, account: str) -> None:
        reply = await world.stranger.post("/payouts", {"bank_account_id": account, "amount": naira(AMOUNT)})

        assert (reply.status_code, reply.json()["code"]) == (404, "bank_account_not_found")


class TestCooling:
    @pytest.fixture
    async def cooling_world(self, fresh_database: Any) -> AsyncIterator[World]:
        settings = settings_for(fresh_database.cluster, fresh_database.name)
        payouts = settings.payouts.model_copy(update={"cooling_hours": 24})
        async with running_world(settings.model_copy(update={"payouts": payouts})) as running:
            yield running

    async def test_keeps_money_from_a_new_account(self, cooling_world: World, owner_database: Database) -> None:
        world = cooling_world
        await put_money(world, FUNDS)
        account = await add_bank_account(world, world.buyer)
        body = {"bank_account_id": account["id"], "amount": naira(AMOUNT)}

        early = await world.buyer.post("/payouts", body)
        await owner_database.execute(
            "UPDATE bank_accounts SET usable_from = usable_from - $1::interval", timedelta(days=1)
        )
        late = await world.buyer.post("/payouts", body)

        assert (early.status_code, early.json()["code"]) == (409, "bank_account_cooling")
        assert late.status_code == 202


class TestAfterwards:
    async def test_its_owner_takes_it_back_before_it_is_sent(self, world: World, account: str) -> None:
        payout = await requested(world, account)

        cancelled = await world.buyer.post(f"/payouts/{payout['id']}/cancel", key="once")
        repeated = await world.buyer.post(f"/payouts/{payout['id']}/cancel", key="once")
        again = await world.buyer.post(f"/payouts/{payout['id']}/cancel")

        assert cancelled.json()["status"] == "cancelled"
        assert repeated.json() == cancelled.json()
        assert (again.status_code, again.json()["code"]) == (409, "payout_illegal_transition")
        assert await world.buyer.available() == FUNDS
        assert world.paystack.transfers == {}
        history = (await world.buyer.get(f"/payouts/{payout['id']}")).json()["history"]
        assert [event["status"] for event in history] == ["awaiting_approval", "cancelled"]

    async def test_nobody_else_sees_or_stops_it(self, world: World, account: str) -> None:
        payout = await requested(world, account)

        for reply in (
            await world.stranger.get(f"/payouts/{payout['id']}"),
            await world.stranger.post(f"/payouts/{payout['id']}/cancel"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (404, "payout_not_found")
        assert (await world.stranger.get("/payouts")).json()["data"] == []
