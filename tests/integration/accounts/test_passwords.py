from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.integration.accounts.ways import (
    MAILBOX,
    NEW_PASSWORD,
    can_log_in,
    code_in,
    last_text,
    post,
    prove_mail,
    token_in,
)

from kro_api import BUYER_PHONE, PASSWORD, World
from order_steps import put_money
from step_up_steps import add_bank_account

UNKNOWN = "+2348051234567"


async def forgot(world: World, **by: str) -> dict[str, Any]:
    reply = await post(world, "/auth/password/forgot", by)
    assert reply.status_code == 202, reply.text
    await world.work()
    answer: dict[str, Any] = reply.json()
    return answer


async def mail_of(world: World, template: str) -> list[str]:
    return [mail.text for mail in world.email.sent if mail.category == template]


class TestForgotten:
    async def test_a_code_by_text_sets_a_new_password_and_ends_every_session(self, world: World) -> None:
        started = await forgot(world, phone=BUYER_PHONE)
        code = code_in(last_text(world))
        reset = {"challenge_id": started["challenge_id"], "code": code, "password": NEW_PASSWORD}

        assert (await post(world, "/auth/password/reset", reset)).status_code == 204

        assert (await world.buyer.get("/me")).json()["code"] == "session_ended"
        assert not await can_log_in(world, PASSWORD, phone=BUYER_PHONE)
        assert await can_log_in(world, NEW_PASSWORD, phone=BUYER_PHONE)
        again = await post(world, "/auth/password/reset", reset)
        assert (again.status_code, again.json()["code"]) == (410, "otp_expired")
        await world.work()
        assert "password was changed" in last_text(world)
        audit = await world.database.row("SELECT * FROM audit_log WHERE action = 'user.password_changed'")
        assert audit["detail"] == {"by": "code"}
        assert (await world.seller.get("/me")).status_code == 200

    async def test_a_link_by_mail_does_the_same_on_its_own_page(self, world: World) -> None:
        await prove_mail(world, BUYER_PHONE)
        started = await forgot(world, email=" Buyer@Example.com ")
        assert started["challenge_id"] is None
        token = token_in(world.email.sent[-1].text)
        path = f"/v1/public/password-resets/{token}"

        page = await world.http.get(path)
        assert "New password" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert token not in page.text
        assert (await world.http.get(path)).status_code == 200
        weak = await world.http.post(path, data={"password": "password"})
        assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
        assert (await world.http.post(path, data={"password": NEW_PASSWORD})).status_code == 200

        assert await can_log_in(world, NEW_PASSWORD, email=MAILBOX)
        assert (await world.buyer.get("/me")).json()["code"] == "session_ended"
        assert (await world.http.get(path)).status_code == 410
        assert (await world.http.post(path, data={"password": NEW_PASSWORD})).status_code == 410

    async def test_what_was_sent_before_a_change_opens_nothing_after_it(self, world: World) -> None:
        await prove_mail(world, BUYER_PHONE)
        started = await forgot(world, phone=BUYER_PHONE)
        code = code_in(last_text(world))
        await forgot(world, email=MAILBOX)
        token = token_in(world.email.sent[-1].text)
        changed = await world.buyer.post(
            "/auth/password/change", {"current_password": PASSWORD, "password": NEW_PASSWORD}
        )
        assert changed.status_code == 204

        by_code = {"challenge_id": started["challenge_id"], "code": code, "password": "third-kettle-42"}
        assert (await post(world, "/auth/password/reset", by_code)).status_code == 410
        by_link = {"token": token, "password": "third-kettle-42"}
        assert (await post(world, "/auth/password/reset", by_link)).status_code == 410
        assert await can_log_in(world, NEW_PASSWORD, phone=BUYER_PHONE)

    async def test_nobody_learns_whether_there_is_an_account(self, world: World) -> None:
        await world.database.execute("UPDATE users SET email = $2 WHERE phone = $1", BUYER_PHONE, MAILBOX)
        known, unknown = await forgot(world, phone=BUYER_PHONE), await forgot(world, phone=UNKNOWN)
        unproven, nobodys = await forgot(world, email=MAILBOX), await forgot(world, email="nobody@example.com")

        assert len(world.sms.sent) == 1
        assert world.email.sent == []
        for one, other in ((known, unknown), (unproven, nobodys)):
            assert {**one, "challenge_id": None} == {**other, "challenge_id": None}
        for answer in (known, unknown):
            guess = {"challenge_id": answer["challenge_id"], "code": "000000", "password": NEW_PASSWORD}
            replies = [await post(world, "/auth/password/reset", guess) for _ in range(6)]
            assert [reply.status_code for reply in replies] == [422] * 5 + [410]
        logged = await world.database.rows("SELECT user_id, channel, used_at FROM magic_link_logs")
        assert [tuple(row) for row in logged] == [(None, "mail", None)] * 2

    async def test_a_code_works_for_nothing_but_what_it_was_sent_for(self, world: World) -> None:
        started = await forgot(world, phone=BUYER_PHONE)
        code = {"challenge_id": started["challenge_id"], "code": code_in(last_text(world))}

        assert (await post(world, "/auth/otp/verify", code)).status_code == 410

    async def test_fifty_at_once_with_one_code_set_one_password(self, world: World) -> None:
        started = await forgot(world, phone=BUYER_PHONE)
        code = code_in(last_text(world))
        await world.database.execute("UPDATE verification_codes SET tries = -100")
        bodies = [
            {"challenge_id": started["challenge_id"], "code": code, "password": f"kettle-number-{n:02}"}
            for n in range(50)
        ]

        replies = await asyncio.gather(*(post(world, "/auth/password/reset", body) for body in bodies))

        assert sorted(reply.status_code for reply in replies) == [204] + [410] * 49
        count = "SELECT count(*) FROM audit_log WHERE action = 'user.password_changed'"
        assert await world.database.value(count) == 1

    @pytest.mark.parametrize("body", [{}, {"code": "123456"}, {"token": "x", "code": "123456"}])
    async def test_needs_one_whole_proof(self, world: World, body: dict[str, str]) -> None:
        reply = await post(world, "/auth/password/reset", {**body, "password": NEW_PASSWORD})

        assert (reply.status_code, reply.json()["code"]) == (422, "validation_failed")


class TestChanged:
    async def test_ends_the_other_sessions_and_keeps_this_one(self, world: World) -> None:
        other = await world.login(BUYER_PHONE)
        wrong = {"current_password": "wrong-kettle-42", "password": NEW_PASSWORD}
        refused = await world.buyer.post("/auth/password/change", wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "password_incorrect")

        right = {"current_password": PASSWORD, "password": NEW_PASSWORD}
        assert (await world.buyer.post("/auth/password/change", right)).status_code == 204

        assert (await world.buyer.get("/me")).status_code == 200
        assert (await other.get("/me")).json()["code"] == "session_ended"

    async def test_ten_wrong_ones_are_enough(self, world: World) -> None:
        wrong = {"current_password": "wrong-kettle-42", "password": NEW_PASSWORD}
        replies = [await world.buyer.post("/auth/password/change", wrong) for _ in range(11)]

        assert [reply.status_code for reply in replies] == [422] * 10 + [429]

    async def test_takes_no_password_that_is_about_the_person(self, world: World) -> None:
        body = {"current_password": PASSWORD, "password": BUYER_PHONE}

        assert (await world.buyer.post("/auth/password/change", body)).json()["code"] == "weak_password"


class TestPayouts:
    async def test_rest_after_a_change(self, cooling_world: World) -> None:
        world = cooling_world
        account = await add_bank_account(world, world.buyer)
        await world.database.execute("UPDATE bank_accounts SET usable_from = now() - interval '1 day'")
        await put_money(world, 500_000)
        wanted = {"bank_account_id": account["id"], "amount": {"amount": 100_000, "currency": "NGN"}}
        assert (await world.buyer.post("/payouts", wanted)).status_code == 202
        right = {"current_password": PASSWORD, "password": NEW_PASSWORD}
        assert (await world.buyer.post("/auth/password/change", right)).status_code == 204

        refused = await world.buyer.post("/payouts", wanted)

        assert (refused.status_code, refused.json()["code"]) == (409, "payouts_rest")
        assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
        await world.database.execute("UPDATE users SET credentials_changed_at = now() - interval '25 hours'")
        assert (await world.buyer.post("/payouts", wanted)).status_code == 202
