"""Admins change prices and taxes over HTTP: seen first, with a reason, from now on and never backwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from admin_desk import Admin, at_desk
from kro.core.auth.permissions import Role
from kro_api import World
from order_steps import accepted, put_money, stepped
from prices import figures, priced

DEARER = {"currency": "NGN", "bands": [{"percent_bps": 500, "minimum": 20_000, "cap": 20_000_000}]}
OLD, NEW = 375_000, 750_000


@pytest.fixture
async def finance(world: World) -> Admin:
    return await at_desk(world, Role.FINANCE)


async def previewed(admin: Admin, change: dict[str, Any]) -> dict[str, Any]:
    reply = await admin.post("/admin/fees/preview", change)
    assert reply.status_code == 200, reply.text
    preview: dict[str, Any] = reply.json()
    return preview


async def changed(admin: Admin, change: dict[str, Any]) -> dict[str, Any]:
    preview = await previewed(admin, change)
    body = change | {"preview_hash": preview["preview_hash"], "reason": "Board decision 12"}
    reply = await admin.post("/admin/fees/changes", body)
    assert reply.status_code == 201, reply.text
    step: dict[str, Any] = reply.json()
    return step


class TestChange:
    async def test_is_shown_before_it_is_made(self, world: World, finance: Admin) -> None:
        preview = await previewed(finance, DEARER | {"examples": [15_000_000]})

        [example] = preview["examples"]
        assert (example["before"]["fee"], example["after"]["fee"]) == (OLD, NEW)
        assert [band["percent_bps"] for band in preview["ended"]] == [250]
        assert figures(await priced(world))["fee"] == OLD

    async def test_counts_from_then_on_and_is_on_record(self, world: World, finance: Admin) -> None:
        step = await changed(finance, DEARER)

        assert figures(await priced(world))["fee"] == NEW
        in_force = (await finance.get("/admin/fees", state="in_force")).json()["data"]
        [band] = [one for one in in_force if one["currency"] == "NGN"]
        assert (band["percent_bps"], band["reason"]) == (500, "Board decision 12")
        assert band["created_by"].startswith("adm_")
        [ended] = (await finance.get("/admin/fees", state="ended")).json()["data"]
        assert ended["effective_to"] == step["effective_from"]
        written = await world.database.row("SELECT reason, actor_kind FROM audit_log WHERE action LIKE 'fee%'")
        assert (written["reason"], written["actor_kind"]) == ("Board decision 12", "admin")

    async def test_never_touches_what_was_promised_before(self, world: World, finance: Admin) -> None:
        order = await accepted(world)
        quote = await priced(world)
        await changed(finance, DEARER)
        await put_money(world, 15_201_563)

        unchanged = (await world.buyer.get(f"/orders/{order['id']}")).json()
        paid = await stepped(world.buyer.post(f"/orders/{order['id']}/fund", {"method": "balance"}))
        body = {
            "quote_id": quote["id"],
            "role": "buyer",
            "counterparty_phone": "+2348031110002",
            "order_type": "goods",
            "title": "Laptop",
            "description": "Refurbished",
            "delivery_hours": 72,
            "conditions": [{"kind": "confirm", "title": "It starts", "confirmed_by": "buyer"}],
        }
        later = await world.buyer.post("/orders", body)

        assert unchanged["fees"] == order["fees"] == paid["fees"]
        assert paid["held"]["amount"] == 15_201_563
        assert later.json()["fees"]["fee_buyer"]["amount"] * 2 == OLD
        assert figures(await priced(world))["fee"] == NEW

    async def test_is_made_only_as_it_was_shown(self, world: World, finance: Admin) -> None:
        preview = await previewed(finance, DEARER)
        other = DEARER | {"bands": [{"percent_bps": 501}]}
        body = other | {"preview_hash": preview["preview_hash"], "reason": "A slip"}

        reply = await finance.post("/admin/fees/changes", body)

        assert (reply.status_code, reply.json()["code"]) == (409, "fee_preview_outdated")
        assert figures(await priced(world))["fee"] == OLD

    async def test_needs_a_reason(self, finance: Admin) -> None:
        preview = await previewed(finance, DEARER)

        reply = await finance.post("/admin/fees/changes", DEARER | {"preview_hash": preview["preview_hash"]})

        assert (reply.status_code, reply.json()["code"]) == (422, "validation_failed")

    async def test_is_one_under_one_key(self, finance: Admin) -> None:
        preview = await previewed(finance, DEARER)
        body = DEARER | {"preview_hash": preview["preview_hash"], "reason": "Board decision 12"}

        first, second = [await finance.post("/admin/fees/changes", body, key="once") for _ in range(2)]

        assert first.json() == second.json()
        assert len((await finance.get("/admin/fees")).json()["data"]) == 2

    async def test_waits_for_its_date(self, world: World, finance: Admin) -> None:
        later = (world.application.clock.now() + timedelta(days=30)).isoformat()

        await changed(finance, DEARER | {"effective_from": later})

        assert figures(await priced(world))["fee"] == OLD
        [scheduled] = (await finance.get("/admin/fees", state="scheduled")).json()["data"]
        assert scheduled["percent_bps"] == 500

    async def test_may_be_a_promotion_for_those_who_name_it(self, world: World, finance: Admin) -> None:
        await changed(finance, {"currency": "NGN", "promo_code": "HALF", "bands": [{"percent_bps": 125}]})

        promoted = await priced(world, promo_code="HALF")

        assert (promoted["promo_code"], figures(promoted)["fee"]) == ("HALF", 187_500)
        assert figures(await priced(world))["fee"] == OLD

    async def test_may_open_another_currency_once_its_vat_is_known(self, world: World, finance: Admin) -> None:
        cedi = {"currency": "GHS", "bands": [{"percent_bps": 300}]}
        untaxed = await finance.post("/admin/fees/preview", cedi)
        assert untaxed.json()["code"] == "no_tax_rule"

        taxed = await finance.post(
            "/admin/fees/taxes", {"kind": "vat", "currency": "GHS", "rate_bps": 1_500, "reason": "Ghana VAT"}
        )
        assert taxed.status_code == 201, taxed.text
        await changed(finance, cedi)

        quote = await priced(world, amount={"amount": 100_000, "currency": "GHS"})
        assert figures(quote) == {"buyer_pays": 101_725, "seller_receives": 98_275, "fee": 3_000, "vat": 450}


class TestTaxes:
    async def test_follow_the_law_and_leave_the_past(self, world: World, finance: Admin) -> None:
        promised = await priced(world)

        reply = await finance.post(
            "/admin/fees/taxes", {"kind": "vat", "currency": "NGN", "rate_bps": 1_000, "reason": "Finance Act"}
        )

        assert reply.status_code == 201, reply.text
        assert figures(await priced(world))["vat"] == 37_500
        order = await world.buyer.post(
            "/orders",
            {
                "quote_id": promised["id"],
                "role": "buyer",
                "counterparty_phone": "+2348031110002",
                "order_type": "goods",
                "title": "Laptop",
                "description": "Refurbished",
                "delivery_hours": 72,
                "conditions": [{"kind": "confirm", "title": "It starts", "confirmed_by": "buyer"}],
            },
        )
        assert order.json()["fees"]["vat_buyer"]["amount"] == 14_063

    async def test_of_the_law_are_there_from_the_start(self, finance: Admin) -> None:
        rules = (await finance.get("/admin/fees/taxes", currency="NGN")).json()["data"]

        known = {rule["kind"]: rule for rule in rules}
        assert known["vat"]["rate_bps"] == 750
        duty = known["stamp_duty"]
        assert (duty["fixed_minor"], duty["threshold_minor"]) == (5_000, 1_000_000)
        assert duty["effective_from"].startswith("2025-12-31T23:00:00")


class TestPermissions:
    async def test_are_needed(self, world: World) -> None:
        support = await at_desk(world, Role.SUPPORT, email="support@kro.example")

        for reply in (
            await support.get("/admin/fees"),
            await support.get("/admin/fees/taxes"),
            await support.post("/admin/fees/preview", DEARER),
            await support.post("/admin/fees/changes", DEARER | {"preview_hash": "0" * 64, "reason": "x"}),
            await support.post(
                "/admin/fees/taxes", {"kind": "vat", "currency": "NGN", "rate_bps": 1, "reason": "No reason"}
            ),
        ):
            assert (reply.status_code, reply.json()["code"]) == (403, "permission_denied")

    async def test_of_admins_are_not_users(self, world: World) -> None:
        assert (await world.buyer.get("/admin/fees")).status_code == 401
