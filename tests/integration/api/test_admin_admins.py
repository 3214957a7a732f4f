"""Admins come in by invitation, and change only by the hand of others who prove who they are."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx2
import pyotp
import pytest

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro.core.ids import show_id
from kro_api import PASSWORD, World

NEW = {"email": "new@kro.example", "name": "New Approver", "role": "approver", "reason": "Joins the team on Monday"}
WHY = "Joins another team"


@pytest.fixture
async def boss(world: World) -> Admin:
    return await at_desk(world, Role.SUPER, email="boss@kro.example")


@pytest.fixture
async def second(world: World) -> Admin:
    return await at_desk(world, Role.SUPER, email="second@kro.example")


@pytest.fixture
async def officer(world: World) -> Admin:
    return await at_desk(world, Role.FINANCE, email="officer@kro.example")


async def id_of(world: World, email: str) -> str:
    return show_id("adm", await world.database.value("SELECT id FROM admins WHERE email = $1", email))


async def token_of(world: World, purpose: str) -> str:
    payload = await world.database.value(
        "SELECT payload FROM outbox WHERE topic = 'link' AND payload ->> 'purpose' = $1", purpose
    )
    return world.application.base.cipher.open(payload["sealed"], context=payload["link_id"])


async def forget_spent(world: World) -> None:
    """Let codes be good again, as if time had passed."""
    await world.database.execute("UPDATE two_factor_admin SET last_used_step = 0, failures = 0")


async def enrol(world: World, step: str, **body: str) -> httpx2.Response:
    return await world.http.post(f"/v1/admin/auth/enrolment/{step}", json=body)


async def log_in(world: World, email: str, **body: str) -> int:
    reply = await world.http.post("/v1/admin/auth/login", json={"email": email, "password": PASSWORD, **body})
    return reply.status_code


async def enrolled(world: World, token: str) -> tuple[pyotp.TOTP, list[str]]:
    started = await enrol(world, "start", token=token, password=PASSWORD)
    assert started.status_code == 201, started.text
    totp = pyotp.TOTP(started.json()["secret"])
    confirmed = await enrol(world, "confirm", token=token, totp=totp.now())
    assert confirmed.status_code == 200, confirmed.text
    return totp, confirmed.json()["recovery_codes"]


class TestInvitation:
    async def test_makes_an_admin_by_password_and_authenticator(self, world: World, boss: Admin) -> None:
        invited = await boss.post("/admin/admins/enrolments", {**NEW, "totp": boss.code()})
        assert invited.status_code == 201, invited.text
        token = await token_of(world, "admin_invite")
        before = await log_in(world, NEW["email"], totp="000000")
        _, codes = await enrolled(world, token)

        listed = (await boss.get("/admin/admins")).json()["data"]
        found = next(admin for admin in listed if admin["email"] == NEW["email"])
        assert before == 401
        assert (found["role"], found["status"], found["has_authenticator"]) == ("approver", "active", True)
        assert found["id"] == invited.json()["admin_id"]
        assert len(set(codes)) == 10
        assert await log_in(world, NEW["email"], recovery_code=codes[0]) == 200
        assert await log_in(world, NEW["email"], recovery_code=codes[0]) == 401
        ended = (await boss.get("/admin/admins/enrolments")).json()["data"][0]
        assert ended["end_reason"] == "accepted"
        again = [
            await enrol(world, "start", token=token, password=PASSWORD),
            await enrol(world, "confirm", token=token, totp="000000"),
        ]
        assert [reply.status_code for reply in again] == [410, 410]
        kept = await world.database.value("SELECT string_agg(e::text, '') FROM admin_enrolments AS e")
        assert token not in kept

    async def test_takes_a_code_of_who_invites_each_time(self, world: World, boss: Admin, officer: Admin) -> None:
        code = boss.code()
        first = await boss.post("/admin/admins/enrolments", {**NEW, "totp": code})
        replayed = await boss.post("/admin/admins/enrolments", {**NEW, "email": "other@kro.example", "totp": code})
        denied = await officer.post("/admin/admins/enrolments", {**NEW, "totp": officer.code()})
        taken = await boss.post(
            "/admin/admins/enrolments", {**NEW, "email": "BOSS@kro.example", "totp": boss.code(step=1)}
        )

        assert (first.status_code, replayed.status_code, denied.status_code) == (201, 422, 403)
        assert replayed.json()["code"] == "two_factor_incorrect"
        assert (taken.status_code, taken.json()["code"]) == (409, "admin_exists")
        refused = "SELECT reason FROM audit_log WHERE action = 'admin.invited' AND result = 'refused'"
        assert await world.database.value(refused) == "two_factor_incorrect"

    async def test_runs_out_is_taken_back_and_dies_with_who_invited(self, world: World, boss: Admin) -> None:
        invited = await boss.post("/admin/admins/enrolments", {**NEW, "totp": boss.code()})
        token = await token_of(world, "admin_invite")

        async def opens() -> int:
            return (await enrol(world, "start", token=token, password=PASSWORD)).status_code

        assert await opens() == 201
        await world.database.execute("UPDATE admins SET status = 'suspended' WHERE email = 'boss@kro.example'")
        assert await opens() == 410
        await world.database.execute("UPDATE admins SET status = 'active' WHERE email = 'boss@kro.example'")
        await world.database.execute("UPDATE admin_enrolments SET expires_at = now() - interval '1 second'")
        assert await opens() == 410
        await world.database.execute("UPDATE admin_enrolments SET expires_at = now() + interval '1 hour'")
        revoked = await boss.post(f"/admin/admins/enrolments/{invited.json()['id']}/revoke")
        assert (revoked.status_code, await opens()) == (200, 410)

    async def test_gives_five_tries_and_accepts_no_weak_password(self, world: World, boss: Admin) -> None:
        await boss.post("/admin/admins/enrolments", {**NEW, "totp": boss.code()})
        token = await token_of(world, "admin_invite")
        weak = await enrol(world, "start", token=token, password="password1")
        await enrol(world, "start", token=token, password=PASSWORD)

        seen = [(await enrol(world, "confirm", token=token, totp="000000")).status_code for _ in range(6)]

        assert weak.status_code == 422
        assert seen == [422] * 5 + [410]
        assert await world.database.value("SELECT count(*) FROM admins WHERE email = $1", NEW["email"]) == 0


class TestChange:
    async def test_a_suspended_admin_is_out_at_once(self, world: World, boss: Admin, officer: Admin) -> None:
        path = f"/admin/admins/{await id_of(world, 'officer@kro.example')}"

        suspended = await boss.post(f"{path}/suspend", {"totp": boss.code(), "reason": WHY})
        out = await officer.get("/admin/payouts")
        await forget_spent(world)
        barred = await log_in(world, "officer@kro.example", totp=officer.code())
        await forget_spent(world)
        back = await boss.post(f"{path}/reinstate", {"totp": boss.code(), "reason": WHY})
        again = await boss.post(f"{path}/reinstate", {"totp": boss.code(step=1), "reason": WHY})

        assert suspended.json()["status"] == "suspended"
        assert (out.status_code, barred) == (401, 401)
        assert back.json()["status"] == "active"
        assert (again.status_code, again.json()["code"]) == (409, "admin_state")

    async def test_another_role_counts_at_once_and_ends_the_sessions(
        self, world: World, boss: Admin, officer: Admin
    ) -> None:
        path = f"/admin/admins/{await id_of(world, 'officer@kro.example')}"

        changed = await boss.post(f"{path}/role", {"totp": boss.code(), "reason": WHY, "role": "support"})

        assert changed.json()["role"] == "support"
        assert (await officer.get("/admin/payouts")).status_code == 401

    @pytest.mark.parametrize("change", ["suspend", "role", "two-factor-reset"])
    async def test_nobody_changes_themself(self, world: World, boss: Admin, change: str) -> None:
        path = f"/admin/admins/{await id_of(world, 'boss@kro.example')}"
        role = {"role": "support"} if change == "role" else {}

        reply = await boss.post(f"{path}/{change}", {"totp": boss.code(), "reason": WHY, **role})

        assert (reply.status_code, reply.json()["code"]) == (409, "own_account")

    async def test_of_two_who_suspend_each_other_one_stays(self, world: World, boss: Admin, second: Admin) -> None:
        await world.database.execute("UPDATE admins SET status = 'suspended' WHERE email = 'admin@kro.example'")
        paths = [
            f"/admin/admins/{await id_of(world, email)}/suspend" for email in ("second@kro.example", "boss@kro.example")
        ]
        for _ in range(3):
            await forget_spent(world)
            await world.database.execute(
                "WITH a AS (UPDATE admins SET status = 'active' WHERE email <> 'admin@kro.example') "
                "UPDATE sessions SET revoked_at = NULL, revoke_reason = NULL"
            )
            calls = [
                who.post(path, {"totp": who.code(), "reason": WHY})
                for who, path in zip((boss, second), paths, strict=True)
            ]

            seen = Counter(reply.status_code for reply in await asyncio.gather(*calls))

            left = "SELECT count(*) FROM admins WHERE role_code = 'super' AND status = 'active'"
            assert seen[200] == 1, seen
            assert await world.database.value(left) == 1


class TestNewAuthenticator:
    async def test_takes_two_persons_and_the_password(
        self, world: World, boss: Admin, second: Admin, officer: Admin
    ) -> None:
        officer_id = await id_of(world, "officer@kro.example")
        why = {"reason": "Lost the phone; identity seen on a call"}
        asked = await boss.post(f"/admin/admins/{officer_id}/two-factor-reset", {"totp": boss.code(), **why})
        agree = f"/admin/admins/enrolments/{asked.json()['id']}/agree"
        twice = await boss.post(f"/admin/admins/{officer_id}/two-factor-reset", {"totp": boss.code(step=1), **why})
        alone = await boss.post(agree, {"totp": boss.code(step=1)})
        still_in = await officer.get("/admin/payouts")
        agreed = await second.post(agree, {"totp": second.code()})
        await forget_spent(world)

        assert (asked.status_code, twice.status_code) == (201, 409)
        assert (alone.status_code, alone.json()["code"]) == (409, "second_person_needed")
        assert still_in.status_code == 200
        assert agreed.status_code == 200, agreed.text
        assert (await officer.get("/admin/payouts")).status_code == 401
        assert await log_in(world, "officer@kro.example", totp=officer.code()) == 401
        token = await token_of(world, "admin_factor_reset")
        wrong = await enrol(world, "start", token=token, password="not the password")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "password_incorrect")
        totp, _ = await enrolled(world, token)
        await forget_spent(world)
        assert await log_in(world, "officer@kro.example", totp=officer.code()) == 401
        assert await log_in(world, "officer@kro.example", totp=totp.now()) == 200

    async def test_the_database_knows_that_it_takes_two(self, world: World, boss: Admin, officer: Admin) -> None:
        officer_id = await id_of(world, "officer@kro.example")
        await boss.post(f"/admin/admins/{officer_id}/two-factor-reset", {"totp": boss.code(), "reason": WHY})

        with pytest.raises(Exception, match="two_persons"):
            await world.database.execute("UPDATE admin_enrolments SET agreed_by = asked_by")
        with pytest.raises(Exception, match="not_about_oneself"):
            await world.database.execute("UPDATE admin_enrolments SET agreed_by = subject_id")


async def test_a_recovery_code_logs_in_and_approves_nothing(world: World, boss: Admin) -> None:
    await boss.post("/admin/admins/enrolments", {**NEW, "totp": boss.code()})
    _, codes = await enrolled(world, await token_of(world, "admin_invite"))
    me: dict[str, Any] = {"email": NEW["email"], "password": PASSWORD, "recovery_code": codes[0]}
    inside = await world.http.post("/v1/admin/auth/login", json=me)
    headers = {"Authorization": f"Bearer {inside.json()['access_token']}", "Idempotency-Key": "k"}
    body = {"totp": codes[1], "approval_hash": "0" * 64}

    reply = await world.http.post(f"/v1/admin/payouts/pyt_{'0' * 26}/approve", json=body, headers=headers)

    assert inside.status_code == 200
    assert reply.status_code == 422
    alarm = "SELECT count(*) FROM outbox WHERE payload::text LIKE '%recovery code%'"
    assert await world.database.value(alarm) == 1
