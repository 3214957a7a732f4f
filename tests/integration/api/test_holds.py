"""Compliance stops an order, and two of its people let it go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.api.exception_steps import hear, paid_order, seen

from dispute_steps import (
    WHY,
    approve,
    disputed,
    officer,
    related,
    timers,
)
from kro.core.auth.permissions import Role
from kro.core.ids import read_id
from kro_api import BUYER_PHONE, World
from order_steps import completed, created, shared_out, stepped

HOLD = {"reason": "fraud", "note": "Three accounts, one device."}
LIFT = {**WHY, "reason": "cleared"}


def told(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def held(admin: Any, order: dict[str, Any]) -> dict[str, Any]:
    reply = await admin.post(f"/admin/orders/{order['id']}/holds", HOLD)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def lift(admin: Any, hold: dict[str, Any]) -> dict[str, Any]:
    reply = await admin.post(f"/admin/holds/{hold['id']}/lift-proposals", LIFT)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def two(world: World) -> Any:
    return [await officer(world, name, role=Role.COMPLIANCE) for name in ("first", "second")]


async def test_nothing_moves_and_no_time_runs(world: World) -> None:
    order, [admin, _] = await completed(world), await two(world)
    before = await shared_out(world)

    hold = await held(admin, order)

    assert (hold["reason"], hold["note"], hold["lifted_at"]) == ("fraud", HOLD["note"], None)
    assert await timers(world, order) == {}
    assert told(await world.buyer.post(f"/orders/{order['id']}/approve")) == (409, "order_on_hold")
    assert await shared_out(world) == before
    assert [(one["id"], one["order_id"]) for one in (await admin.get("/admin/holds", open=True)).json()["data"]] == [
        (hold["id"], order["id"])
    ]


async def test_the_parties_learn_that_and_not_why(world: World) -> None:
    order, [admin, _] = await completed(world), await two(world)

    await held(admin, order)

    read = await world.buyer.get(f"/orders/{order['id']}")
    events = await world.buyer.get(f"/orders/{order['id']}/events")
    assert read.json()["on_hold"] is True
    assert events.json()["data"][-1]["type"] == "hold_placed"
    assert all(word not in read.text + events.text for word in ("fraud", "device"))


async def test_two_give_back_what_was_left_to_the_second(world: World) -> None:
    order, [admin, second] = await completed(world), await two(world)
    armed = await timers(world, order)
    hold = await held(admin, order)
    # The hold has lasted for 30 hours.
    await world.database.execute(
        "UPDATE orders SET held_since = held_since - interval '30 hours', inspect_by = inspect_by - interval '30 hours'"
    )
    since = await world.database.value("SELECT held_since FROM orders")

    done = await approve(second, await lift(admin, hold))

    assert done.status_code == 200
    lifted = (await admin.get("/admin/holds", order_id=order["id"])).json()["data"][0]
    lifted_at = await world.database.value("SELECT lifted_at FROM order_holds")
    assert lifted["lifted_by"] != lifted["lift_approved_by"]
    again = await timers(world, order)
    assert again.keys() >= {"inspect_by", "inspect_by.24h", "inspect_by.2h"}
    expected = armed["inspect_by"] - timedelta(hours=30) + (lifted_at - since)
    assert again["inspect_by"] == expected
    assert await world.database.value("SELECT (on_hold, compliance_hold, held_since)::text FROM orders") == "(f,f,)"
    await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))
    assert await world.violations() == {}


async def test_a_dispute_waits_as_well(world: World) -> None:
    order, [admin, second] = await disputed(world), await two(world)
    armed = await timers(world, order)
    hold = await held(admin, order)
    assert await timers(world, order) == {}
    await world.database.execute("UPDATE orders SET held_since = held_since - interval '2 days'")
    since = await world.database.value("SELECT held_since FROM orders")

    await approve(second, await lift(admin, hold))

    lasted = await world.database.value("SELECT lifted_at FROM order_holds") - since
    again = await timers(world, order)
    deadlines = ("evidence_by", "decide_by", "overdue_by")
    assert {name: again[name] - armed[name] for name in deadlines} == dict.fromkeys(deadlines, lasted)


@pytest.mark.parametrize("lifted_first", [True, False])
async def test_a_contested_payment_holds_it_too(world: World, lifted_first: bool) -> None:
    order, reference = await paid_order(world)
    admin, second = await two(world)
    armed = await timers(world, order)
    hold = await held(admin, order)
    dispute = world.paystack.contest(reference)
    await hear(world, dispute)

    async def let_go() -> None:
        assert (await approve(second, await lift(admin, hold))).status_code == 200

    async def win() -> None:
        world.paystack.end_dispute(dispute, "declined")
        await hear(world, dispute, "resolve")

    first, last = (let_go, win) if lifted_first else (win, let_go)
    await first()
    between = await seen(world.buyer, order), await timers(world, order)
    await last()

    assert (between[0]["on_hold"], between[1]) == (True, {})
    assert (await seen(world.buyer, order))["on_hold"] is False
    assert (await timers(world, order)).keys() == armed.keys()
    assert await world.violations() == {}


class TestRefusals:
    async def test_one_alone_lifts_nothing(self, world: World) -> None:
        order, [admin, _] = await completed(world), await two(world)
        proposal = await lift(admin, await held(admin, order))

        refused = await approve(admin, proposal)

        assert told(refused) == (403, "two_persons_required")
        assert (await seen(world.buyer, order))["on_hold"] is True

    async def test_who_is_a_party_lifts_nothing(self, world: World) -> None:
        order, [admin, second] = await completed(world), await two(world)
        hold = await held(admin, order)
        proposal = await lift(admin, hold)
        await related(world, "second", BUYER_PHONE)

        refused = await approve(second, proposal)
        await admin.post(f"/admin/proposals/{proposal['id']}/reject", {"reason": "to be made again"})
        made = await second.post(f"/admin/holds/{hold['id']}/lift-proposals", LIFT)

        assert [told(reply) for reply in (refused, made)] == [(403, "conflict_of_interest")] * 2
        assert (await seen(world.buyer, order))["on_hold"] is True

    async def test_of_a_second_hold_and_of_a_second_lift(self, world: World) -> None:
        order, [admin, second] = await completed(world), await two(world)
        hold = await held(admin, order)
        twice = await admin.post(f"/admin/orders/{order['id']}/holds", HOLD)
        await approve(second, await lift(admin, hold))

        again = await admin.post(f"/admin/holds/{hold['id']}/lift-proposals", LIFT)
        newer = await held(admin, order)
        old = await admin.post(f"/admin/holds/{hold['id']}/lift-proposals", LIFT)

        assert told(twice) == (409, "hold_placed")
        assert [told(reply) for reply in (again, old)] == [(409, "no_hold")] * 2
        assert newer["id"] != hold["id"]

    async def test_of_what_holds_no_money_or_does_not_exist(self, world: World) -> None:
        order, [admin, _] = await created(world), await two(world)

        refused = [
            await admin.post(f"/admin/orders/{order['id']}/holds", HOLD),
            await admin.post(f"/admin/orders/ord_{'0' * 26}/holds", HOLD),
            await admin.post(f"/admin/holds/hld_{'0' * 26}/lift-proposals", LIFT),
        ]

        assert [reply.status_code for reply in refused] == [409, 404, 404]
        assert [reply.json()["code"] for reply in refused[1:]] == ["order_not_found", "hold_not_found"]

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.DISPUTE, Role.FINANCE, Role.APPROVER])
    async def test_of_everybody_else(self, world: World, role: Role) -> None:
        order, [admin, _] = await completed(world), await two(world)
        other = await officer(world, "other", role=role)
        hold = await held(admin, order)
        proposal = await lift(admin, hold)

        refused = [
            await other.get("/admin/holds"),
            await other.post(f"/admin/orders/{order['id']}/holds", HOLD),
            await other.post(f"/admin/holds/{hold['id']}/lift-proposals", LIFT),
            await approve(other, proposal),
        ]

        assert [told(reply) for reply in refused] == [(403, "permission_denied")] * 4

    async def test_is_on_record(self, world: World) -> None:
        order, [admin, second] = await completed(world), await two(world)

        await approve(second, await lift(admin, await held(admin, order)))

        rows = await world.database.rows(
            "SELECT action, target_id, reason FROM audit_log WHERE action IN ('order.hold', 'proposal.approve')"
        )
        assert {(row["action"], row["reason"]) for row in rows} == {
            ("order.hold", "fraud"),
            ("proposal.approve", "cleared"),
        }
        assert read_id("ord", order["id"]) in {row["target_id"] for row in rows}
