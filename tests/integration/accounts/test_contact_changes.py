from __future__ import annotations

from typing import Any

import httpx2
from tests.integration.accounts.ways import MAILBOX, code_in, post, prove_mail, token_in

from kro_api import BUYER_PHONE, PASSWORD, SELLER_PHONE, Person, World

NEW_PHONE = "+2348051234567"
STATE = "SELECT status FROM contact_changes ORDER BY id DESC LIMIT 1"


async def start(person: Person, world: World, **new: str) -> dict[str, Any]:
    reply = await person.post("/me/contact-changes", {**new, "password": PASSWORD})
    assert reply.status_code == 202, reply.text
    await world.work()
    started: dict[str, Any] = reply.json()
    return started


def code_for(world: World, address: str) -> str:
    texts = [message.text for message in world.sms.sent if message.to_e164 == address]
    mails = [mail.text for mail in world.email.sent if mail.to == address]
    return code_in(next(text for text in reversed(texts + mails) if "code" in text))


async def confirm(person: Person, started: dict[str, Any], *, side: str, code: str) -> httpx2.Response:
    body = {"side": side, "challenge_id": started[f"{side}_challenge_id"], "code": code}
    return await person.post(f"/me/contact-changes/{started['id']}/confirm", body)


async def opens(world: World, **by: str) -> bool:
    return (await post(world, "/auth/login", {**by, "password": PASSWORD})).status_code == 200


class TestMail:
    async def test_a_first_address_is_proven_by_its_code_alone(self, world: World) -> None:
        other = await world.login(BUYER_PHONE)
        started = await start(world.buyer, world, email=" Buyer@Example.com")
        assert started["old_challenge_id"] is None
        assert not await opens(world, email=MAILBOX)

        reply = await confirm(world.buyer, started, side="new", code=code_for(world, MAILBOX))

        assert reply.json() == {"in_effect": True}
        me = (await world.buyer.get("/me")).json()
        assert (me["email"], me["email_verified"]) == (MAILBOX, True)
        assert await opens(world, email=MAILBOX)
        assert (await other.get("/me")).json()["code"] == "session_ended"
        await world.work()
        assert "mail address was changed" in world.sms.sent[-1].text
        locked = await world.http.patch(
            "/v1/me", json={"email": "x@example.com"}, headers={"Authorization": f"Bearer {world.buyer.token}"}
        )
        assert (locked.status_code, locked.json()["code"]) == (409, "email_proven")

    async def test_one_address_has_one_account_and_nobody_is_told(self, world: World) -> None:
        await prove_mail(world, SELLER_PHONE)

        started = await start(world.buyer, world, email=MAILBOX)

        assert started.keys() == (await start(world.buyer, world, email="free@example.com")).keys()
        assert [mail.to for mail in world.email.sent] == ["free@example.com"]

    async def test_an_address_proven_by_another_meanwhile_stays_theirs(self, world: World) -> None:
        started = await start(world.buyer, world, email=MAILBOX)
        code = code_for(world, MAILBOX)
        await prove_mail(world, SELLER_PHONE)

        assert (await confirm(world.buyer, started, side="new", code=code)).status_code == 410
        assert (await world.buyer.get("/me")).json()["email"] is None


class TestPhone:
    async def test_takes_effect_at_once_when_both_agree(self, world: World) -> None:
        started = await start(world.buyer, world, phone="0805 123 4567")
        first = await confirm(world.buyer, started, side="new", code=code_for(world, NEW_PHONE))
        assert first.json() == {"in_effect": False}
        assert await opens(world, phone=BUYER_PHONE)

        second = await confirm(world.buyer, started, side="old", code=code_for(world, BUYER_PHONE))

        assert second.json() == {"in_effect": True}
        assert (await world.buyer.get("/me")).json()["phone"] == NEW_PHONE
        assert await opens(world, phone=NEW_PHONE)
        assert not await opens(world, phone=BUYER_PHONE)
        await world.work()
        told = {message.to_e164 for message in world.sms.sent if "was changed" in message.text}
        assert told == {NEW_PHONE, BUYER_PHONE}
        changed = "SELECT credentials_changed_at FROM users WHERE phone = $1"
        assert await world.database.value(changed, NEW_PHONE) is not None

    async def test_waits_for_an_old_one_that_keeps_silent(self, world: World) -> None:
        started = await start(world.buyer, world, phone=NEW_PHONE)
        await confirm(world.buyer, started, side="new", code=code_for(world, NEW_PHONE))
        contacts = world.application.identity.accounts.contacts
        assert await contacts.settle_due(limit=10) == 0

        await world.database.execute("UPDATE contact_changes SET takes_effect_at = now()")

        assert await contacts.settle_due(limit=10) == 1
        assert await opens(world, phone=NEW_PHONE)

    async def test_the_old_one_alone_changes_nothing(self, world: World) -> None:
        started = await start(world.buyer, world, phone=NEW_PHONE)
        reply = await confirm(world.buyer, started, side="old", code=code_for(world, BUYER_PHONE))
        assert reply.json() == {"in_effect": False}
        await world.database.execute("UPDATE contact_changes SET takes_effect_at = now(), expires_at = now()")

        assert await world.application.identity.accounts.contacts.settle_due(limit=10) == 0
        assert await world.database.value(STATE) == "lapsed"

    async def test_the_old_one_stops_it_by_a_link_and_ends_every_session(self, world: World) -> None:
        started = await start(world.buyer, world, phone=NEW_PHONE)
        await confirm(world.buyer, started, side="new", code=code_for(world, NEW_PHONE))
        text = next(m.text for m in world.sms.sent if m.to_e164 == BUYER_PHONE and "changing" in m.text)
        path = f"/v1/public/contact-changes/{token_in(text)}"

        assert "Stop this change?" in (await world.http.get(path)).text
        assert await world.database.value(STATE) == "open"
        assert (await world.http.post(path)).status_code == 200

        assert await world.database.value(STATE) == "stopped"
        assert (await world.buyer.get("/me")).json()["code"] == "session_ended"
        await world.database.execute("UPDATE contact_changes SET takes_effect_at = now()")
        assert await world.application.identity.accounts.contacts.settle_due(limit=10) == 0

    async def test_a_new_password_stops_what_was_under_way(self, world: World) -> None:
        await start(world.buyer, world, phone=NEW_PHONE)
        await world.buyer.post("/auth/password/change", {"current_password": PASSWORD, "password": "other-kettle-42"})

        assert await world.database.value(STATE) == "stopped"

    async def test_is_given_up_replaced_and_listed_by_its_owner_alone(self, world: World) -> None:
        first = await start(world.buyer, world, phone=NEW_PHONE)
        second = await start(world.buyer, world, phone="+2348051234568")

        listed = (await world.buyer.get("/me/contact-changes")).json()["data"]
        assert [(change["id"], change["new"]) for change in listed] == [(second["id"], "+234805 ***4568")]
        assert (await confirm(world.buyer, first, side="new", code="000000")).status_code == 404
        assert (await confirm(world.seller, second, side="new", code="000000")).status_code == 404
        for person, status in ((world.seller, 404), (world.buyer, 204), (world.buyer, 404)):
            reply = await world.http.delete(
                f"/v1/me/contact-changes/{second['id']}", headers={"Authorization": f"Bearer {person.token}"}
            )
            assert reply.status_code == status

    async def test_needs_the_password(self, world: World) -> None:
        reply = await world.buyer.post("/me/contact-changes", {"phone": NEW_PHONE, "password": "wrong-kettle-42"})

        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, "/password")
        assert world.sms.sent == []

    async def test_codes_of_another_change_or_side_do_not_count(self, world: World) -> None:
        theirs = await start(world.seller, world, phone="+2348051234569")
        code = code_for(world, "+2348051234569")
        mine = await start(world.buyer, world, phone=NEW_PHONE)

        mixed = {**mine, "new_challenge_id": theirs["new_challenge_id"]}
        assert (await confirm(world.buyer, mixed, side="new", code=code)).status_code == 410
        swapped = {**mine, "new_challenge_id": mine["old_challenge_id"]}
        assert (await confirm(world.buyer, swapped, side="new", code=code_for(world, BUYER_PHONE))).status_code == 410

    async def test_an_invited_number_goes_to_who_proves_it(self, world: World) -> None:
        await world.database.execute(
            "INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier) "
            "VALUES ($1, $2, '+234805', '***4567', '', 'invited', 'member', 0)",
            world.application.base.ids.new(),
            NEW_PHONE,
        )
        started = await start(world.buyer, world, phone=NEW_PHONE)
        await confirm(world.buyer, started, side="old", code=code_for(world, BUYER_PHONE))

        reply = await confirm(world.buyer, started, side="new", code=code_for(world, NEW_PHONE))

        assert reply.json() == {"in_effect": True}
        assert await world.database.value("SELECT phone FROM users WHERE status = 'invited'") is None


class TestLanguage:
    async def test_new_and_former_contacts_are_written_to_in_the_owners_language(self, world: World) -> None:
        await world.buyer.put("/me/notification-preferences", {"language": "pcm"})
        mail = await start(world.buyer, world, email=MAILBOX)
        assert " na your KRO code" in world.email.sent[-1].text
        await confirm(world.buyer, mail, side="new", code=code_for(world, MAILBOX))

        phone = await start(world.buyer, world, phone=NEW_PHONE)
        assert " na your KRO code" in next(one.text for one in world.sms.sent if one.to_e164 == NEW_PHONE)
        for side, address in (("new", NEW_PHONE), ("old", BUYER_PHONE)):
            await confirm(world.buyer, phone, side=side, code=code_for(world, address))
        world.sms.sent.clear()
        await world.work()

        assert {one.to_e164 for one in world.sms.sent if "don change" in one.text} == {NEW_PHONE, BUYER_PHONE}

    async def test_what_an_account_asks_for_is_counted_as_its_own(self, world: World) -> None:
        await start(world.buyer, world, phone=NEW_PHONE)

        buyer = await world.database.value("SELECT id FROM users WHERE phone = $1", BUYER_PHONE)
        codes = {one.to_e164: one.account_id for one in world.sms.sent if one.purpose == "otp"}
        assert codes == {NEW_PHONE: buyer, BUYER_PHONE: buyer}


class TestRegistrationByMail:
    async def test_opens_an_account_of_the_lowest_tier_that_can_add_a_phone(self, world: World) -> None:
        body = {"email": "new@example.com", "password": PASSWORD, "first_name": "Ada", "last_name": "New"}
        started = (await post(world, "/auth/register", body)).json()
        await world.work()
        proof = {"challenge_id": started["challenge_id"], "code": code_in(world.email.sent[-1].text)}
        assert (await post(world, "/auth/otp/verify", proof)).status_code == 200
        reply = (await post(world, "/auth/login", {"email": "new@example.com", "password": PASSWORD})).json()
        assert (reply["user"]["phone"], reply["user"]["email_verified"], reply["user"]["kyc_tier"]) == (None, True, 0)
        person = Person(world.http, reply["access_token"])

        change = await start(person, world, phone=NEW_PHONE)
        done = await confirm(person, change, side="new", code=code_for(world, NEW_PHONE))

        assert done.json() == {"in_effect": True}
        me = (await person.get("/me")).json()
        assert (me["phone"], me["kyc_tier"]) == (NEW_PHONE, 1)

    async def test_an_address_that_has_an_account_gets_the_same_answer_and_no_code(self, world: World) -> None:
        await prove_mail(world, BUYER_PHONE)
        body = {"password": PASSWORD, "first_name": "Ada", "last_name": "New"}

        known = (await post(world, "/auth/register", {**body, "email": MAILBOX})).json()
        unknown = (await post(world, "/auth/register", {**body, "email": "new@example.com"})).json()
        await world.work()

        assert {**known, "challenge_id": ""} == {**unknown, "challenge_id": ""}
        assert [mail.to for mail in world.email.sent] == ["new@example.com"]
