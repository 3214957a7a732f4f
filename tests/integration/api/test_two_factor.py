"""A user's authenticator: set up with everything that counted before, asked for from then on, good once per code."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pyotp
import pytest

from kro.core.auth.sessions import Client
from kro.core.errors import KroError
from kro.management.database.accounts import UserAccounts
from kro.management.database.records import Credentials
from kro.management.domain import FactorProof
from kro_api import BUYER_PHONE, PASSWORD, STRANGER_PHONE, World
from order_steps import user_id_of
from step_up_steps import proof, with_proof

UNKNOWN = "+2348031119999"
Made = tuple[pyotp.TOTP, list[str]]


async def started(world: World) -> dict[str, Any]:
    reply = await with_proof(world, world.buyer, "/auth/2fa", {"password": PASSWORD})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


@pytest.fixture
async def made(world: World) -> Made:
    """The buyer's authenticator and recovery codes; the code of the present step is spent by confirming."""
    totp = pyotp.TOTP((await started(world))["secret"])
    reply = await world.buyer.post("/auth/2fa/confirm", {"totp": totp.now()})
    assert reply.status_code == 200, reply.text
    return totp, reply.json()["recovery_codes"]


async def log_in(world: World, phone: str = BUYER_PHONE, password: str = PASSWORD, **more: str) -> tuple[int, str]:
    reply = await world.http.post("/v1/auth/login", json={"phone": phone, "password": password, **more})
    return reply.status_code, reply.json().get("code", "in")


async def forget_spent(world: World) -> None:
    """Let the code of the present step be good again, as if time had passed."""
    await world.database.execute("UPDATE two_factor_user SET last_used_step = 0, failures = 0")


async def linked(world: World) -> str:
    """Return the path of a link the buyer was sent to log in with."""
    await world.http.post("/v1/auth/magic-links", json={"phone": BUYER_PHONE})
    link = await world.database.value("SELECT payload FROM outbox WHERE topic = 'link'")
    token = world.application.base.cipher.open(link["sealed"], context=link["link_id"])
    return f"/v1/public/magic-links/{token}"


async def notices(world: World) -> set[str]:
    rows = await world.database.rows("SELECT payload ->> 'template' AS name FROM outbox WHERE topic = 'notify'")
    return {row["name"] for row in rows}


class TestSettingUp:
    async def test_shows_secret_and_codes_once_and_ends_other_sessions(self, world: World) -> None:
        elsewhere = await world.login(BUYER_PHONE)
        made = await started(world)
        before = (await world.buyer.get("/auth/2fa")).json()
        confirmed = await world.buyer.post("/auth/2fa/confirm", {"totp": pyotp.TOTP(made["secret"]).now()})

        codes = confirmed.json()["recovery_codes"]
        assert before == {"enabled": False, "confirmed_at": None, "recovery_codes_left": 0}
        assert (await world.buyer.get("/auth/2fa")).json()["recovery_codes_left"] == 10
        assert made["uri"].startswith("otpauth://totp/KRO:")
        assert made["qr_svg"].startswith("<svg")
        assert len(made["secret"]) == 32
        assert len({code.replace("-", "") for code in codes if len(code.replace("-", "")) * 5 >= 80}) == 10
        assert confirmed.headers["cache-control"] == "no-store"
        assert (await elsewhere.get("/me")).status_code == 401
        assert (await world.buyer.get("/me")).status_code == 200
        assert "two_factor_on" in await notices(world)
        kept = await world.database.value("SELECT string_agg(t::text, '') FROM two_factor_user AS t")
        kept += await world.database.value("SELECT string_agg(r::text, '') FROM recovery_codes AS r")
        assert made["secret"] not in kept
        assert not any(code in kept for code in codes)

    async def test_takes_password_and_proof(self, world: World) -> None:
        wrong = await world.buyer.post("/auth/2fa", {"password": "not the password"})
        without = await world.buyer.post("/auth/2fa", {"password": PASSWORD})

        assert (wrong.status_code, wrong.json()["code"]) == (422, "password_incorrect")
        assert (without.status_code, without.json()["step_up"]["action"]) == (403, "add_authenticator")
        assert await world.database.value("SELECT count(*) FROM two_factor_user") == 0

    async def test_counts_for_nothing_until_it_is_confirmed(self, world: World) -> None:
        await started(world)
        wrong = [await world.buyer.post("/auth/2fa/confirm", {"totp": "000000"}) for _ in range(6)]

        assert [reply.json()["code"] for reply in wrong] == ["two_factor_incorrect"] * 5 + ["two_factor_not_set_up"]
        assert await log_in(world) == (200, "in")

    async def test_is_done_once(self, world: World, made: Made) -> None:
        again = await world.buyer.post("/auth/2fa", {"password": PASSWORD})

        assert (again.status_code, again.json()["code"]) == (409, "two_factor_exists")

    async def test_a_proof_begins_it_once(self, world: World) -> None:
        body = {"password": PASSWORD, "step_up": await proof(world, world.buyer, _TASK)}

        seen = Counter([(await world.buyer.post("/auth/2fa", body)).status_code for _ in range(2)])

        assert seen == {201: 1, 410: 1}


_TASK = {"action": "add_authenticator", "target": "", "amount": None}


class TestLogin:
    async def test_asks_for_a_code_only_who_knows_the_password(self, world: World, made: Made) -> None:
        totp, _ = made
        await forget_spent(world)
        code = totp.now()

        assert await log_in(world) == (401, "two_factor_required")
        assert await log_in(world, password="wrong") == (401, "invalid_credentials")
        assert await log_in(world, password="wrong", totp=code) == (401, "invalid_credentials")
        assert await log_in(world, UNKNOWN, totp=code) == (401, "invalid_credentials")
        assert await log_in(world, totp=code) == (200, "in")
        assert await log_in(world, totp=code) == (422, "two_factor_incorrect")

    async def test_is_no_cheaper_to_guess_passwords_at(self, world: World, made: Made) -> None:
        seen = Counter([await log_in(world) for _ in range(12)])

        assert seen == {(401, "two_factor_required"): 10, (429, "rate_limited"): 2}

    async def test_who_has_none_needs_none(self, world: World, made: Made) -> None:
        assert await log_in(world, STRANGER_PHONE) == (200, "in")

    async def test_rests_after_five_wrong_codes_and_a_recovery_code_still_opens(self, world: World, made: Made) -> None:
        _, codes = made
        seen = [await log_in(world, totp="000000") for _ in range(6)]
        opened = await log_in(world, recovery_code=codes[0].lower().replace("-", " "))
        refused = await world.database.rows(
            "SELECT reason, count(*) FROM audit_log WHERE action = 'user.login' AND result = 'refused' GROUP BY 1"
        )

        assert seen == [(422, "two_factor_incorrect")] * 5 + [(429, "two_factor_locked")]
        assert opened == (200, "in")
        assert "recovery_code_used" in await notices(world)
        assert dict(refused) == {"two_factor_incorrect": 5, "two_factor_locked": 1}

    async def test_a_link_stands_for_the_password_and_waits_for_the_code(self, world: World, made: Made) -> None:
        totp, _ = made
        await forget_spent(world)
        path = await linked(world)

        page = await world.http.get(path)
        without = await world.http.post(path)
        wrong = await world.http.post(path, data={"code": "000000"})
        opened = await world.http.post(path, data={"code": totp.now()})
        again = await world.http.post(path, data={"code": totp.now()})

        assert 'name="code"' in page.text
        assert [(reply.status_code, reply.json().get("code")) for reply in (without, wrong)] == [
            (401, "two_factor_required"),
            (422, "two_factor_incorrect"),
        ]
        assert opened.status_code == 200
        assert opened.json()["access_token"]
        assert again.status_code == 410

    async def test_a_link_and_a_recovery_code_open_once(self, world: World, made: Made) -> None:
        _, codes = made
        path = await linked(world)

        seen = [(await world.http.post(path, data={"code": code})).status_code for code in ("AAAA-BBBB-CCCC", codes[0])]

        assert seen == [422, 200]
        assert (await world.http.post(path, data={"code": codes[1]})).status_code == 410

    async def test_a_link_is_no_way_to_guess_codes(self, world: World, made: Made) -> None:
        path = await linked(world)

        seen = Counter(
            [(await world.http.post(path, data={"code": f"WRONG-{number}"})).status_code for number in range(12)]
        )

        assert seen == {422: 10, 429: 2}

    async def test_one_code_of_a_thousand_logins_opens_one(self, world: World, made: Made) -> None:
        await forget_spent(world)
        accounts, credentials = UserAccounts(world.database), await _credentials(world)
        step = int(world.application.clock.now().timestamp()) // 30
        sessions = world.application.identity.accounts.logins._sessions

        async def enter() -> bool:
            opened = await accounts.open_session(
                credentials,
                token=sessions.draw(),
                policy=sessions.policy,
                client=Client(),
                renewed_hash=None,
                record='{"writes": []}',
                step=step,
            )
            return opened is not None

        assert sum(await asyncio.gather(*(enter() for _ in range(1_000)))) == 1

    async def test_without_a_code_no_session_opens_whatever_is_asked(self, world: World, made: Made) -> None:
        sessions = world.application.identity.accounts.logins._sessions

        opened = await UserAccounts(world.database).open_session(
            await _credentials(world),
            token=sessions.draw(),
            policy=sessions.policy,
            client=Client(),
            renewed_hash=None,
            record='{"writes": []}',
        )

        assert opened is None


async def _credentials(world: World) -> Credentials:
    found = await UserAccounts(world.database).credentials(phone=BUYER_PHONE, email=None)
    assert found is not None
    return found


class TestRecoveryCodes:
    async def test_of_fifty_logins_with_one_code_one_gets_in(self, world: World, made: Made) -> None:
        _, codes = made
        await world.database.execute("DELETE FROM rate_limits")
        logins = world.application.identity.accounts.logins
        found = await _credentials(world)

        async def enter() -> str:
            try:
                await logins._enter(found, client=Client(), factor=FactorProof(recovery_code=codes[0]))
            except KroError as error:
                return error.code
            return "in"

        assert Counter(await asyncio.gather(*(enter() for _ in range(50)))) == {"in": 1, "two_factor_incorrect": 49}

    async def test_are_renewed_as_a_set(self, world: World, made: Made) -> None:
        totp, old = made
        await forget_spent(world)
        code = totp.now()

        renewed = await world.buyer.post("/auth/2fa/recovery-codes", {"totp": code})
        again = await world.buyer.post("/auth/2fa/recovery-codes", {"totp": code})

        new = renewed.json()["recovery_codes"]
        assert (again.status_code, again.json()["code"]) == (422, "two_factor_incorrect")
        assert set(new).isdisjoint(old)
        assert await log_in(world, recovery_code=old[0]) == (422, "two_factor_incorrect")
        assert await log_in(world, recovery_code=new[0]) == (200, "in")
        assert await log_in(world, recovery_code=new[0]) == (422, "two_factor_incorrect")

    async def test_prove_nothing_but_a_login(self, world: World, made: Made) -> None:
        _, codes = made
        body = {"bank_code": "058", "account_number": "2000000005", "step_up": {"code": codes[0]}}

        assert (await world.buyer.post("/me/bank-accounts", body)).status_code == 422


class TestGivingItUp:
    @pytest.mark.parametrize("by", ["totp", "recovery_code"])
    async def test_takes_the_factor_itself_and_lets_payouts_rest(self, world: World, made: Made, by: str) -> None:
        totp, codes = made
        await forget_spent(world)
        elsewhere = await world.http.post(
            "/v1/auth/login", json={"phone": BUYER_PHONE, "password": PASSWORD, "recovery_code": codes[9]}
        )
        right = {"totp": totp.now(), "recovery_code": codes[0]}[by]

        wrong = await world.buyer.post("/auth/2fa/disable", {by: {"totp": "000000"}.get(by, "A" * 16)})
        gone = await world.buyer.post("/auth/2fa/disable", {by: right})
        again = await world.buyer.post("/auth/2fa/disable", {by: right})

        token = elsewhere.json()["access_token"]
        stale = await world.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert (wrong.status_code, gone.status_code, stale.status_code) == (422, 204, 401)
        assert again.status_code in {409, 422}
        assert (await world.buyer.get("/auth/2fa")).json()["enabled"] is False
        assert await log_in(world) == (200, "in")
        assert "two_factor_off" in await notices(world)
        me = user_id_of((await world.buyer.get("/me")).json())
        assert await _rests(world, me)

    async def test_needs_one_of_the_two(self, world: World, made: Made) -> None:
        for body in ({}, {"totp": "000000", "recovery_code": "A" * 16}):
            assert (await world.buyer.post("/auth/2fa/disable", body)).status_code == 422


async def _rests(world: World, user_id: UUID) -> bool:
    changed = await world.database.value("SELECT credentials_changed_at FROM users WHERE id = $1", user_id)
    return changed is not None


class TestChangesOfWaysIn:
    COMMANDS = (
        ("/auth/password/change", {"current_password": PASSWORD, "password": "another-kettle-42"}, 204),
        ("/me/contact-changes", {"phone": "+2348051234567", "password": PASSWORD}, 202),
    )

    @pytest.mark.parametrize(("path", "body", "done"), COMMANDS)
    async def test_take_the_authenticator_of_who_has_one(
        self, world: World, made: Made, path: str, body: dict[str, str], done: int
    ) -> None:
        totp, _ = made
        await forget_spent(world)
        missing = await world.buyer.post(path, body)
        wrong = await world.buyer.post(path, {**body, "step_up": {"code": "000000"}})
        right = await world.buyer.post(path, {**body, "step_up": {"code": totp.now()}})

        assert (missing.status_code, missing.json()["step_up"]["methods"]) == (403, ["totp"])
        assert (wrong.status_code, wrong.json()["code"]) == (422, "two_factor_incorrect")
        assert right.status_code == done
        assert await world.database.value("SELECT last_used_step FROM two_factor_user") > 0, "the code is used up"

    @pytest.mark.parametrize(("path", "body", "done"), COMMANDS)
    async def test_take_nothing_more_of_who_has_none(
        self, world: World, path: str, body: dict[str, str], done: int
    ) -> None:
        assert (await world.buyer.post(path, body)).status_code == done
