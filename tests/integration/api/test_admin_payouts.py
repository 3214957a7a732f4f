"""Admins let withdrawals go over HTTP, each with a fresh code, or refuse them."""

from __future__ import annotations

from typing import Any

import pytest

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro.core.database.pool import Database
from kro_api import World
from order_steps import put_money
from step_up_steps import add_bank_account, with_proof

FUNDS, AMOUNT, COSTS = 300_000_000, 2_000_000, 10_000


@pytest.fixture
async def account(world: World) -> str:
    await put_money(world, FUNDS)
    return str((await add_bank_account(world, world.buyer))["id"])


@pytest.fixture
async def approver(world: World) -> Admin:
    return await at_desk(world, Role.APPROVER)


async def requested(world: World, account: str, amount: int = AMOUNT) -> str:
    body = {"bank_account_id": account, "amount": {"amount": amount, "currency": "NGN"}}
    is_large = amount > world.application.settings.step_up.above_minor["NGN"]
    reply = await (with_proof(world, world.buyer, "/payouts", body) if is_large else world.buyer.post("/payouts", body))
    assert reply.status_code == 202, reply.text
    return str(reply.json()["id"])


async def word_of(admin: Admin, payout: str, *, step: int = 0) -> dict[str, Any]:
    seen = (await admin.get(f"/admin/payouts/{payout}")).json()
    return {"totp": admin.code(step=step), "approval_hash": seen["approval_hash"]}


class TestApproval:
    async def test_sends_the_money_to_the_bank(self, world: World, account: str, approver: Admin) -> None:
        payout = await requested(world, account)
        [waiting] = (await approver.get("/admin/payouts/queue")).json()["data"]
        assert (waiting["id"], waiting["name_match"]) == (payout, "partial")

        reply = await approver.post(f"/admin/payouts/{payout}/approve", await word_of(approver, payout))

        assert (reply.status_code, reply.json()["status"]) == (200, "approved")
        await world.work()
        [(reference, transfer)] = world.paystack.transfers.items()
        assert transfer.amount_minor == AMOUNT
        world.paystack.settle(reference)
        await world.application.paying_out.tracker.apply_provider_result(reference=reference)
        followed = (await world.buyer.get(f"/payouts/{payout}")).json()
        assert followed["status"] == "succeeded"
        assert [event["status"] for event in followed["history"]][:2] == ["awaiting_approval", "approved"]
        assert await world.buyer.available() == FUNDS - AMOUNT - COSTS
        assert await world.violations() == {}

    async def test_is_one_under_one_key(self, world: World, account: str, approver: Admin) -> None:
        payout = await requested(world, account)
        word = await word_of(approver, payout)

        first, second = [await approver.post(f"/admin/payouts/{payout}/approve", word, key="once") for _ in range(2)]

        assert first.status_code == 200, first.text
        assert first.json() == second.json()

    async def test_covers_only_what_was_shown(self, world: World, account: str, approver: Admin) -> None:
        shown, other = await requested(world, account), await requested(world, account, AMOUNT + 1)

        reply = await approver.post(f"/admin/payouts/{other}/approve", await word_of(approver, shown))

        assert (reply.status_code, reply.json()["code"]) == (409, "approval_mismatch")

    async def test_takes_a_code_once(self, world: World, account: str, approver: Admin) -> None:
        one, two = await requested(world, account), await requested(world, account)
        words = [await word_of(approver, payout) for payout in (one, two)]

        first = await approver.post(f"/admin/payouts/{one}/approve", words[0])
        second = await approver.post(f"/admin/payouts/{two}/approve", words[1] | {"totp": words[0]["totp"]})

        assert first.status_code == 200, first.text
        assert (second.status_code, second.json()["code"]) == (422, "two_factor_incorrect")
        assert (await world.buyer.get(f"/payouts/{two}")).json()["status"] == "awaiting_approval"

    async def test_needs_a_second_person_above_the_limit(
        self, world: World, account: str, approver: Admin, owner_database: Database
    ) -> None:
        await owner_database.execute("UPDATE users SET kyc_tier = 2")
        second = await at_desk(world, Role.APPROVER, email="second@kro.example")
        above = world.application.settings.payouts.second_approver_above_minor + 1
        payout = await requested(world, account, above)
        path = f"/admin/payouts/{payout}/approve"

        first_word = await approver.post(path, await word_of(approver, payout))
        same_person = await approver.post(path, await word_of(approver, payout, step=1))
        second_word = await second.post(path, await word_of(second, payout))

        assert (first_word.json()["status"], first_word.json()["approvals_required"]) == ("awaiting_approval", 2)
        assert (same_person.status_code, same_person.json()["code"]) == (409, "payout_already_approved")
        assert (second_word.json()["status"], len(second_word.json()["approvals"])) == ("approved", 2)

    async def test_is_not_for_ones_own(
        self, world: World, account: str, approver: Admin, owner_database: Database
    ) -> None:
        payout = await requested(world, account)
        await owner_database.execute(
            "UPDATE users SET email = (SELECT email FROM admins WHERE email = 'desk@kro.example') WHERE phone = $1",
            "+2348031110001",
        )

        reply = await approver.post(f"/admin/payouts/{payout}/approve", await word_of(approver, payout))

        assert (reply.status_code, reply.json()["code"]) == (403, "own_payout")
        assert (await approver.get("/admin/payouts/queue")).json()["data"] == []

    async def test_of_nothing_is_not_found(self, approver: Admin) -> None:
        path = "/admin/payouts/pyt_01kajz7k3nf9b8r2m4q6s8t0vw"

        for reply in (
            await approver.get(path),
            await approver.post(f"{path}/approve", {"totp": approver.code(), "approval_hash": "0" * 64}),
            await approver.post(f"{path}/reject", {"reason": "Nothing there"}),
        ):
            assert (reply.status_code, reply.json()["code"]) == (404, "payout_not_found")


class TestRejection:
    async def test_gives_everything_back(self, world: World, account: str, approver: Admin) -> None:
        payout = await requested(world, account)
        path = f"/admin/payouts/{payout}/reject"

        reply = await approver.post(path, {"reason": "Account under review"})
        again = await approver.post(path, {"reason": "Account under review"})

        assert reply.json()["status"] == "rejected"
        assert (again.status_code, again.json()["code"]) == (409, "payout_illegal_transition")
        assert await world.buyer.available() == FUNDS
        audit = await world.database.row("SELECT reason FROM audit_log WHERE action = 'payout.reject'")
        assert audit["reason"] == "Account under review"

    async def test_of_a_list_leaves_out_what_is_decided(self, world: World, account: str, approver: Admin) -> None:
        payouts = [await requested(world, account) for _ in range(3)]
        await world.buyer.post(f"/payouts/{payouts[0]}/cancel")

        reply = await approver.post("/admin/payouts/rejections", {"payout_ids": payouts, "reason": "Under review"})

        assert set(reply.json()["rejected"]) == set(payouts[1:])
        assert await world.buyer.available() == FUNDS


class TestPermissions:
    async def test_are_needed(self, world: World, account: str) -> None:
        payout = await requested(world, account)
        finance = await at_desk(world, Role.FINANCE, email="finance@kro.example")
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")

        assert (await finance.get(f"/admin/payouts/{payout}")).status_code == 200
        for reply in (
            await finance.post(f"/admin/payouts/{payout}/approve", await word_of(finance, payout)),
            await finance.post(f"/admin/payouts/{payout}/reject", {"reason": "No"}),
            await finance.post("/admin/payouts/rejections", {"payout_ids": [payout], "reason": "No"}),
            await finance.get("/admin/payouts/queue"),
            await support.get("/admin/payouts"),
            await support.get(f"/admin/payouts/{payout}"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")
        assert (await world.buyer.get("/admin/payouts")).status_code == 401
