"""Reconciliation over HTTP: statements in, runs through the worker, breaks with people."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pyotp
import pytest

from kro.core.auth.permissions import Role
from kro.core.business_days import day_of
from kro.core.ids import show_id
from kro_api import PASSWORD, TOTP_SECRET, Person, World
from order_steps import put_money

SECRET = "KROLOCALONLYFINANCE2345672ABCDEF"
HEADER = "kind,reference,amount,currency,occurred_at"
PATH = "/admin/reconciliation"


async def login(world: World, email: str, secret: str, *, offset: int = 0) -> Person:
    # A code is good for one use, so whoever logs in twice takes the code of another window.
    code = pyotp.TOTP(secret).at(world.application.clock.now(), counter_offset=offset)
    reply = await world.http.post("/v1/admin/auth/login", json={"email": email, "password": PASSWORD, "totp": code})
    assert reply.status_code == 200, reply.text
    return replace(world.buyer, token=reply.json()["access_token"])


async def person(world: World, role: Role) -> Person:
    email = f"{role}@kro.example"
    await world.application.seeding.admin(
        email=email, name="Somebody", password=PASSWORD, role=role, totp_secret=SECRET
    )
    return await login(world, email, SECRET)


@pytest.fixture
async def admin(world: World) -> Person:
    return await login(world, "admin@kro.example", TOTP_SECRET)


def yesterday(world: World) -> str:
    return str(day_of(world.application.clock.now() - timedelta(days=1)))


async def hand_in(
    admin: Person, *rows: str, day: str, key: str | None = None, head: str = HEADER, **query: Any
) -> httpx2.Response:
    params = {"side": "provider", "account": "paystack", "from": day, "to": day} | query
    headers = {
        "Authorization": f"Bearer {admin.token}",
        "Idempotency-Key": key or uuid4().hex,
        "Content-Type": "text/csv",
    }
    content = "\r\n".join((head, *rows)).encode()
    return await admin.http.post(f"/v1{PATH}/imports", params=params, content=content, headers=headers)


async def a_break(world: World, admin: Person) -> dict[str, Any]:
    """Have a provider tell of a charge that the ledger does not know, two days ago."""
    day = str(day_of(world.application.clock.now() - timedelta(days=2)))
    reply = await hand_in(admin, f"charge,771,500.00,NGN,{day}T00:00:00", day=day)
    assert reply.status_code == 201, reply.text
    await world.application.reconciliation.runs.run_now()
    found: dict[str, Any] = (await admin.get(f"{PATH}/breaks", status="open")).json()["data"][0]
    return found


class TestStatements:
    async def test_are_taken_and_listed(self, world: World, admin: Person) -> None:
        day = yesterday(world)

        reply = await hand_in(admin, f"charge,771,500.00,NGN,{day}", f"refund,772,1.50,NGN,{day}", day=day)

        assert reply.status_code == 201, reply.text
        taken = reply.json()
        assert (taken["lines"], taken["new_lines"], taken["state"], taken["origin"]) == (2, 2, "loaded", "file")
        assert len(taken["kinds"]) == 8
        [listed] = (await admin.get(f"{PATH}/imports")).json()["data"]
        assert listed == taken
        amounts = await world.database.rows("SELECT amount FROM reconciliation_lines ORDER BY reference")
        assert [row["amount"] for row in amounts] == [50_000, -150]

    async def test_of_one_key_are_taken_once(self, world: World, admin: Person) -> None:
        day = yesterday(world)
        first, again = [await hand_in(admin, f"charge,1,5.00,NGN,{day}", day=day, key="one") for _ in range(2)]
        assert (first.status_code, again.json()) == (201, first.json())
        other = await hand_in(admin, f"charge,2,5.00,NGN,{day}", day=day, key="one")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert len((await admin.get(f"{PATH}/imports")).json()["data"]) == 1

    async def test_with_bad_lines_are_refused_whole_and_each_line_is_named(self, world: World, admin: Person) -> None:
        day = yesterday(world)
        reply = await hand_in(
            admin,
            f"charge,1,5.00,NGN,{day}",
            f"charge,2,5.005,NGN,{day}",
            f"gift,3,5.00,NGN,{day}",
            "charge,4,5.00,NGN,2001-01-01",
            day=day,
        )
        assert (reply.status_code, reply.json()["code"]) == (422, "statement_invalid")
        pointers = [error["pointer"] for error in reply.json()["errors"]]
        assert pointers == ["/lines/3/amount", "/lines/4/kind", "/lines/5/occurred_at"]
        assert (await admin.get(f"{PATH}/imports")).json()["data"] == []
        assert await world.database.value("SELECT count(*) FROM reconciliation_lines") == 0

    async def test_of_a_bank_in_another_currency_than_its_account_are_refused(
        self, world: World, admin: Person
    ) -> None:
        day = yesterday(world)
        head = "occurred_at,reference,currency,amount"
        rows = [f"{day},FT1,ngn,5.00", f"{day},FT2,USD,5.00"]
        bank = {"side": "bank", "account": "collections-ngn"}

        refused = await hand_in(admin, *rows, day=day, head=head, key="one", **bank)

        assert (refused.status_code, refused.json()["code"]) == (422, "statement_invalid")
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/lines/3/currency", "other_currency")
        assert (await admin.get(f"{PATH}/imports")).json()["data"] == []
        assert (await hand_in(admin, rows[0], day=day, head=head, key="one", **bank)).status_code == 201
        other = f"charge,1,5.00,USD,{day}"
        assert (await hand_in(admin, other, day=day)).status_code == 201, "a provider may have several currencies"

    async def test_of_strangers_and_other_days_are_refused(self, world: World, admin: Person) -> None:
        day = yesterday(world)
        for query, code in (
            ({"account": "stripe"}, "statement_account_unknown"),
            ({"side": "bank"}, "statement_account_unknown"),
            ({"from": day, "to": "2020-01-01"}, "statement_days_invalid"),
            ({"from": "2020-01-01", "to": "2021-01-01"}, "statement_days_invalid"),
            ({"side": "bank", "account": "collections-ngn", "kinds": ["charge"]}, "statement_kinds_invalid"),
        ):
            reply = await hand_in(admin, day=day, **query)
            assert (reply.status_code, reply.json()["code"]) == (422, code), query

    async def test_may_be_larger_than_other_bodies_but_not_endless(self, world: World, admin: Person) -> None:
        day = yesterday(world)
        padded = f"charge,1,5.00,NGN,{day}" + "\r\n" * 600_000
        assert (await hand_in(admin, padded, day=day)).status_code == 201
        reply = await hand_in(admin, "x" * (32 * 1_048_576), day=day)
        assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")


class TestRuns:
    async def test_are_requested_and_reported(self, world: World, admin: Person) -> None:
        first, again = [await admin.post(f"{PATH}/runs", key="one") for _ in range(2)]
        assert (first.status_code, again.json()) == (202, first.json())
        path = f"{PATH}/runs/{first.json()['id']}"
        assert (await admin.get(path)).json()["status"] == "requested"

        assert await world.application.reconciliation.runs.work() == 1

        done = (await admin.get(path)).json()
        assert (done["status"], done["origin"]) == ("done", "admin")
        assert set(done["report"]["violations"].values()) == {0}
        assert (await admin.get(f"{PATH}/runs")).json()["data"] == [done]
        nobody = await admin.get(f"{PATH}/runs/run_{'0' * 26}")
        assert (nobody.status_code, nobody.json()["code"]) == (404, "reconciliation_run_not_found")


class TestBreaks:
    async def test_are_found_by_their_filters(self, world: World, admin: Person) -> None:
        found = await a_break(world, admin)

        assert (found["kind"], found["reference"], found["in_ledger"]) == ("missing_in_ledger", "771", None)
        assert found["outside"] == {"amount": 50_000, "currency": "NGN"}
        assert (await admin.get(f"{PATH}/breaks/{found['id']}")).json() == found
        me = await admin_id(world)
        for query, count in (
            ({"kind": "missing_in_ledger"}, 1),
            ({"kind": "duplicate"}, 0),
            ({"status": "resolved"}, 0),
            ({"assigned_to": me}, 0),
        ):
            assert len((await admin.get(f"{PATH}/breaks", **query)).json()["data"]) == count, query

    async def test_are_given_to_somebody_and_taken_back(self, world: World, admin: Person) -> None:
        found, me = await a_break(world, admin), await admin_id(world)
        path = f"{PATH}/breaks/{found['id']}"

        given = await admin.post(f"{path}/assign", {"admin_id": me})

        assert (given.status_code, given.json()["assigned_to"]) == (200, me)
        [mine] = (await admin.get(f"{PATH}/breaks", assigned_to=me)).json()["data"]
        assert mine == given.json()
        stranger = await admin.post(f"{path}/assign", {"admin_id": f"adm_{'0' * 26}"})
        assert (stranger.status_code, stranger.json()["code"]) == (422, "assignee_unknown")
        assert (await admin.post(f"{path}/assign", {"admin_id": None})).json()["assigned_to"] is None
        nobody = await admin.post(f"{PATH}/breaks/brk_{'0' * 26}/assign", {"admin_id": None})
        assert (nobody.status_code, nobody.json()["code"]) == (404, "break_not_found")

    async def test_are_resolved_by_one_of_two(self, world: World, admin: Person) -> None:
        found, other = await a_break(world, admin), await person(world, Role.FINANCE)
        path = f"{PATH}/breaks/{found['id']}/resolve"

        replies = await asyncio.gather(
            admin.post(path, {"resolution": "not_ours", "note": "ticket 1"}),
            other.post(path, {"resolution": "timing", "note": "ticket 2"}),
        )

        won, lost = sorted(replies, key=lambda reply: reply.status_code)
        assert (won.status_code, won.json()["status"]) == (200, "resolved")
        assert (lost.status_code, lost.json()["code"]) == (409, "break_ended")
        seen = (await admin.get(f"{PATH}/breaks/{found['id']}")).json()
        assert (seen["resolution"], seen["note"]) == (won.json()["resolution"], won.json()["note"])
        audits = await world.database.rows("SELECT reason FROM audit_log WHERE action = 'reconciliation.resolve'")
        assert [row["reason"] for row in audits] == [won.json()["note"]]


class TestSafeguarding:
    async def test_tells_what_customers_are_owed_and_what_covers_it(self, world: World, admin: Person) -> None:
        assert (await admin.get(f"{PATH}/safeguarding")).json()["data"] == []
        await put_money(world, 750_000)

        [ngn] = (await admin.get(f"{PATH}/safeguarding")).json()["data"]

        assert ngn["owed"]["amount"] == 750_000
        assert ngn["covered"]["amount"] == ngn["at_providers"]["amount"] + ngn["at_banks"]["amount"]
        assert ngn["ratio_bps"] == ngn["covered"]["amount"] * 10_000 // 750_000


async def test_each_address_asks_for_its_permission(world: World) -> None:
    support = await person(world, Role.SUPPORT)
    for path in ("imports", "runs", f"runs/run_{'0' * 26}", "breaks", f"breaks/brk_{'0' * 26}", "safeguarding"):
        assert (await support.get(f"{PATH}/{path}")).status_code == 403, path
    assert (await hand_in(support, day=yesterday(world))).status_code == 403
    for path, body in (
        ("runs", {}),
        (f"breaks/brk_{'0' * 26}/assign", {"admin_id": None}),
        (f"breaks/brk_{'0' * 26}/resolve", {"resolution": "timing", "note": "x"}),
    ):
        assert (await support.post(f"{PATH}/{path}", body)).status_code == 403, path


async def admin_id(world: World) -> str:
    return show_id("adm", await world.database.value("SELECT id FROM admins WHERE email = 'admin@kro.example'"))
