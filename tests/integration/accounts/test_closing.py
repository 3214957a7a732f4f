from __future__ import annotations

from typing import Any

import asyncpg
import httpx2
import pytest
from tests.integration.accounts.ways import can_log_in, post, prove_mail

from admin_desk import at_desk
from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro_api import BUYER_PHONE, PASSWORD, SELLER_PHONE, Person, World
from order_steps import created, put_money

CLOSE = {"password": PASSWORD}
INVITED = """
INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier, updated_at)
VALUES ($1, '+2348051234567', '+234805', '***4567', '', 'invited', 'member', 0, now() - interval '31 days')"""
PAYOUT = """
INSERT INTO transactions (id, kind, user_id, provider, reference, currency, amount, fee, vat, status,
                          approvals_required, polls, version, created_at, updated_at)
VALUES ($1, 'payout', $2, 'paystack', 'test', 'NGN', 100, 0, 0, 'submitted', 0, 0, 1, now(), now())"""
CONSENT = """
INSERT INTO consents (id, user_id, purpose, text_version, given_at) VALUES ($1, $2, 'identity_check', '1', now())"""
CHECK = """
INSERT INTO identity_checks (id, user_id, kind, status, number_key, number_sealed, number_index, last4, first_name,
                             last_name, consent_id, attempts, version, created_at)
VALUES ($1, $2, 'bvn', 'verified', 'k', 's', 'i', '1234', 'Test', 'Buyer', $3, 1, 1, now())"""
MATCH = """
WITH list AS (
    INSERT INTO sanction_lists (id, code, format, sha256, status, entries, names, unreadable, problems, imported_at)
    VALUES ($1, 'house', 'csv', '', 'active', 1, 1, 0, '[]', now()))
INSERT INTO sanction_matches (id, user_id, list_code, list_id, entry_ref, listed_name, compared_name, source, score,
                              likely, status, version, created_at)
VALUES ($1, $2, 'house', $1, 'N1', 'Test Buyer', 'Test Buyer', 'profile', 90, false, 'dismissed', 1, now())"""
LEFT = """
SELECT count(*) FROM (SELECT user_id FROM identity_checks UNION ALL SELECT user_id FROM sanction_matches
                      UNION ALL SELECT user_id FROM user_notes UNION ALL SELECT user_id FROM notifications) AS kept
WHERE user_id = $1"""
PERSON = "SELECT * FROM users WHERE id = $1"


async def close(person: Person) -> httpx2.Response:
    return await person.post("/me/close", CLOSE)


async def reasons(person: Person) -> list[str]:
    reply = await close(person)
    assert (reply.status_code, reply.json()["code"]) == (409, "account_not_closable")
    return [error["code"] for error in reply.json()["errors"]]


async def id_of(person: Person) -> Any:
    return read_id("usr", (await person.get("/me")).json()["id"])


async def tidy(world: World, *, closed_days_ago: int) -> int:
    await world.database.execute(
        "UPDATE users SET closed_at = now() - make_interval(days => $1) WHERE closed_at IS NOT NULL", closed_days_ago
    )
    return await world.application.identity.accounts.closing.tidy(limit=100)


class TestClosing:
    async def test_ends_every_session_and_is_told(self, world: World) -> None:
        other = await world.login(BUYER_PHONE)

        assert (await close(world.buyer)).status_code == 204

        for person in (world.buyer, other):
            assert (await person.get("/me")).json()["code"] == "session_ended"
        reply = await post(world, "/auth/login", {"phone": BUYER_PHONE, "password": PASSWORD})
        assert reply.json()["code"] == "account_not_active"
        await world.work()
        assert "account was closed" in world.sms.sent[-1].text

    async def test_is_refused_with_everything_that_stands_in_the_way(self, world: World) -> None:
        await created(world)
        await put_money(world, 500_000)
        buyer = await id_of(world.buyer)

        assert await reasons(world.buyer) == ["open_orders", "balances"]
        assert await reasons(world.seller) == ["open_orders"]
        assert await world.database.value("SELECT status FROM users WHERE id = $1", buyer) == "active"

    async def test_waits_for_payouts_under_way(self, world: World) -> None:
        buyer = await id_of(world.buyer)
        await world.database.execute(PAYOUT, world.application.base.ids.new(), buyer)

        assert await reasons(world.buyer) == ["pending_payouts"]
        await world.database.execute("UPDATE transactions SET status = 'succeeded'")
        assert (await close(world.buyer)).status_code == 204

    async def test_needs_the_password(self, world: World) -> None:
        reply = await world.buyer.post("/me/close", {"password": "wrong-kettle-42"})

        assert (reply.status_code, reply.json()["code"]) == (422, "password_incorrect")


class TestForgetting:
    async def test_a_number_is_free_after_a_time_and_everything_erased_after_a_longer_one(self, world: World) -> None:
        await prove_mail(world, BUYER_PHONE)
        buyer = await id_of(world.buyer)
        await close(world.buyer)
        assert await tidy(world, closed_days_ago=89) == 0

        assert await tidy(world, closed_days_ago=91) == 1
        person = await world.database.row(PERSON, buyer)
        assert (person["phone"], person["former_phone"], person["first_name"]) == (None, BUYER_PHONE, "Test")
        body = {"phone": BUYER_PHONE, "password": "another-kettle-42", "first_name": "A", "last_name": "B"}
        world.sms.sent.clear()
        await post(world, "/auth/register", body)
        await world.work()
        assert [message.to_e164 for message in world.sms.sent if "code" in message.text] == [BUYER_PHONE]

        assert await tidy(world, closed_days_ago=1_826) == 1
        person = await world.database.row(PERSON, buyer)
        assert (person["former_phone"], person["former_email"], person["first_name"]) == (None, None, "Erased")
        assert person["erased_at"] is not None
        devices = "SELECT count(*) FROM sessions WHERE user_id = $1 AND (ip IS NOT NULL OR user_agent IS NOT NULL)"
        assert await world.database.value(devices, buyer) == 0
        assert await tidy(world, closed_days_ago=1_826) == 0

    async def test_what_others_hold_about_a_person_goes_too(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")
        buyer, order = await id_of(world.buyer), await created(world)
        await world.buyer.post(f"/orders/{order['id']}/messages", {"text": "My name is Test Buyer."})
        await world.seller.post(f"/orders/{order['id']}/messages", {"text": "Good morning."})
        note = await support.post(
            f"/admin/users/{(await world.buyer.get('/me')).json()['id']}/notes", {"text": "Rude."}
        )
        assert note.status_code == 201, note.text
        await world.buyer.post(f"/orders/{order['id']}/cancel", {"reason": "changed my mind"})
        ids = world.application.base.ids
        payout, checked, consent, match = (ids.new() for _ in range(4))
        await world.database.execute(PAYOUT, payout, buyer)
        destination = {"bank_code": "058", "account_name": "Test Buyer", "account_number_sealed": "s"}
        await world.database.execute(
            "UPDATE transactions SET status = 'succeeded', destination = $1::jsonb", destination
        )
        await world.database.execute(CONSENT, consent, buyer)
        await world.database.execute(CHECK, checked, buyer, consent)
        await world.database.execute(MATCH, match, buyer)
        await world.work()
        inbox = "SELECT count(*) FROM notifications WHERE user_id = $1"
        assert await world.database.value(inbox, buyer) > 0
        assert (await close(world.buyer)).status_code == 204
        await world.work()

        await tidy(world, closed_days_ago=91)
        assert await world.database.value(inbox, buyer) == 0
        await tidy(world, closed_days_ago=1_826)

        assert await world.database.value(LEFT, buyer) == 0
        texts = await world.database.rows("SELECT original, shown FROM order_messages ORDER BY seq")
        assert [tuple(text.values()) for text in texts] == [("", ""), ("Good morning.", "Good morning.")]
        left = await world.database.value("SELECT destination FROM transactions WHERE id = $1", payout)
        assert (left["bank_code"], left["account_name"], left["account_number_sealed"]) == ("058", "", "")

    @pytest.mark.parametrize(
        "change",
        [
            "DELETE FROM user_notes",
            "UPDATE order_messages SET original = '', shown = '', version = version + 1",
        ],
    )
    async def test_nothing_of_it_goes_while_somebody_is_a_customer(self, world: World, change: str) -> None:
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")
        order = await created(world)
        await world.buyer.post(f"/orders/{order['id']}/messages", {"text": "Hello."})
        await support.post(f"/admin/users/{(await world.buyer.get('/me')).json()['id']}/notes", {"text": "Rude."})

        with pytest.raises(asyncpg.RestrictViolationError):
            await world.database.execute(change)

    async def test_a_frozen_account_is_kept(self, world: World) -> None:
        await close(world.buyer)
        await world.database.execute("UPDATE users SET frozen_at = now() WHERE closed_at IS NOT NULL")

        assert await tidy(world, closed_days_ago=5_000) == 0

    async def test_a_legal_hold_keeps_everything_until_it_is_lifted(self, world: World) -> None:
        compliance = await at_desk(world, Role.COMPLIANCE, email="compliance@kro.example")
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")
        path = f"/admin/users/{(await world.buyer.get('/me')).json()['id']}/legal-hold"
        reason = {"reason": "A court asked for it."}
        assert (await support.post(path, reason)).status_code == 403
        assert (await compliance.post(path, reason)).status_code == 204
        assert (await compliance.post(path, reason)).status_code == 204
        assert (await close(world.buyer)).status_code == 204

        assert await tidy(world, closed_days_ago=5_000) == 0
        assert (await compliance.post(f"{path}/lift", reason)).status_code == 204
        assert await tidy(world, closed_days_ago=5_000) >= 1
        actions = "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE action LIKE 'user.legal_hold%'"
        assert await world.database.value(actions) == ["user.legal_hold_placed", "user.legal_hold_lifted"]

    async def test_who_was_invited_and_never_came_is_erased_once_no_order_waits(self, world: World) -> None:
        invited = world.application.base.ids.new()
        await world.database.execute(INVITED, invited)
        order = await created(world)
        closing = world.application.identity.accounts.closing
        await world.database.execute(
            "UPDATE orders SET seller_id = $1 WHERE id = $2", invited, read_id("ord", order["id"])
        )

        assert await closing.tidy(limit=10) == 0
        await world.database.execute(
            "UPDATE orders SET seller_id = (SELECT id FROM users WHERE phone = $1)", SELLER_PHONE
        )
        assert await closing.tidy(limit=10) == 1

        person = await world.database.row(PERSON, invited)
        assert (person["phone"], person["status"], person["first_name"]) == (None, "closed", "Erased")
        assert await can_log_in(world, PASSWORD, phone=SELLER_PHONE)
