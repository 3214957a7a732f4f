"""Templates have versions: admins add them and turn them on and off, orders keep their own copy."""

from __future__ import annotations

import asyncio
from typing import Any

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro_api import World
from order_steps import proposal, quoted

PATH = "/admin/condition-templates"
ARRIVED = {"kind": "confirm", "title": "Arrived", "confirmed_by": "buyer"}
TEMPLATE = {
    "code": "goods_by_post",
    "order_type": "goods",
    "title": "Goods sent by post",
    "conditions": [ARRIVED],
    "reason": "asked for often",
}


async def offered(world: World, code: str) -> list[tuple[int, list[str]]]:
    found = (await world.buyer.get("/condition-templates")).json()["data"]
    return [(t["version"], [c["title"] for c in t["conditions"]]) for t in found if t["code"] == code]


async def versions(admin: Admin, code: str) -> list[tuple[int, bool]]:
    found = (await admin.get(PATH, code=code)).json()["data"]
    return [(t["version"], t["active"]) for t in found]


async def ordered(world: World, code: str) -> Any:
    return await world.buyer.post("/orders", {**proposal(await quoted(world)), "template_code": code, "conditions": []})


async def test_versions_are_added_and_turned_on_and_off(world: World) -> None:
    admin = await at_desk(world, Role.COMPLIANCE)

    first = await admin.post(PATH, TEMPLATE)
    assert (first.status_code, first.json()["version"], first.json()["active"]) == (201, 1, True)
    order = (await ordered(world, "goods_by_post")).json()
    second = await admin.post(PATH, {**TEMPLATE, "conditions": [ARRIVED, {**ARRIVED, "title": "Unbroken"}]})
    assert second.json()["version"] == 2
    assert await offered(world, "goods_by_post") == [(2, ["Arrived", "Unbroken"])]
    kept = (await world.buyer.get(f"/orders/{order['id']}")).json()["conditions"]
    assert [condition["title"] for condition in kept] == ["Arrived"]

    for _ in range(2):
        off = await admin.post(f"{PATH}/goods_by_post/2/deactivate", {"reason": "too strict"})
        assert (off.status_code, off.json()["active"]) == (200, False)
    assert await offered(world, "goods_by_post") == [(1, ["Arrived"])]
    assert await versions(admin, "goods_by_post") == [(2, False), (1, True)]
    await admin.post(f"{PATH}/goods_by_post/1/deactivate", {"reason": "no more"})
    assert (await ordered(world, "goods_by_post")).json()["code"] == "unknown_template"
    await admin.post(f"{PATH}/goods_by_post/1/activate", {"reason": "after all"})
    assert (await ordered(world, "goods_by_post")).status_code == 201

    audits = await world.database.rows(
        "SELECT action, reason FROM audit_log WHERE action LIKE 'template.%' ORDER BY id"
    )
    assert [tuple(row) for row in audits] == [
        ("template.add", "asked for often"),
        ("template.add", "asked for often"),
        ("template.deactivate", "too strict"),
        ("template.deactivate", "no more"),
        ("template.activate", "after all"),
    ]


async def test_two_at_once_are_two_versions_and_one_key_is_one(world: World) -> None:
    admin = await at_desk(world)

    replies = await asyncio.gather(*(admin.post(PATH, TEMPLATE) for _ in range(4)))
    repeated = [await admin.post(PATH, TEMPLATE, key="once") for _ in range(2)]

    assert sorted(reply.json()["version"] for reply in replies) == [1, 2, 3, 4]
    assert [reply.json()["version"] for reply in repeated] == [5, 5]


async def test_what_makes_no_sense_is_refused(world: World) -> None:
    admin = await at_desk(world)
    date = {"kind": "date", "title": "Moved in", "confirmed_by": "system"}

    refused = [
        await admin.post(PATH, {**TEMPLATE, "conditions": [date]}),
        await admin.post(PATH, {**TEMPLATE, "conditions": [{**ARRIVED, "required": False}]}),
        await admin.post(PATH, {**TEMPLATE, "code": "service"}),
    ]

    pointers = [reply.json()["errors"][0]["pointer"] for reply in refused]
    assert [reply.status_code for reply in refused] == [422] * 3
    assert pointers == ["/conditions/0/not_before", "/conditions", "/order_type"]
    unknown = await admin.post(f"{PATH}/none/1/activate", {"reason": "why not"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "template_not_found")


async def test_only_who_manages_templates_may(world: World) -> None:
    admin = await at_desk(world, Role.FINANCE)

    assert (await admin.post(PATH, TEMPLATE)).status_code == 403
    assert (await admin.get(PATH)).status_code == 403


async def test_goods_face_to_face_ask_for_a_code(world: World) -> None:
    order = (await ordered(world, "goods_face_to_face")).json()

    assert [condition["kind"] for condition in order["conditions"]] == ["delivery_code", "inspection"]
