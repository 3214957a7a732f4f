"""The thread of an order over HTTP: who reads what, what stays, and who is kept away."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pyotp
import pytest
from tests.conftest import FreshDatabase
from tests.integration.api.idempotency import waiting_for_a_lock

from kro.core.database.embedded import Role
from kro.core.ids import read_id
from kro_api import BUYER_PHONE, PASSWORD, SELLER_PHONE, TOTP_SECRET, Person, World
from order_steps import PNG, accepted, created, funded, proposal, quoted, stepped


async def said(person: Person, order: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    reply = await person.post(f"/orders/{order['id']}/messages", {"text": text, **more})
    assert reply.status_code == 201, reply.text
    message: dict[str, Any] = reply.json()
    return message


async def thread(person: Person, order: dict[str, Any], **query: Any) -> list[Any]:
    reply = await person.get(f"/orders/{order['id']}/messages", **query)
    return [(message["seq"], message["text"]) for message in reply.json()["data"]]


async def contest(world: World, order: dict[str, Any], status: str = "issue_reported") -> None:
    await world.database.execute("UPDATE orders SET status = $2 WHERE id = $1", read_id("ord", order["id"]), status)


async def admin(world: World) -> Person:
    body = {"email": "admin@kro.example", "password": PASSWORD, "totp": pyotp.TOTP(TOTP_SECRET).now()}
    return Person(world.http, (await world.http.post("/v1/admin/auth/login", json=body)).json()["access_token"])


class TestMessages:
    async def test_reach_the_other_party_without_contact_details(self, world: World) -> None:
        order = await created(world)

        mine = await said(world.buyer, order, "Ring 08031234567\nplease")

        assert (mine["text"], mine["masked"], mine["warnings"]) == ("Ring 08031234567\nplease", True, ["phone_number"])
        theirs = (await world.seller.get(f"/orders/{order['id']}/messages")).json()["data"]
        assert [(m["text"], m["masked"]) for m in theirs] == [("Ring [phone number hidden]\nplease", True)]
        assert await thread(world.buyer, order) == [(1, "Ring 08031234567\nplease")]
        stranger = await world.stranger.get(f"/orders/{order['id']}/messages")
        assert (stranger.status_code, stranger.json()["code"]) == (404, "order_not_found")

    async def test_are_read_from_either_end(self, world: World) -> None:
        order = await created(world)
        for number in range(1, 6):
            await said(world.buyer, order, f"number {number}")

        assert [seq for seq, _ in await thread(world.seller, order, limit=2)] == [4, 5]
        assert [seq for seq, _ in await thread(world.seller, order, before=4, limit=2)] == [2, 3]
        assert [seq for seq, _ in await thread(world.seller, order, after=1, limit=2)] == [2, 3]
        assert [seq for seq, _ in await thread(world.seller, order, after=1, before=3)] == [2]
        path = f"/orders/{order['id']}/messages"
        assert (await world.seller.get(path, after=0, limit=5)).json()["has_more"] is False
        assert (await world.seller.get(path, limit=4)).json()["has_more"] is True

    async def test_written_at_the_same_moment_count_up_without_a_gap(self, world: World) -> None:
        order = await created(world)

        await asyncio.gather(*(said(person, order, "hello") for person in (world.buyer, world.seller) * 2))

        assert [seq for seq, _ in await thread(world.buyer, order)] == [1, 2, 3, 4]

    async def test_sent_again_under_the_same_key_are_one(self, world: World) -> None:
        order = await created(world)
        path, body = f"/orders/{order['id']}/messages", {"text": "once"}

        replies = [await world.buyer.post(path, body, key="the-one") for _ in range(2)]

        assert replies[0].json() == replies[1].json()
        assert await thread(world.buyer, order) == [(1, "once")]

    async def test_carry_files_of_their_order_only(self, world: World) -> None:
        order, other = await funded(world), await created(world)
        uploaded = await world.seller.upload(
            f"/orders/{order['id']}/evidence", PNG, content_type="image/png", file_name="a.png"
        )
        evidence = {"evidence_ids": [uploaded.json()["id"]]}

        assert (await said(world.seller, order, "See", **evidence))["evidence_ids"] == evidence["evidence_ids"]
        refused = await world.seller.post(f"/orders/{other['id']}/messages", {"text": "See", **evidence})
        assert (refused.status_code, refused.json()["code"]) == (404, "evidence_not_found")

    async def test_are_mailed_once_in_a_while_and_never_texted(self, world: World) -> None:
        await world.database.execute("UPDATE users SET email = 'seller@kro.example' WHERE phone = $1", SELLER_PHONE)
        order = await created(world)
        await world.work()
        texts, mails = len(world.sms.sent), len(world.email.sent)

        for text in ("one", "two", "three"):
            await said(world.buyer, order, text)
        await world.work()

        assert len(world.sms.sent) == texts
        assert [mail.subject for mail in world.email.sent[mails:]] == ["New message: Laptop"]

    async def test_are_bounded(self, world: World) -> None:
        order = await created(world)
        path = f"/orders/{order['id']}/messages"
        for text in ("", " ", "a" * 2_001, "a\x00b", "a\u202eb"):
            assert (await world.buyer.post(path, {"text": text})).status_code == 422, text
        assert (await world.buyer.post(path, {"text": "ü" * 2_000})).status_code == 201

        replies = [await world.buyer.post(path, {"text": "again"}) for _ in range(30)]

        assert {reply.status_code for reply in replies[:29]} == {201}
        assert (replies[29].status_code, replies[29].json()["code"]) == (429, "rate_limited")


class TestTakingBack:
    async def test_leaves_an_empty_place(self, world: World) -> None:
        order = await created(world)
        message = await said(world.buyer, order, "oops")
        path = f"/orders/{order['id']}/messages/{message['id']}"

        others = await world.seller.http.delete(f"/v1{path}", headers={"Authorization": f"Bearer {world.seller.token}"})
        assert (others.status_code, others.json()["code"]) == (403, "message_not_yours")
        for _ in range(2):
            gone = await world.http.delete(f"/v1{path}", headers={"Authorization": f"Bearer {world.buyer.token}"})
            assert gone.status_code == 204

        assert await thread(world.seller, order) == await thread(world.buyer, order) == [(1, None)]

    @pytest.mark.parametrize("status", ["issue_reported", "disputed"])
    async def test_is_over_for_good_once_the_order_was_contested(self, world: World, status: str) -> None:
        order = await funded(world)
        message = await said(world.buyer, order, "It came broken")
        await contest(world, order, status)
        await contest(world, order, "in_progress")

        reply = await world.http.delete(
            f"/v1/orders/{order['id']}/messages/{message['id']}",
            headers={"Authorization": f"Bearer {world.buyer.token}"},
        )

        assert (reply.status_code, reply.json()["code"]) == (409, "message_fixed")

    async def test_loses_against_an_issue_that_is_being_written(
        self, world: World, fresh_database: FreshDatabase
    ) -> None:
        order = await funded(world)
        message = await said(world.buyer, order, "It came broken")
        connection = await asyncpg.connect(fresh_database.dsn(Role.APP))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "UPDATE orders SET status = 'issue_reported' WHERE id = $1", read_id("ord", order["id"])
        )

        racing = asyncio.create_task(
            world.http.delete(
                f"/v1/orders/{order['id']}/messages/{message['id']}",
                headers={"Authorization": f"Bearer {world.buyer.token}"},
            )
        )
        await waiting_for_a_lock(world)
        await transaction.commit()
        await connection.close()

        assert (await racing).json()["code"] == "message_fixed"
        assert await thread(world.seller, order) == [(1, "It came broken")]

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE order_messages SET shown = 'something else'",
            "UPDATE order_messages SET redacted_at = now(), original = ''",
            "DELETE FROM order_messages",
            "UPDATE message_reports SET note = 'never mind'",
        ],
    )
    async def test_is_the_only_change_the_database_lets_anybody_make(
        self, world: World, fresh_database: FreshDatabase, change: str
    ) -> None:
        order = await created(world)
        message = await said(world.buyer, order, "hello")
        await world.seller.post(f"/orders/{order['id']}/messages/{message['id']}/report", {"category": "spam"})
        owner = await asyncpg.connect(fresh_database.dsn(Role.OWNER))
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(change)
        await owner.close()


class TestReports:
    async def test_reach_the_admins_with_the_words_as_written(self, world: World) -> None:
        order = await created(world)
        message = await said(world.buyer, order, "Ring 08031234567")
        path = f"/orders/{order['id']}/messages/{message['id']}/report"

        first = await world.seller.post(path, {"category": "off_platform_payment", "note": "wants cash"})
        again = await world.seller.post(path, {"category": "spam"})
        own = await world.buyer.post(path, {"category": "spam"})

        assert first.status_code == 201
        assert (again.status_code, again.json()["code"]) == (409, "message_already_reported")
        assert (own.status_code, own.json()["code"]) == (403, "message_own")
        desk = await admin(world)
        seen = (await desk.get("/admin/message-reports", category="off_platform_payment")).json()["data"]
        assert [(r["note"], r["message"]["original"], r["reported_by"]["display_name"]) for r in seen] == [
            ("wants cash", "Ring 08031234567", "Test Seller")
        ]
        assert (await desk.get("/admin/message-reports", category="spam")).json()["data"] == []
        looks = "SELECT count(*) FROM audit_log WHERE action = 'message_reports.read'"
        assert await world.database.value(looks) == 2


class TestBlocking:
    async def test_makes_a_person_unreachable_for_the_other(self, world: World) -> None:
        order = await created(world)
        buyer_id = order["buyer"]["id"]
        await blocked(world.seller, buyer_id)

        refused = await world.buyer.post("/orders", proposal(await quoted(world)))

        assert (refused.status_code, refused.json()["code"]) == (422, "counterparty_not_found")
        looked = [await world.buyer.get("/users/lookup", phone=phone) for phone in (SELLER_PHONE, "+2348039999999")]
        assert [reply.status_code for reply in looked] == [404, 404]
        assert (await world.seller.get("/users/lookup", phone=BUYER_PHONE)).status_code == 200

        await blocked(world.seller, buyer_id, undo=True)
        assert (await world.buyer.post("/orders", proposal(await quoted(world)))).status_code == 201

    @pytest.mark.parametrize("blocker", ["buyer", "seller"])
    async def test_leaves_running_orders_alone_and_ends_the_thread_with_them(self, world: World, blocker: str) -> None:
        order = await accepted(world)
        await blocked(getattr(world, blocker), order["seller" if blocker == "buyer" else "buyer"]["id"])

        await said(world.buyer, order, "still here")
        await stepped(world.seller.post(f"/orders/{order['id']}/cancel", {"reason": "no more"}))

        for person in (world.buyer, world.seller):
            reply = await person.post(f"/orders/{order['id']}/messages", {"text": "hello"})
            assert (reply.status_code, reply.json()["code"]) == (409, "thread_closed")

    async def test_is_listed_and_is_about_people_one_has_an_order_with(self, world: World) -> None:
        order = await created(world)
        await blocked(world.buyer, order["seller"]["id"])
        await blocked(world.buyer, order["seller"]["id"])

        listed = (await world.buyer.get("/me/blocks")).json()["data"]
        assert [(b["user_id"], b["display_name"]) for b in listed] == [(order["seller"]["id"], "Test S.")]
        assert (await world.seller.get("/me/blocks")).json()["data"] == []
        for user_id in (order["seller"]["id"], order["buyer"]["id"]):
            reply = await world.stranger.http.put(
                f"/v1/me/blocks/{user_id}", headers={"Authorization": f"Bearer {world.stranger.token}"}
            )
            assert (reply.status_code, reply.json()["code"]) == (404, "counterparty_unknown")


async def blocked(person: Person, user_id: str, *, undo: bool = False) -> None:
    reply = await person.http.request(
        "DELETE" if undo else "PUT",
        f"/v1/me/blocks/{user_id}",
        headers={"Authorization": f"Bearer {person.token}"},
    )
    assert reply.status_code == 204, reply.text
