"""Admins find people, see what they see, and stop them at once; every look is on record."""

from __future__ import annotations

from typing import Any

import pytest

from admin_desk import Admin, at_desk
from kro.core.actor import Actor, ActorKind, SessionEndedError
from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro_api import BUYER_PHONE, STRANGER_PHONE, Person, World
from order_steps import accepted, created, funded, proposal, quoted

WHY = {"reason": "Ticket 4711: the account was taken over"}


async def id_of(person: Person) -> str:
    return str((await person.get("/me")).json()["id"])


async def found(admin: Admin, **query: Any) -> list[dict[str, Any]]:
    reply = await admin.get("/admin/users", **query)
    assert reply.status_code == 200, reply.text
    rows: list[dict[str, Any]] = reply.json()["data"]
    return rows


async def traces(world: World, *actions: str) -> list[tuple[str, str, str | None]]:
    rows = await world.database.rows(
        "SELECT action, result, reason FROM audit_log WHERE action = ANY($1) ORDER BY at, id", list(actions)
    )
    return [(row["action"], row["result"], row["reason"]) for row in rows]


class TestLooking:
    async def test_finds_people_by_what_is_known_of_them(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT)
        await world.database.execute("UPDATE users SET email = 'Ada@Example.com' WHERE phone = $1", BUYER_PHONE)
        buyer = await id_of(world.buyer)

        for query in (
            {"id": buyer},
            {"phone": "0803 111 0001"},
            {"email": "ada@example.COM"},
            {"name": "test buy"},
            {"name": "Buyer", "status": "active", "kyc_tier": 1},
        ):
            (one,) = await found(support, **query)
            assert (one["id"], one["phone"], one["email"]) == (buyer, "+234******0001", "A***@E***"), query
        assert await found(support, name="nobody of that name") == []
        assert await found(support, name="&|!():*'") == []
        assert await found(support, status="suspended") == []
        first = (await support.get("/admin/users", name="Test", limit=2)).json()
        rest = (await support.get("/admin/users", name="Test", limit=2, cursor=first["next_cursor"])).json()
        assert len({user["id"] for user in first["data"] + rest["data"]}) == 3
        assert rest["has_more"] is False
        # The trace says how somebody was searched for and names nobody.
        told = await world.database.rows("SELECT detail::text AS d FROM audit_log WHERE action = 'user.search'")
        assert len(told) == 10
        assert not any("ada" in row["d"].lower() or "1110001" in row["d"] for row in told)

        for query, pointer in (({"phone": "12"}, "query:phone"), ({"id": "ord_1"}, "query:id"), ({"name": "x"}, None)):
            reply = await support.get("/admin/users", **query)
            assert reply.status_code == 422, query
            if pointer:
                assert reply.json()["errors"][0]["pointer"] == pointer

    async def test_shows_a_file_and_personal_data_only_for_a_reason(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT)
        compliance = await at_desk(world, Role.COMPLIANCE, email="compliance@kro.example")
        await funded(world)
        path = f"/admin/users/{await id_of(world.buyer)}"

        file = (await support.get(path)).json()
        assert file["orders"]["buyer"]["in_progress"] == 1
        assert file["balances"][0]["in_escrow"]["amount"] > 0
        assert (file["live_sessions"], file["notes"], file["orders_on_hold"]) == (1, 0, 0)
        assert (file["phone"], "password_hash" in file) == ("+234******0001", False)
        assert (await support.get(f"{path}/personal", **WHY)).status_code == 403
        assert (await compliance.get(f"{path}/personal")).status_code == 422
        assert (await compliance.get(f"{path}/personal", **WHY)).json()["phone"] == BUYER_PHONE
        nobody = f"usr_{'0' * 26}"
        for missing in ("", "/sessions", "/notes", "/audit-trail"):
            assert (await compliance.get(f"/admin/users/{nobody}{missing}")).status_code == 404, missing
        assert (await compliance.get(f"/admin/users/{nobody}/personal", **WHY)).status_code == 404

        assert await traces(world, "user.read", "user.read_personal") == [
            ("user.read", "done", None),
            ("user.read_personal", "done", WHY["reason"]),
            ("user.read", "refused", None),
            ("user.read_personal", "refused", WHY["reason"]),
        ]
        trail = (await compliance.get(f"{path}/audit-trail")).json()["data"]
        assert {"user.logged_in", "user.read", "user.read_personal"} <= {row["action"] for row in trail}

    async def test_keeps_notes_that_only_admins_see(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT)
        approver = await at_desk(world, Role.APPROVER, email="approver@kro.example")
        path = f"/admin/users/{await id_of(world.buyer)}/notes"

        for text in ("Called.\nWas friendly.", "Called again."):
            assert (await support.post(path, {"text": text})).status_code == 201
        assert (await approver.post(path, {"text": "no"})).status_code == 403

        notes = (await support.get(path)).json()["data"]
        assert [note["text"] for note in notes] == ["Called again.", "Called.\nWas friendly."]
        assert notes[0]["admin_name"] == "Test Support"
        logged = await world.database.value("SELECT string_agg(detail::text, '') FROM audit_log")
        assert "friendly" not in logged


class TestViewingAsAUser:
    async def test_shows_what_the_users_own_routes_show(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT)
        order = await funded(world)
        await world.work()
        path = f"/admin/users/{await id_of(world.buyer)}/view"

        for own, viewed in (
            ("/orders", "/orders"),
            (f"/orders/{order['id']}", f"/orders/{order['id']}"),
            ("/balance", "/balance"),
            ("/me/notifications", "/notifications"),
        ):
            seen = (await support.get(f"{path}{viewed}", **WHY)).json()
            assert seen == (await world.buyer.get(own)).json(), own
        profile = (await support.get(f"{path}/profile", **WHY)).json()
        assert profile == (await world.buyer.get("/me")).json() | {"phone": "+234******0001"}

        looks = await world.database.rows(
            "SELECT detail->>'what' AS what, reason FROM audit_log WHERE action = 'user.view' ORDER BY at, id"
        )
        assert [row["what"] for row in looks] == ["orders", "order", "balance", "notifications", "profile"]
        assert {row["reason"] for row in looks} == {WHY["reason"]}

    async def test_needs_a_permission_a_reason_and_a_user_and_shows_nothing_of_others(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT)
        approver = await at_desk(world, Role.APPROVER, email="approver@kro.example")
        order = await accepted(world)
        stranger, buyer = await id_of(world.stranger), await id_of(world.buyer)

        for part in ("profile", "orders", "balance", "notifications", f"orders/{order['id']}"):
            path = f"/admin/users/{buyer}/view/{part}"
            assert (await approver.get(path, **WHY)).status_code == 403, part
            assert (await support.get(path)).status_code == 422, part
            assert (await world.buyer.get(path, **WHY)).status_code == 401, part
            assert (await support.get(path.replace(buyer, f"usr_{'0' * 26}"), **WHY)).status_code == 404, part
        reply = await support.get(f"/admin/users/{stranger}/view/orders/{order['id']}", **WHY)
        assert (reply.status_code, reply.json()["code"]) == (404, "order_not_found")

    async def test_cannot_change_anything(self, world: World) -> None:
        """Whoever is seen through has no session: every command's own load refuses."""
        order = await accepted(world)
        buyer = read_id("usr", await id_of(world.buyer))
        viewed = Actor(kind=ActorKind.USER, id=buyer, viewed_by=buyer)
        orders = world.application.orders

        assert await orders.repository.view(read_id("ord", order["id"]), actor=viewed) is not None
        with pytest.raises(SessionEndedError):
            await orders.repository.load(read_id("ord", order["id"]), actor=viewed, key=None)
        methods = {
            method
            for template, operations in world.api.openapi()["paths"].items()
            if "/view/" in template
            for method in operations
        }
        assert methods == {"get"}


class TestSuspending:
    async def test_stops_a_person_at_once_everywhere(self, world: World) -> None:
        compliance = await at_desk(world, Role.COMPLIANCE)
        order, waiting = await funded(world), await created(world)
        buyer = await id_of(world.buyer)
        quote = await quoted(world)

        reply = await compliance.post(f"/admin/users/{buyer}/suspend", WHY)

        assert (reply.status_code, reply.json()) == (200, {"ended_sessions": 1})
        money = {"amount": {"amount": 100_000, "currency": "NGN"}}
        for path, body in (
            ("/orders", proposal(quote)),
            (f"/orders/{order['id']}/approve", None),
            (f"/orders/{order['id']}/partial-releases", money),
            (f"/orders/{order['id']}/issues", {"category": "other", "statement": "It was like that."}),
            (f"/orders/{order['id']}/messages", {"text": "hello"}),
            ("/payouts", {"bank_account_id": f"bnk_{'0' * 26}", **money}),
            ("/balance/top-ups", money),
            ("/refunds", {"payment_id": f"pay_{'0' * 26}"}),
            ("/me/bank-accounts", {"bank_code": "058", "account_number": "0123456789"}),
        ):
            refused = await world.buyer.post(path, body)
            assert (refused.status_code, refused.json()["code"]) == (401, "session_ended"), path
        for path in ("/me", "/orders", "/balance", f"/orders/{order['id']}"):
            assert (await world.buyer.get(path)).status_code == 401, path
        login = {"phone": BUYER_PHONE, "password": "correct horse battery"}
        again = await world.http.post("/v1/auth/login", json=login)
        assert (again.status_code, again.json()["code"]) == (403, "account_not_active")

        # The order goes on by the other party and by its deadlines.
        assert (await world.seller.post(f"/orders/{order['id']}/messages", {"text": "hello?"})).status_code == 201
        cancelled = await world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "cannot deliver"})
        assert cancelled.json()["status"] == "refunded", cancelled.text
        await world.pass_time(waiting["id"], hours=73)
        assert (await world.seller.get(f"/orders/{waiting['id']}")).json()["status"] == "expired"
        assert await world.violations() == {}

    async def test_is_for_active_accounts_and_undone_without_old_sessions(self, world: World) -> None:
        compliance = await at_desk(world, Role.COMPLIANCE)
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")
        path = f"/admin/users/{await id_of(world.buyer)}"

        assert (await support.post(f"{path}/suspend", WHY)).status_code == 403
        assert (await compliance.post(f"{path}/suspend", {"reason": "x"})).status_code == 422
        for step, status in (("reinstate", 409), ("suspend", 200), ("suspend", 409), ("reinstate", 200)):
            assert (await compliance.post(f"{path}/{step}", WHY)).status_code == status, step
        assert (await compliance.post(f"/admin/users/usr_{'0' * 26}/suspend", WHY)).status_code == 404
        assert (await world.buyer.get("/me")).status_code == 401
        assert (await (await world.login(BUYER_PHONE)).get("/me")).status_code == 200

        await world.database.execute("UPDATE admins SET phone = $1 WHERE email = 'desk@kro.example'", STRANGER_PHONE)
        own = await compliance.post(f"/admin/users/{await id_of(world.stranger)}/suspend", WHY)
        assert (own.status_code, own.json()["code"]) == (409, "own_account")
        assert await traces(world, "user.suspend", "user.reinstate") == [
            ("user.reinstate", "refused", "user_status"),
            ("user.suspend", "done", WHY["reason"]),
            ("user.suspend", "refused", "user_status"),
            ("user.reinstate", "done", WHY["reason"]),
            ("user.suspend", "refused", "user_not_found"),
            ("user.suspend", "refused", "own_account"),
        ]

    async def test_ends_single_sessions_and_all_of_them(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT)
        path = f"/admin/users/{await id_of(world.buyer)}/sessions"
        second = await world.login(BUYER_PHONE)

        sessions = (await support.get(path)).json()["data"]
        assert len(sessions) == 2
        theirs = (await world.seller.get("/auth/sessions")).json()["data"][0]["id"]
        assert (await support.post(f"{path}/{theirs}/end", WHY)).status_code == 404
        assert (await support.post(f"{path}/{sessions[0]['id']}/end", WHY)).json() == {"ended_sessions": 1}
        assert (await support.post(f"{path}/{sessions[0]['id']}/end", WHY)).status_code == 404
        assert (await second.get("/me")).status_code == 401
        assert (await world.buyer.get("/me")).status_code == 200

        assert (await support.post(f"{path}/end", WHY)).json() == {"ended_sessions": 1}
        assert (await world.buyer.get("/me")).status_code == 401
        assert len(await traces(world, "user.end_sessions")) == 2


class TestAdminsThemselves:
    async def test_lose_what_their_role_loses_at_once(self, world: World) -> None:
        """One guard stands before all admin routes and asks the database at each request."""
        admin = await at_desk(world, Role.COMPLIANCE)
        paths = ("/admin/users", "/admin/audit-log", "/admin/orders", "/admin/payouts", "/admin/refunds")
        for path in paths:
            assert (await admin.get(path)).status_code == 200, path
        change = "UPDATE admins SET {} WHERE email = 'desk@kro.example'"

        await world.database.execute(change.format("role_code = 'support'"))
        assert [(await admin.get(path)).status_code for path in paths] == [200, 403, 200, 403, 403]
        await world.database.execute(change.format("status = 'suspended'"))
        assert [(await admin.get(path)).json()["code"] for path in paths] == ["account_not_active"] * len(paths)
        await world.database.execute(change.format("status = 'active'"))
        await world.database.execute("UPDATE sessions SET revoked_at = now() WHERE audience = 'admin'")
        assert [(await admin.get(path)).json()["code"] for path in paths] == ["session_ended"] * len(paths)
