"""The inbox, what people choose to hear, and what support sees of it, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.api.test_reconciliation import login, person

from kro.core.auth.permissions import Role
from kro_api import TOTP_SECRET, Person, World
from order_steps import accepted, user_id_of


@pytest.fixture
async def admin(world: World) -> Person:
    return await login(world, "admin@kro.example", TOTP_SECRET)


async def inbox(who: Person, **query: Any) -> dict[str, Any]:
    reply = await who.get("/me/notifications", **query)
    assert reply.status_code == 200, reply.text
    page: dict[str, Any] = reply.json()
    return page


async def unread(who: Person) -> int:
    return int((await who.get("/me/notifications/unread")).json()["unread"])


async def test_an_inbox_is_ones_own_newest_first_and_read_one_by_one_or_at_once(world: World) -> None:
    order = await accepted(world)
    await accepted(world)
    await world.work()

    first = await inbox(world.buyer, limit=1)
    rest = await inbox(world.buyer, limit=1, cursor=first["next_cursor"])

    [newest], [older] = first["data"], rest["data"]
    assert (newest["template"], newest["group"], newest["weight"]) == ("order_accepted", "orders", "important")
    assert newest["created_at"] > older["created_at"]
    assert older["about"] == order["id"]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert await unread(world.buyer) == 2

    for _ in range(2):
        assert (await world.buyer.post(f"/me/notifications/{older['id']}/read")).status_code == 204
    assert [one["id"] for one in (await inbox(world.buyer, unread=True))["data"]] == [newest["id"]]
    assert (await world.seller.post(f"/me/notifications/{newest['id']}/read")).json()["code"] == "not_found"
    assert (await inbox(world.stranger))["data"] == []
    assert (await world.buyer.get("/me/notifications", cursor=first["next_cursor"], unread=True)).status_code == 422

    assert (await world.buyer.post("/me/notifications/read")).json() == {"marked": 1}
    assert await unread(world.buyer) == 0
    assert await unread(world.seller) == 2


async def test_what_matters_cannot_be_switched_off_and_the_rest_is_chosen(world: World) -> None:
    everything = (await world.buyer.get("/me/notification-preferences")).json()
    assert (everything["language"], everything["quiet_hours"]) == ("en", None)
    assert {one["group"]: one["locked"] for one in everything["groups"]} == {
        "security": True,
        "money": True,
        "deadlines": True,
        "disputes": True,
        "orders": False,
        "messages": False,
    }
    assert all(all(one["channels"].values()) for one in everything["groups"])

    refused = await world.buyer.put(
        "/me/notification-preferences", {"groups": {"money": {"sms": False}, "orders": {"sms": False}}}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "preference_locked")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/groups/money/sms"]

    chosen = {
        "language": "pcm",
        "quiet_hours": {"start": "22:00", "end": "06:30"},
        "groups": {"orders": {"sms": False}, "money": {"sms": True}},
    }
    for _ in range(2):
        assert (await world.buyer.put("/me/notification-preferences", chosen)).status_code == 200
    kept = (await world.buyer.get("/me/notification-preferences")).json()
    assert (kept["language"], kept["quiet_hours"]) == ("pcm", chosen["quiet_hours"])
    assert {one["group"] for one in kept["groups"] if not one["channels"]["sms"]} == {"orders"}
    assert all(one["channels"]["in_app"] for one in kept["groups"])
    changes = "SELECT count(*) FROM audit_log WHERE action = 'user.notification_preferences_changed'"
    assert await world.database.value(changes) == 1

    await accepted(world)
    await world.work()
    assert [text.purpose for text in world.sms.sent] == ["order_created"], "the buyer is not texted about orders"


@pytest.mark.parametrize(
    "body",
    [
        {"language": "fr"},
        {"groups": {"weather": {"sms": False}}},
        {"groups": {"orders": {"in_app": False}}},
        {"quiet_hours": {"start": "25:00", "end": "06:00"}},
        {"quiet_hours": {"start": "22:00"}},
        {"mute": True},
    ],
)
async def test_what_makes_no_sense_is_refused(world: World, body: dict[str, Any]) -> None:
    assert (await world.buyer.put("/me/notification-preferences", body)).status_code == 422


async def test_support_reads_templates_and_what_a_user_was_told_on_record(world: World, admin: Person) -> None:
    await accepted(world)
    await world.work()
    buyer_id = (await world.buyer.get("/me")).json()["id"]

    listed = (await admin.get("/admin/notification-templates")).json()["data"]
    assert {"otp", "order_accepted", "payout_requested"} <= {one["name"] for one in listed}
    mail = (await admin.get("/admin/notification-templates/order_declined/preview", language="pcm")).json()
    assert mail["html"].startswith("<!doctype html>")
    assert (mail["language"], mail["channel"]) == ("pcm", "mail")
    text = (await admin.get("/admin/notification-templates/otp/preview", channel="sms")).json()
    assert (text["title"], text["html"]) == (None, None)
    assert text["text"].startswith("012345 is your KRO code")
    assert (await admin.get("/admin/notification-templates/handover_code/preview", channel="mail")).status_code == 404
    assert (await admin.get("/admin/notification-templates/nothing/preview")).status_code in {404, 422}

    told = (await admin.get(f"/admin/users/{buyer_id}/notices")).json()["data"]
    assert {(one["template"], one["channel"], one["status"], one["reason"]) for one in told} == {
        ("order_accepted", "sms", "accepted", None),
        ("order_accepted", "mail", "skipped", "no_address"),
        ("order_accepted", "in_app", "delivered", None),
    }
    looks = await world.database.rows("SELECT target_id FROM audit_log WHERE action = 'notices.read'")
    assert [look["target_id"] for look in looks] == [user_id_of((await world.buyer.get("/me")).json())]


async def test_only_who_may_read_notices_does(world: World) -> None:
    finance = await person(world, Role.FINANCE)

    assert (await finance.get("/admin/notification-templates")).json()["code"] == "permission_denied"
