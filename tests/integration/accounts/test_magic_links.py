from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.integration.accounts.ways import MAILBOX, last_text, post, prove_mail, token_in

from kro_api import BUYER_PHONE, PASSWORD, World

UNKNOWN = "+2348051234567"


async def ask(world: World, **by: str) -> None:
    reply = await post(world, "/auth/magic-links", by)
    assert (reply.status_code, reply.json()) == (202, {"expires_in_seconds": 900, "resend_after_seconds": 60})
    await world.work()


async def mailed(world: World) -> str:
    await prove_mail(world, BUYER_PHONE)
    await ask(world, email=MAILBOX)
    return token_in(world.email.sent[-1].text)


class TestLink:
    async def test_by_mail_logs_in_once_and_is_on_record(self, world: World) -> None:
        token = await mailed(world)
        path = f"/v1/public/magic-links/{token}"

        for _ in range(3):
            page = await world.http.get(path, headers={"User-Agent": "scanner"})
            assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
            assert (page.headers["Cache-Control"], token in page.text) == ("no-store", False)
        logged_in = await world.http.post(path, headers={"User-Agent": "phone"})
        again = await world.http.post(path)

        assert logged_in.json()["user"]["email"] == MAILBOX
        assert logged_in.headers["Cache-Control"] == "no-store"
        assert (again.status_code, again.json()["code"]) == (410, "link_expired")
        assert (await world.http.get(path)).status_code == 410
        row = await world.database.row("SELECT * FROM magic_link_logs")
        assert (row["purpose"], row["channel"], row["used_user_agent"]) == ("login", "mail", "phone")
        assert row["ip"] == row["used_ip"] == "127.0.0.1"
        assert row["used_at"] is not None
        stored = await world.database.value("SELECT string_agg(t::text, '') FROM magic_link_logs AS t")
        assert token not in stored
        outbox = await world.database.value("SELECT string_agg(o::text, '') FROM outbox AS o")
        assert token not in outbox
        assert MAILBOX in outbox

    async def test_by_text_goes_to_the_number(self, world: World) -> None:
        await ask(world, phone="0803 111 0001")

        token = token_in(last_text(world))
        assert (await world.http.post(f"/v1/public/magic-links/{token}")).status_code == 200

    async def test_goes_nowhere_else(self, world: World) -> None:
        await world.database.execute("UPDATE users SET email = $2 WHERE phone = $1", BUYER_PHONE, MAILBOX)

        await ask(world, email=MAILBOX)
        await ask(world, phone=UNKNOWN)

        assert (world.sms.sent, world.email.sent) == ([], [])
        assert await world.database.value("SELECT count(*) FROM magic_link_logs WHERE user_id IS NULL") == 2

    async def test_fifty_at_once_open_one_session(self, world: World) -> None:
        path = f"/v1/public/magic-links/{await mailed(world)}"
        before = await world.database.value("SELECT count(*) FROM sessions")

        replies = await asyncio.gather(*(world.http.post(path) for _ in range(50)))

        assert sorted(reply.status_code for reply in replies) == [200] + [410] * 49
        assert await world.database.value("SELECT count(*) FROM sessions") == before + 1

    @pytest.mark.parametrize(
        "meanwhile",
        [
            "UPDATE magic_link_logs SET expires_at = now()",
            "UPDATE magic_link_logs SET purpose = 'password_reset'",
            "UPDATE users SET credentials_changed_at = now()",
        ],
    )
    async def test_ends_with_its_time_its_purpose_and_the_password(self, world: World, meanwhile: str) -> None:
        path = f"/v1/public/magic-links/{await mailed(world)}"
        await world.database.execute(meanwhile)

        assert (await world.http.get(path)).status_code == 410
        assert (await world.http.post(path)).status_code == 410

    async def test_does_not_open_a_suspended_account(self, world: World) -> None:
        path = f"/v1/public/magic-links/{await mailed(world)}"
        await world.database.execute("UPDATE users SET status = 'suspended' WHERE phone = $1", BUYER_PHONE)

        assert (await world.http.post(path)).json()["code"] == "account_not_active"

    async def test_a_late_worker_sends_no_dead_link(self, world: World) -> None:
        await prove_mail(world, BUYER_PHONE)
        await post(world, "/auth/magic-links", {"email": MAILBOX})
        late = (world.application.clock.now() - timedelta(minutes=1)).isoformat()
        await world.database.execute(
            "UPDATE outbox SET payload = jsonb_set(payload, '{expires_at}', to_jsonb($1::text)) WHERE topic = 'link'",
            late,
        )
        await world.work()

        assert world.email.sent == []
        assert await world.database.value("SELECT last_error FROM outbox WHERE topic = 'link'") == "link_expired"

    async def test_three_in_ten_minutes_are_enough(self, world: World) -> None:
        for address in (MAILBOX, "nobody@example.com"):
            replies = [await post(world, "/auth/magic-links", {"email": address}) for _ in range(4)]
            assert [reply.status_code for reply in replies] == [202] * 3 + [429]


class TestSessions:
    async def test_all_others_end_at_once_with_their_refresh(self, world: World) -> None:
        login = {"phone": BUYER_PHONE, "password": PASSWORD}
        others = [(await post(world, "/auth/login", login)).json() for _ in range(2)]

        reply = await world.buyer.post("/auth/logout-others")

        assert reply.json() == {"ended": 2}
        assert (await world.buyer.get("/me")).status_code == 200
        for other in others:
            refreshed = await post(world, "/auth/refresh", {"refresh_token": other["refresh_token"]})
            assert (refreshed.status_code, refreshed.json()["code"]) == (401, "session_ended")
        assert (await world.buyer.post("/auth/logout-others")).json() == {"ended": 0}
        count = "SELECT count(*) FROM audit_log WHERE action = 'session.others_revoked'"
        assert await world.database.value(count) == 1

    @pytest.mark.parametrize("status", ["suspended", "closed"])
    async def test_a_refresh_ends_with_the_account(self, world: World, status: str) -> None:
        opened = (await post(world, "/auth/login", {"phone": BUYER_PHONE, "password": PASSWORD})).json()
        await world.database.execute("UPDATE users SET status = $2 WHERE phone = $1", BUYER_PHONE, status)

        refreshed = await post(world, "/auth/refresh", {"refresh_token": opened["refresh_token"]})

        assert (refreshed.status_code, refreshed.json()["code"]) == (401, "session_ended")
