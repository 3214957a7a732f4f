from __future__ import annotations

from typing import Any

import orjson
from tests.integration.accounts.ways import prove_mail

from kro.core.ids import read_id
from kro_api import BUYER_PHONE, PASSWORD, World
from order_steps import funded

ASK = {"password": PASSWORD}


async def built(world: World) -> dict[str, Any]:
    """Ask for a copy once all that happened before is told, as the relay may build it beside what is still to tell."""
    await world.work()
    reply = await world.buyer.post("/me/data-exports", ASK)
    assert (reply.status_code, reply.json()["status"]) == (202, "pending")
    await world.work()
    export: dict[str, Any] = (await world.buyer.get("/me/data-exports")).json()["data"][0]
    assert export["id"] == reply.json()["id"]
    return export


async def content(world: World, export: dict[str, Any]) -> Any:
    key = await world.database.value("SELECT object_key FROM data_exports WHERE id = $1", read_id("exp", export["id"]))
    return orjson.loads(await world.application.files.get(key=key, max_bytes=10_000_000))


class TestExport:
    async def test_holds_everything_about_the_person_and_nothing_secret(self, world: World) -> None:
        await prove_mail(world, BUYER_PHONE)
        order = await funded(world)
        await world.buyer.post(f"/orders/{order['id']}/messages", {"text": "my own words"})
        await world.seller.post(f"/orders/{order['id']}/messages", {"text": "what they wrote"})

        export = await built(world)
        found = await content(world, export)

        assert (export["status"], export["size_bytes"] > 1_000) == ("ready", True)
        assert found["profile"][0]["phone"] == BUYER_PHONE
        assert [one["role"] for one in found["orders"]] == ["buyer"]
        assert [one["text"] for one in found["messages_written"]] == ["my own words"]
        for section in ("sessions", "payments", "notices", "what_was_done"):
            assert found[section], section
        text = orjson.dumps(found).decode()
        for secret in ("argon2", "sealed", "refresh_hash", "what they wrote", "token_hash"):
            assert secret not in text, secret
        assert "copy of your data is ready" in world.sms.sent[-1].text

    async def test_is_linked_to_its_owner_alone_and_on_record(self, world: World) -> None:
        export = await built(world)
        path = f"/me/data-exports/{export['id']}/link"

        link = await world.buyer.post(path)
        theirs = await world.seller.post(path)

        assert link.json()["url"]
        assert (theirs.status_code, theirs.json()["code"]) == (404, "data_export_not_found")
        actions = "SELECT array_agg(action ORDER BY id) FROM audit_log WHERE action LIKE 'data_export%'"
        assert await world.database.value(actions) == ["data_export.requested", "data_export.downloaded"]

    async def test_is_deleted_after_its_time(self, world: World) -> None:
        export = await built(world)
        exports = world.application.identity.accounts.exports
        assert await exports.expire_due(limit=10) == 0
        await world.database.execute("UPDATE data_exports SET expires_at = now()")

        late = await world.buyer.post(f"/me/data-exports/{export['id']}/link")

        assert (late.status_code, late.json()["code"]) == (409, "data_export_not_ready")
        assert await exports.expire_due(limit=10) == 1
        assert await world.database.value("SELECT object_key FROM data_exports") is None

    async def test_needs_the_password_and_comes_twice_a_day(self, world: World) -> None:
        wrong = await world.buyer.post("/me/data-exports", {"password": "wrong-kettle-42"})
        replies = [await world.buyer.post("/me/data-exports", ASK) for _ in range(3)]

        assert wrong.status_code == 422
        assert [reply.status_code for reply in replies] == [202, 202, 429]
