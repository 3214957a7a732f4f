"""What waits for whom, messages nobody could deliver, roles, and a configuration without its secrets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import ROLES, Role
from kro.management.domain.queues import READERS
from kro_api import World
from order_steps import created, funded

WHY = {"reason": "The order was cancelled since"}


async def queues(admin: Admin) -> dict[str, dict[str, Any]]:
    reply = await admin.get("/admin/queues")
    assert reply.status_code == 200, reply.text
    return {queue["name"]: queue for queue in reply.json()["data"]}


def secrets_in(value: object) -> set[str]:
    """Return every secret of a configuration, however deep."""
    match value:
        case SecretStr() | SecretBytes():
            text = value.get_secret_value()
            return {text if isinstance(text, str) else text.hex()}
        case BaseModel():
            return {found for name in type(value).model_fields for found in secrets_in(getattr(value, name))}
        case dict():
            return {found for part in value.values() for found in secrets_in(part)}
        case list() | tuple():
            return {found for part in value for found in secrets_in(part)}
        case _:
            return set()


class TestQueues:
    async def test_show_each_admin_what_they_may_read(self, world: World) -> None:
        boss = await at_desk(world)
        assert set(await queues(boss)) == set(READERS)
        assert {queue["waiting"] for queue in (await queues(boss)).values()} == {0}
        for role in ROLES:
            if role.audience == "admin" and role.code != Role.SUPER:
                admin = await at_desk(world, role.code, email=f"{role.code}@kro.example")
                assert set(await queues(admin)) == {q for q, needed in READERS.items() if needed in role.permissions}

    async def test_count_what_waits_and_since_when(self, world: World) -> None:
        boss = await at_desk(world)
        order = await funded(world)
        held = await boss.post(f"/admin/orders/{order['id']}/holds", {"reason": "fraud", "note": "Three accounts."})
        assert held.status_code == 201, held.text
        message = (await world.buyer.post(f"/orders/{order['id']}/messages", {"text": "pay me outside"})).json()
        path = f"/orders/{order['id']}/messages/{message['id']}/report"
        assert (await world.seller.post(path, {"category": "spam"})).status_code == 201
        await world.database.execute("UPDATE outbox SET state = 'dead' WHERE topic = 'notify'")
        dead = await world.database.value("SELECT count(*) FROM outbox WHERE state = 'dead'")

        found = await queues(boss)

        waiting = {name: queue["waiting"] for name, queue in found.items() if queue["waiting"]}
        assert waiting == {"holds": 1, "message_reports": 1, "dead_letters": dead}
        assert {name for name, queue in found.items() if queue["oldest_at"]} == waiting.keys()


class TestDeadLetters:
    async def test_are_read_masked_and_discarded_for_a_reason(self, world: World) -> None:
        finance = await at_desk(world, Role.FINANCE)
        compliance = await at_desk(world, Role.COMPLIANCE, email="compliance@kro.example")
        await created(world)
        await world.database.execute("UPDATE outbox SET state = 'dead' WHERE topic = 'notify'")
        (letter, *_) = (await finance.get("/admin/outbox")).json()["data"]
        path = f"/admin/outbox/{letter['id']}"
        stored = await world.database.value("SELECT payload FROM outbox WHERE state = 'dead' LIMIT 1")
        assert "Laptop" in str(stored)

        shown = (await finance.get(path)).json()

        assert shown["payload"].keys() == stored.keys()
        assert "Laptop" not in str(shown)
        assert shown["payload"]["template"] == "order_created"
        assert (await compliance.get(path)).status_code == 403
        assert (await compliance.post(f"{path}/discard", WHY)).status_code == 403
        assert (await finance.post(f"{path}/discard", {"reason": "x"})).status_code == 422
        assert (await finance.post(f"{path}/discard", WHY)).status_code == 204
        for step in ("discard", "replay"):
            assert (await finance.post(f"{path}/{step}", WHY)).status_code == 404, step
        assert (await finance.get("/admin/outbox", state="discarded")).json()["data"][0]["id"] == letter["id"]
        assert (await finance.get(f"/admin/outbox/msg_{'0' * 26}")).status_code == 404
        rows = await world.database.rows(
            "SELECT action, reason FROM audit_log WHERE target_type = 'outbox' ORDER BY at, id"
        )
        assert [(row["action"], row["reason"]) for row in rows] == [
            ("outbox.read", None),
            ("outbox.discard", WHY["reason"]),
            ("outbox.read", None),
        ]


class TestTheProgramItself:
    async def test_shows_roles_and_settings_without_a_secret(self, world: World) -> None:
        compliance = await at_desk(world, Role.COMPLIANCE)
        finance = await at_desk(world, Role.FINANCE, email="finance@kro.example")

        roles = {role["code"]: role["permissions"] for role in (await compliance.get("/admin/roles")).json()["data"]}
        assert roles == {role.code: sorted(role.permissions) for role in ROLES if role.audience == "admin"}
        assert (await finance.get("/admin/roles")).status_code == 403

        assert (await compliance.get("/admin/settings")).status_code == 403
        reply = await finance.get("/admin/settings")
        shown = {setting["name"]: setting["value"] for setting in reply.json()["data"]}
        assert shown["orders.acceptHours"] == "72"
        assert shown["security.otpKey"] == "********"
        secrets = {secret for secret in secrets_in(world.application.settings) if len(secret) > 5}
        assert len(secrets) > 10
        assert [secret for secret in secrets if secret in reply.text] == []
