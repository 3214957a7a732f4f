"""What was done is on record, found by those who may look, and checked by anybody."""

from __future__ import annotations

import asyncio
import io
from hashlib import sha256
from typing import Any

from admin_desk import Admin, at_desk
from kro.core.audit import check_file
from kro.core.auth.permissions import Role
from kro_api import World
from order_steps import created


async def found(admin: Admin, **query: Any) -> list[dict[str, Any]]:
    reply = await admin.get("/admin/audit-log", **query)
    assert reply.status_code == 200, reply.text
    rows: list[dict[str, Any]] = reply.json()["data"]
    return rows


async def sealed(world: World) -> int:
    """Seal everything there is; what other tests do on the same server may hold it up for a moment."""
    for _ in range(200):
        await world.application.auditing.sealer.seal_due()
        if await world.database.value(
            "SELECT count(*) FROM audit_log AS a WHERE NOT EXISTS (SELECT FROM audit_seals WHERE audit_id = a.id)"
        ):
            await asyncio.sleep(0.05)
    return int(await world.database.value("SELECT position FROM audit_head"))


class TestSearch:
    async def test_finds_who_did_what_to_whom(self, world: World) -> None:
        compliance = await at_desk(world, Role.COMPLIANCE)
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")
        order = await created(world)
        assert (await support.get(f"/admin/orders/{order['id']}")).status_code == 200
        assert (await support.get("/admin/audit-log")).status_code == 403
        assert (await support.get("/admin/audit-log/export")).status_code == 403

        (look,) = await found(compliance, target=order["id"], action="order.read")
        assert (look["actor_kind"], look["target_type"], look["result"]) == ("admin", "order", "done")
        assert look["actor"].startswith("adm_")
        assert look["request_id"].startswith("req_")
        assert await found(compliance, request_id=look["request_id"]) == [look]
        refused = await found(compliance, actor=look["actor"], result="refused")
        assert [(row["action"], row["reason"]) for row in refused] == [
            ("permission.denied", "audit.export"),
            ("permission.denied", "audit.read"),
        ]
        assert await found(compliance, ip="203.0.113.9") == []
        assert await found(compliance, action="order.read", to="2020-01-01T00:00:00Z") == []
        # Whoever searched is on record with what they searched for.
        searches = await found(compliance, action="audit.search", limit=100)
        assert {"target_id", "ip", "since"} <= searches[0]["detail"].keys()
        assert searches[-1]["detail"]["action"] == "order.read"

    async def test_pages_by_keyset_and_refuses_what_it_cannot_answer(self, world: World) -> None:
        admin = await at_desk(world)
        for _ in range(5):
            await found(admin, action="nothing.like_this")
        first = (await admin.get("/admin/audit-log", limit=3)).json()
        second = (await admin.get("/admin/audit-log", limit=3, cursor=first["next_cursor"])).json()
        times = [row["at"] for row in first["data"] + second["data"]]
        assert times == sorted(times, reverse=True)
        assert len({row["id"] for row in first["data"] + second["data"]}) == 6

        for query, pointer in (
            ({"from": "2020-01-01T00:00:00Z"}, "query:from"),
            ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "query:from"),
            ({"actor": "usr_nobody"}, "query:actor"),
            ({"target": "DROP"}, "query:target"),
            ({"action": "x' OR true"}, "query:action"),
            ({"from": "2026-01-02"}, "query:from"),
            ({"to": "0001-01-01T00:00:00Z"}, "query:to"),
            ({"from": "9999-12-31T23:59:59-12:00"}, "query:from"),
        ):
            reply = await admin.get("/admin/audit-log", **query)
            assert reply.status_code == 422, query
            assert reply.json()["errors"][0]["pointer"] == pointer

    async def test_exports_a_table_and_lines(self, world: World) -> None:
        admin = await at_desk(world)

        table = await admin.get("/admin/audit-log/export", action="user.logged_in")
        lines = await admin.get("/admin/audit-log/export", format="ndjson", action="user.logged_in")

        assert table.headers["content-type"].startswith("text/csv")
        assert len(table.text.splitlines()) == 1 + len(lines.text.splitlines()) == 4
        (export, _) = await found(admin, action="audit.export")
        assert (export["detail"]["action"], export["detail"]["format"]) == ("user.logged_in", "ndjson")


class TestReads:
    async def test_of_what_is_others_are_on_record_with_what_was_asked(self, world: World) -> None:
        finance = await at_desk(world, Role.FINANCE)
        buyer = (await world.buyer.get("/me")).json()["id"]
        for path, query, action, filters in (
            ("/admin/orders", {"user": buyer}, "order.list", ["user"]),
            ("/admin/payouts", {"limit": 5}, "payout.read", []),
            ("/admin/payouts/stuck", {}, "payout.read", []),
            ("/admin/refunds", {}, "refund.read", []),
            ("/admin/chargebacks", {}, "exception.read", []),
            ("/admin/debts", {}, "exception.read", []),
            ("/admin/suspense", {}, "exception.read", []),
        ):
            assert (await finance.get(path, **query)).status_code == 200, path
            row = await world.database.row("SELECT * FROM audit_log ORDER BY at DESC, id DESC LIMIT 1")
            assert (row["action"], row["result"], row["detail"]["route"]) == (action, "done", f"/v1{path}")
            assert row["detail"]["filters"] == filters
            assert buyer not in str(row["detail"])
        nobody = f"pyt_{'0' * 26}"
        assert (await finance.get(f"/admin/payouts/{nobody}")).status_code == 404
        days = {"from": "2026-01-01", "to": "2026-01-31", "format": "csv"}
        assert (await finance.get("/admin/reports/users", **days)).status_code == 200
        rows = await world.database.rows("SELECT action, detail FROM audit_log ORDER BY at DESC, id DESC LIMIT 2")
        assert rows[0]["detail"] == {"name": "users", "format": "csv", "first": days["from"], "last": days["to"]}
        assert (rows[1]["action"], rows[1]["detail"]["path"]) == ("payout.read", {"payout_id": nobody})


class TestTheChain:
    async def test_is_verified_and_kept_elsewhere(self, world: World, superuser: Any) -> None:
        admin = await at_desk(world)
        position = await sealed(world)

        assert (await admin.get("/admin/audit-log/verification")).json() | {"head_hash": ""} == {
            "sound": True,
            "complete": True,
            "verified_through": position,
            "head_position": position,
            "head_hash": "",
            "broken": None,
        }
        beyond = (await admin.get("/admin/audit-log/verification", after=2**40)).json()
        assert (beyond["sound"], beyond["verified_through"]) == (True, position)
        archive = world.application.auditing.archive
        assert [await archive.export_due(), await archive.export_due()] == [1, 0]
        row = await world.database.row("SELECT * FROM audit_exports")
        content = await world.application.files.get(key=row["storage_key"], max_bytes=row["size_bytes"])
        assert check_file(io.BytesIO(content)).position == row["position"] == position
        (kept,) = (await admin.get("/admin/audit-log/exports")).json()["data"]
        assert (kept["after_position"], kept["position"], kept["size_bytes"]) == (0, position, len(content))
        assert (kept["storage_key"], kept["sha256"]) == (row["storage_key"], sha256(content).hexdigest())

        changed = await superuser.value("SELECT audit_id FROM audit_seals WHERE position = 2")
        await superuser.execute("UPDATE audit_log SET ip = '198.51.100.1' WHERE id = $1", changed)

        verdict = (await admin.get("/admin/audit-log/verification")).json()
        assert (verdict["sound"], verdict["broken"]["damage"], verdict["broken"]["position"]) == (False, "changed", 2)
        # A broken chain becomes no file but an alarm, one a day.
        await superuser.execute("DELETE FROM audit_exports")
        alarms = "SELECT count(*) FROM outbox WHERE topic = 'alert' AND payload->>'kind' = 'audit_broken'"
        assert [await archive.export_due() for _ in range(3)] == [0, 0, 0]
        assert await world.database.value(alarms) == 1
        await superuser.execute("UPDATE job_claims SET claimed_at = now() - interval '25 hours'")
        assert await archive.export_due() == 0
        assert await world.database.value(alarms) == 2

    async def test_its_files_are_listed_page_by_page_to_those_who_may(self, world: World, superuser: Any) -> None:
        await superuser.execute(
            "INSERT INTO audit_exports (position, after_position, hash, storage_key, size_bytes, sha256, created_at) "
            "SELECT n * 10, n * 10 - 10, sha256('h'), 'k' || n, n, sha256('f'), now() FROM generate_series(1, 5) AS n"
        )
        admin = await at_desk(world)
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")

        first = (await admin.get("/admin/audit-log/exports", limit=3)).json()
        second = (await admin.get("/admin/audit-log/exports", limit=3, cursor=first["next_cursor"])).json()

        assert [row["position"] for row in first["data"]] == [50, 40, 30]
        assert ([row["position"] for row in second["data"]], second["has_more"]) == ([20, 10], False)
        assert (await support.get("/admin/audit-log/exports")).status_code == 403
        assert len(await found(admin, action="audit.exports")) == 2
