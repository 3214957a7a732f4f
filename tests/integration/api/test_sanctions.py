"""Sanctions over HTTP: imported, screened in the background, frozen at once, let go by two. Everybody is invented."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest

from admin_desk import Admin, at_desk
from dispute_steps import approve, timers
from kro.core.auth.permissions import Role
from kro_api import World
from order_steps import accepted, completed, created, proposal, put_money, quoted, shared_out
from step_up_steps import with_proof

ACCOUNT = {"bank_code": "058", "account_number": "2000000005"}
LIFT = {"reason": "other_person", "ticket": "C-1", "note": "Passport shows another birthday."}
LISTED = b"ref,name,born\nN1,TEST BUYER,1950-01-01\nN2,Test Stranger Bala,\n"


async def imported(world: World, admin: Admin, data: bytes = LISTED, **query: str) -> httpx2.Response:
    params = {"code": "house", "format": "csv"} | query
    headers = {"Authorization": f"Bearer {admin.token}", "Content-Type": "text/csv"}
    reply = await world.http.post("/v1/admin/sanctions/lists", params=params, content=data, headers=headers)
    while await world.application.knowing.screening.screen_next():
        pass
    return reply


async def matched(admin: Admin, **query: Any) -> list[dict[str, Any]]:
    reply = await admin.get("/admin/sanctions/matches", **query)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["data"]
    return found


async def code_of(call: Any) -> tuple[int, str]:
    reply = await call
    return reply.status_code, reply.json().get("code", "")


@pytest.fixture
async def officer(world: World) -> Admin:
    return await at_desk(world, Role.COMPLIANCE)


@pytest.fixture
async def second(world: World) -> Admin:
    return await at_desk(world, Role.COMPLIANCE, email="second@kro.example")


class TestImport:
    async def test_everybody_is_compared_and_a_likely_one_frozen(self, world: World, officer: Admin) -> None:
        reply = await imported(world, officer)

        taken = reply.json()
        assert (reply.status_code, taken["entries"], taken["unreadable"]) == (201, 2, 0)
        found = {match["user_name"]: match for match in await matched(officer)}
        assert {name: (one["likely"], one["freeze_id"] is not None) for name, one in found.items()} == {
            "Test Buyer": (True, True),
            "Test Stranger": (False, False),
        }
        await world.work()
        assert any("frozen" in mail.subject for mail in world.email.sent)

    async def test_a_new_version_replaces_the_old_and_decided_matches_stay_decided(
        self, world: World, officer: Admin
    ) -> None:
        await imported(world, officer)
        possible = next(match for match in await matched(officer) if not match["likely"])
        await officer.post(f"/admin/sanctions/matches/{possible['id']}/dismiss", {"reason": "another birthday"})

        await imported(world, officer, LISTED + b"N3,Somebody Else,\n")

        lists = (await officer.get("/admin/sanctions/lists")).json()["data"]
        assert [(one["status"], one["entries"]) for one in lists] == [("active", 3), ("superseded", 2)]
        assert len(await matched(officer)) == 2
        assert await world.database.value("SELECT count(*) FROM sanction_names") == 3

    async def test_the_file_in_force_changes_nothing_once_more_or_twice_at_once(
        self, world: World, officer: Admin
    ) -> None:
        first = (await imported(world, officer)).json()
        again = (await imported(world, officer)).json()
        newer = LISTED + b"N3,Somebody Else,\n"
        both = await asyncio.gather(*(imported(world, officer, newer) for _ in range(4)))

        assert again == first | {"screened_at": again["screened_at"]}
        assert {reply.json()["id"] for reply in both} == {both[0].json()["id"]}
        lists = (await officer.get("/admin/sanctions/lists")).json()["data"]
        assert [one["id"] for one in lists if one["status"] == "active"] == [both[0].json()["id"]]
        assert await world.database.value("SELECT count(*) FROM sanction_names") == 3
        traces = "SELECT count(*) FROM audit_log WHERE action = 'sanctions.imported'"
        assert await world.database.value(traces) == 2

    async def test_who_looks_at_matches_leaves_a_trace(self, world: World, officer: Admin) -> None:
        await matched(officer, status="open")

        [trace] = await world.database.rows("SELECT detail FROM audit_log WHERE action = 'sanctions.read'")
        assert trace["detail"]["filters"] == ["status"]

    @pytest.mark.parametrize(
        ("data", "query"),
        [
            (b"", {}),
            (b"<CONSOLIDATED_LIST/>", {"format": "un_xml"}),
            (b'<!DOCTYPE a [<!ENTITY b "c">]><sdnList>&b;</sdnList>', {"format": "ofac_xml"}),
        ],
    )
    async def test_a_broken_file_changes_nothing(
        self, world: World, officer: Admin, data: bytes, query: dict[str, str]
    ) -> None:
        await imported(world, officer)

        reply = await imported(world, officer, data, **query)

        assert (reply.status_code, reply.json()["code"]) == (422, "sanction_list_unreadable")
        assert len((await officer.get("/admin/sanctions/lists")).json()["data"]) == 1

    async def test_new_names_are_compared_as_they_come(self, world: World, officer: Admin) -> None:
        await imported(world, officer, b"ref,name\nN9,Omaru Testo\n")
        headers = {"Authorization": f"Bearer {world.seller.token}"}
        assert await matched(officer) == []

        await world.http.patch("/v1/me", json={"first_name": "Testo", "last_name": "Omaru"}, headers=headers)
        await world.work()

        assert [(one["compared_name"], one["source"]) for one in await matched(officer)] == [("Testo Omaru", "profile")]

    async def test_names_of_bank_accounts_are_compared_too(self, world: World, officer: Admin) -> None:
        await imported(world, officer, b"ref,name\nN9,Test Account\n")
        reply = await with_proof(world, world.buyer, "/me/bank-accounts", ACCOUNT)
        assert reply.status_code == 201, reply.text
        await world.work()

        assert [one["source"] for one in await matched(officer)] == ["bank_account"]

    async def test_others_may_not(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")

        assert (await imported(world, support)).status_code == 403
        assert (await support.get("/admin/sanctions/matches")).status_code == 403


class TestFreeze:
    @pytest.fixture
    async def frozen(self, world: World, officer: Admin) -> dict[str, Any]:
        await put_money(world, 20_000_000)
        await imported(world, officer)
        return next(match for match in await matched(officer) if match["likely"])

    async def test_money_comes_in_and_nothing_goes_out(self, world: World, frozen: dict[str, Any]) -> None:
        before = await world.buyer.available()
        account = await with_proof(world, world.buyer, "/me/bank-accounts", ACCOUNT)
        body = {"bank_account_id": account.json()["id"], "amount": {"amount": 100_000, "currency": "NGN"}}

        refusals = [
            await code_of(world.buyer.post("/payouts", body)),
            await code_of(world.buyer.post("/orders", proposal(await quoted(world)))),
        ]
        await put_money(world, 1_000)

        assert refusals == [(403, "account_restricted")] * 2
        assert await world.buyer.available() == before + 1_000
        assert (
            await world.buyer.post("/balance/top-ups", {"amount": {"amount": 500, "currency": "NGN"}})
        ).status_code == 202

    async def test_an_order_under_way_cannot_be_paid_or_accepted(self, world: World, officer: Admin) -> None:
        order = await accepted(world)
        await put_money(world, 20_000_000)
        waiting = await created(world)
        await imported(world, officer, LISTED + b"N4,Test Seller,\n")

        paid = await code_of(world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}))
        agreed = await code_of(
            world.seller.post(f"/orders/{waiting['id']}/accept", {"terms_hash": waiting["terms"]["hash"]})
        )

        assert paid == agreed == (403, "account_restricted")

    async def test_the_user_is_told_nothing(self, world: World, frozen: dict[str, Any]) -> None:
        await world.work()

        for path in ("/me", "/me/kyc"):
            shown = (await world.buyer.get(path)).text.lower()
            assert not [word for word in ("frozen", "freeze", "sanction", "match") if word in shown]
        assert (await world.buyer.get("/me")).json()["status"] == "active"
        assert not [sms for sms in world.sms.sent if "sanction" in sms.text.lower() or "frozen" in sms.text.lower()]

    async def test_the_orders_of_both_sides_wait_and_go_on_when_it_is_lifted(
        self, world: World, officer: Admin, second: Admin
    ) -> None:
        order = await completed(world)
        before, due = await shared_out(world), (await timers(world, order))["inspect_by"]
        await imported(world, officer, b"ref,name,born\nN4,Test Seller,\n")

        # The message that stops the order has not been handled yet.
        refused = await code_of(world.buyer.post(f"/orders/{order['id']}/approve"))
        await world.work()

        assert refused == (409, "order_on_hold")
        assert await timers(world, order) == {}
        seen = (await world.buyer.get(f"/orders/{order['id']}")).json()
        assert seen["on_hold"]
        assert "approve" not in seen["allowed_actions"]
        assert await shared_out(world) == before
        [match] = [one for one in await matched(officer) if one["user_name"] == "Test Seller"]
        await lifted(officer, second, match["freeze_id"])
        await world.work()
        assert (await timers(world, order))["inspect_by"] > due
        assert (await world.buyer.post(f"/orders/{order['id']}/approve")).status_code == 200
        assert await world.violations() == {}

    async def test_neither_side_settles_while_one_is_frozen(self, world: World, officer: Admin) -> None:
        order = await completed(world)
        offer = await world.seller.post(
            f"/orders/{order['id']}/offers", {"seller_amount": {"amount": 0, "currency": "NGN"}}
        )
        assert offer.status_code == 200, offer.text
        await imported(world, officer)
        await world.work()

        accept = f"/orders/{order['id']}/offers/{offer.json()['offers'][0]['id']}/accept"

        assert await code_of(world.buyer.post(accept)) == (403, "account_restricted")
        issue = await world.seller.post(f"/orders/{order['id']}/issues", {"category": "other", "statement": "No."})
        assert issue.status_code == 200, issue.text
        concede = f"/orders/{order['id']}/issues/{issue.json()['issue']['id']}/concede"
        assert await code_of(world.seller.post(concede)) == (409, "order_on_hold")
        assert await world.violations() == {}

    async def test_a_payout_that_was_approved_before_does_not_leave(self, world: World, officer: Admin) -> None:
        await put_money(world, 20_000_000)
        account = await with_proof(world, world.buyer, "/me/bank-accounts", ACCOUNT)
        body = {"bank_account_id": account.json()["id"], "amount": {"amount": 100_000, "currency": "NGN"}}
        payout = (await world.buyer.post("/payouts", body)).json()
        approver = await at_desk(world, Role.APPROVER, email="approver@kro.example")
        shown = (await approver.get(f"/admin/payouts/{payout['id']}")).json()
        await imported(world, officer)
        approval = {"totp": approver.code(), "approval_hash": shown["approval_hash"]}
        await approver.post(f"/admin/payouts/{payout['id']}/approve", approval)

        await world.work()

        assert world.paystack.transfers == {}

    async def test_two_officers_lift_it(
        self, world: World, officer: Admin, second: Admin, frozen: dict[str, Any]
    ) -> None:
        dismissed = await code_of(
            officer.post(f"/admin/sanctions/matches/{frozen['id']}/dismiss", {"reason": "somebody else"})
        )
        proposed = await officer.post(f"/admin/sanctions/freezes/{frozen['freeze_id']}/lift-proposals", LIFT)
        assert proposed.status_code == 201, proposed.text
        agreed = {"totp": officer.code(), "proposal_hash": proposed.json()["proposal_hash"]}
        alone = await code_of(officer.post(f"/admin/proposals/{proposed.json()['id']}/approve", agreed))

        lifted = await second.post(
            f"/admin/proposals/{proposed.json()['id']}/approve", agreed | {"totp": second.code()}
        )

        assert dismissed == (409, "sanction_account_frozen")
        assert alone[0] == 403
        assert lifted.status_code == 200, lifted.text
        assert (await world.buyer.post("/orders", proposal(await quoted(world)))).status_code == 201
        [match] = [one for one in await matched(officer) if one["id"] == frozen["id"]]
        assert (match["status"], match["freeze_id"]) == ("dismissed", None)
        # The next import does not freeze the same person for the same comparison.
        await imported(world, officer, LISTED + b"N9,Nobody Here,\n")
        assert (await world.buyer.post("/orders", proposal(await quoted(world)))).status_code == 201

    async def test_a_confirmed_match_freezes_and_stays(self, world: World, officer: Admin) -> None:
        await imported(world, officer)
        possible = next(match for match in await matched(officer) if not match["likely"])

        confirmed = await officer.post(f"/admin/sanctions/matches/{possible['id']}/confirm", {"reason": "same person"})
        again = await code_of(officer.post(f"/admin/sanctions/matches/{possible['id']}/dismiss", {"reason": "no"}))

        assert confirmed.json()["status"] == "confirmed"
        assert again == (409, "sanction_match_decided")
        assert await frozen_users(world) == {"Buyer", "Stranger"}


async def lifted(officer: Admin, second: Admin, freeze_id: str) -> None:
    proposed = await officer.post(f"/admin/sanctions/freezes/{freeze_id}/lift-proposals", LIFT)
    assert proposed.status_code == 201, proposed.text
    assert (await approve(second, proposed.json())).status_code == 200


async def frozen_users(world: World) -> set[str]:
    rows = await world.database.rows("SELECT last_name FROM users WHERE frozen_at IS NOT NULL")
    return {row["last_name"] for row in rows}
