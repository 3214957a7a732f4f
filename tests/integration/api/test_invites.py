"""An order with somebody who has no account yet, from the invitation to the acceptance."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from kro.core.clock import SystemClock
from kro.core.ids import read_id
from kro.core.notifications.invite import BY_ADDRESS, BY_INVITER
from kro_api import PASSWORD, SELLER_PHONE, Person, World
from order_steps import proposal, quoted, shown, stepped

NEWCOMER, SHOWN = "+2348031119999", "+234803 ***9999"
CLAIM = {"password": PASSWORD, "first_name": "Ngozi", "last_name": "Obi"}


async def invited(world: World, phone: str = NEWCOMER, **more: Any) -> dict[str, Any]:
    body = {**proposal(await quoted(world)), "counterparty_phone": phone, **more}
    reply = await world.buyer.post("/orders", body)
    assert reply.status_code == 201, reply.text
    order: dict[str, Any] = reply.json()
    return order


def texts(world: World, phone: str = NEWCOMER) -> list[str]:
    return [message.text for message in world.sms.sent if message.to_e164 == phone]


async def token(world: World) -> str:
    await world.work()
    found = re.search(r"/v1/public/invites/([\w-]{43}) ", texts(world)[-1])
    assert found is not None, texts(world)
    return found[1]


def code(world: World) -> str:
    return next(found[0] for text in texts(world) if (found := re.search(r"\b\d{6}\b", text)))


async def claimed(world: World, link: str) -> Person:
    """Follow the link to an account, code and login included."""
    reply = await world.http.post(f"/v1/public/invites/{link}/claim", json=CLAIM)
    assert reply.status_code == 202, reply.text
    await world.work()
    body = {"challenge_id": reply.json()["challenge_id"], "code": code(world)}
    verified = await world.http.post("/v1/auth/otp/verify", json=body)
    assert verified.status_code == 200, verified.text
    return await world.login(NEWCOMER)


class TestTheJourney:
    async def test_leads_from_a_text_to_an_accepted_order(self, world: World) -> None:
        order = await invited(world)
        link = await token(world)
        seen = (await world.http.get(f"/v1/public/invites/{link}")).json()
        newcomer = await claimed(world, link)

        own = await shown(newcomer, f"/orders/{order['id']}")
        agreed = await stepped(newcomer.post(f"/orders/{order['id']}/accept", {"terms_hash": seen["terms_hash"]}))

        assert (seen["role"], seen["proposed_by"], seen["invited"]) == ("seller", "Test B.", SHOWN)
        assert (seen["amount"], seen["fees"], seen["title"]) == (order["amount"], order["fees"], order["title"])
        assert [c["title"] for c in seen["conditions"]] == [c["title"] for c in order["conditions"]]
        assert own["seller"]["id"] == (await newcomer.get("/me")).json()["id"] == order["seller"]["id"]
        assert agreed["status"] == "accepted"
        names = (await shown(world.buyer, f"/orders/{order['id']}"))["seller"]["display_name"]
        assert (order["seller"]["display_name"], names) == (SHOWN, "Ngozi Obi")
        opened = await world.database.rows(
            "SELECT actor_id, target_id FROM audit_log WHERE action = 'user.registered' AND target_id = $1",
            read_id("usr", order["seller"]["id"]),
        )
        assert [row["actor_id"] for row in opened] == [read_id("usr", order["seller"]["id"])]

    async def test_needs_no_link_once_they_register_as_anybody_does(self, world: World) -> None:
        order = await invited(world)
        reply = await world.http.post("/v1/auth/register", json={**CLAIM, "phone": NEWCOMER})
        await world.work()
        body = {"challenge_id": reply.json()["challenge_id"], "code": code(world)}
        assert (await world.http.post("/v1/auth/otp/verify", json=body)).status_code == 200

        newcomer = await world.login(NEWCOMER)

        assert (await shown(newcomer, f"/orders/{order['id']}"))["role"] == "seller"

    async def test_carries_a_mail_when_an_address_is_given(self, world: World) -> None:
        await invited(world, counterparty_email="new@example.com", counterparty_name="Ngozi")
        link = await token(world)

        mails = [mail for mail in world.email.sent if mail.to == "new@example.com"]

        assert len(mails) == 1
        assert "Hello Ngozi" in mails[0].text
        assert f"/v1/public/invites/{link}" in mails[0].text


class TestTheLink:
    async def test_changes_nothing_when_looked_at_and_is_claimed_once(self, world: World) -> None:
        await invited(world)
        link = await token(world)
        for _ in range(3):
            assert (await world.http.get(f"/v1/public/invites/{link}")).status_code == 200

        weak = await world.http.post(f"/v1/public/invites/{link}/claim", json={**CLAIM, "password": "12345678"})
        first = await world.http.post(f"/v1/public/invites/{link}/claim", json=CLAIM)
        second = await world.http.post(f"/v1/public/invites/{link}/claim", json=CLAIM)

        assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
        assert first.status_code == 202
        assert (second.status_code, second.json()["code"]) == (404, "invite_not_found")

    async def test_runs_out_and_leaves_only_an_unusable_row(self, world: World) -> None:
        order = await invited(world)
        link = await token(world)
        await world.database.execute("UPDATE magic_link_logs SET expires_at = now()")

        for reply in (
            await world.http.get(f"/v1/public/invites/{link}"),
            await world.http.post(f"/v1/public/invites/{link}/claim", json=CLAIM),
            await world.http.get("/v1/public/invites/unknown"),
            await world.http.get("/v1/public/invites/%00"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (404, "invite_not_found")
        await world.database.execute("UPDATE orders SET accept_by = now() - interval '1 minute'")
        await world.application.fire_timer(read_id("ord", order["id"]), "accept_by")
        await world.work()
        assert (await shown(world.buyer, f"/orders/{order['id']}"))["status"] == "expired"
        assert len(texts(world)) == 1

    async def test_is_kept_nowhere_but_in_its_message(self, world: World) -> None:
        await invited(world)
        link = await token(world)

        kept = await world.database.value("SELECT string_agg(m::text, '') FROM magic_link_logs AS m")
        waiting = await world.database.value("SELECT coalesce(string_agg(o.payload::text, ''), '') FROM outbox AS o")

        assert link not in kept + waiting


class TestAPlaceholder:
    async def test_cannot_log_in_and_is_not_found(self, world: World) -> None:
        await invited(world)

        for password in ("", "x", PASSWORD):
            reply = await world.http.post("/v1/auth/login", json={"phone": NEWCOMER, "password": password or " "})
            assert (reply.status_code, reply.json()["code"]) == (401, "invalid_credentials")
        found = await world.buyer.get("/users/lookup", phone=NEWCOMER)
        assert (found.status_code, found.json()["code"]) == (404, "user_not_found")

    async def test_is_one_person_however_often_invited(self, world: World) -> None:
        first, second = await invited(world), await invited(world)

        assert first["seller"]["id"] == second["seller"]["id"]
        assert await world.database.value("SELECT count(*) FROM users WHERE status = 'invited'") == 1

    async def test_looks_like_anybody_to_who_proposes(self, world: World) -> None:
        known, unknown = await invited(world, SELLER_PHONE), await invited(world)

        assert known.keys() == unknown.keys()
        assert known["seller"]["display_name"] == "+234803 ***0002"
        assert unknown["seller"]["display_name"] == SHOWN
        listed = (await world.buyer.get("/orders")).json()["data"]
        assert {one["counterparty"]["display_name"] for one in listed} == {"+234803 ***0002", SHOWN}
        made = read_id("usr", unknown["seller"]["id"]).int >> 80
        hour_ago = (SystemClock().now() - timedelta(hours=1)).timestamp() * 1000
        assert made < hour_ago

    async def test_of_oneself_is_refused(self, world: World) -> None:
        body = {**proposal(await quoted(world)), "counterparty_phone": "08031110001"}

        reply = await world.buyer.post("/orders", body)

        assert (reply.status_code, reply.json()["code"]) == (422, "same_party")


class TestTheLimits:
    async def test_keep_a_number_from_being_flooded_without_telling(self, world: World) -> None:
        for _ in range(BY_ADDRESS.quota + 1):
            await invited(world)
        await world.work()

        assert len(texts(world)) == BY_ADDRESS.quota

    async def test_keep_one_person_from_inviting_everybody(self, world: World) -> None:
        for number in range(BY_INVITER.quota + 1):
            await invited(world, f"+23480311188{number:02d}")
        await world.work()

        sent = [message for message in world.sms.sent if message.to_e164.startswith("+23480311188")]
        assert len(sent) == BY_INVITER.quota

    @pytest.mark.parametrize("phone", ["+14155550123", "+2348000000000", "+447400123456"])
    async def test_invite_only_mobile_numbers_that_are_served(self, world: World, phone: str) -> None:
        body = {**proposal(await quoted(world)), "counterparty_phone": phone}

        reply = await world.buyer.post("/orders", body)

        assert (reply.status_code, reply.json()["code"]) == (422, "invalid_phone")
