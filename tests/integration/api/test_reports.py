"""Reports: figures worked out by hand on a small book, and the same as the ledger's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.api.test_reconciliation import login, person

from kro.core.auth.permissions import Role
from kro.core.business_days import day_of
from kro_api import TOTP_SECRET, Person, World
from order_steps import DUE, FEE, VAT, completed, funded, put_money, stepped
from step_up_steps import add_bank_account


@pytest.fixture
async def admin(world: World) -> Person:
    return await login(world, "admin@kro.example", TOTP_SECRET)


def today(world: World) -> str:
    return str(day_of(world.application.clock.now()))


async def report(world: World, admin: Person, name: str, **query: Any) -> list[dict[str, Any]]:
    day = today(world)
    reply = await admin.get(f"/admin/reports/{name}", **({"from": day, "to": day} | query))
    assert reply.status_code == 200, reply.text
    rows: list[dict[str, Any]] = reply.json()["rows"]
    return rows


async def small_book(world: World) -> None:
    """One order released, one refunded, one still held, and a payout that nobody has sent yet."""
    done = await completed(world)
    await stepped(world.buyer.post(f"/orders/{done['id']}/approve"))
    called_off = await funded(world)
    await stepped(world.seller.post(f"/orders/{called_off['id']}/cancel", {"reason": "Sold out"}))
    await funded(world)
    account = await add_bank_account(world, world.buyer, "0123456789")
    body = {"bank_account_id": account["id"], "amount": {"amount": 1_500_000, "currency": "NGN"}}
    payout = await world.buyer.post("/payouts", body)
    assert payout.status_code in {201, 202}, payout.text


async def balance(world: World, code: str, qualifier: str | None = None) -> int:
    return int(
        await world.database.value(
            "SELECT coalesce(sum(balance), 0)::bigint FROM ledger_balances"
            " WHERE code = $1 AND ($2::text IS NULL OR qualifier = $2)",
            code,
            qualifier,
        )
    )


async def test_every_figure_is_what_was_done_and_what_the_ledger_says(world: World, admin: Person) -> None:
    await small_book(world)

    [gmv] = await report(world, admin, "gmv")
    assert gmv == {
        "currency": "NGN",
        "orders_funded": 3,
        "funded": 3 * DUE,
        "released": DUE,
        "refunded": DUE,
        "charged_back": 0,
    }
    assert gmv["funded"] - gmv["released"] - gmv["refunded"] == await balance(world, "order_escrow") == DUE

    assert await report(world, admin, "held") == [{"currency": "NGN", "age": "under 1 day", "orders": 1, "held": DUE}]

    fees = {row["kind"]: row for row in await report(world, admin, "fees")}
    assert (fees["escrow"]["earned"], fees["escrow"]["given_back"], fees["escrow"]["net"]) == (FEE, 0, FEE)
    for kind, row in fees.items():
        assert row["net"] == await balance(world, "fee_revenue", kind)

    taxes = {row["tax"]: row for row in await report(world, admin, "taxes")}
    payout = await world.database.row("SELECT vat, duty FROM transactions WHERE kind = 'payout'")
    assert taxes["vat"]["charged"] == VAT + payout["vat"]
    assert taxes["vat"]["payable"] == await balance(world, "vat_payable")
    assert payout["duty"] == 5_000
    assert taxes["stamp_duty"]["payable"] == await balance(world, "stamp_duty_payable") == payout["duty"]

    [payouts] = await report(world, admin, "payouts")
    assert (payouts["requested"], payouts["open"], payouts["succeeded"]) == (1, 1, 0)
    assert payouts["from_request_p50"] is None


async def test_other_days_have_other_figures_but_taxes_remember_what_is_payable(world: World, admin: Person) -> None:
    await small_book(world)
    tomorrow = str(day_of(world.application.clock.now() + timedelta(days=1)))
    yesterday = str(day_of(world.application.clock.now() - timedelta(days=1)))
    for name in ("gmv", "held", "fees", "payouts"):
        for day in (yesterday, tomorrow):
            assert await report(world, admin, name, **{"from": day, "to": day}) == [], (name, day)
    assert await report(world, admin, "taxes", **{"from": yesterday, "to": yesterday}) == []
    taxes = await report(world, admin, "taxes", **{"from": tomorrow, "to": tomorrow})
    payable = {row["tax"]: (row["charged"], row["taken_back"], row["payable"]) for row in taxes}
    assert payable == {
        "vat": (0, 0, await balance(world, "vat_payable")),
        "stamp_duty": (0, 0, await balance(world, "stamp_duty_payable")),
    }
    wrong = await admin.get("/admin/reports/gmv", **{"from": tomorrow, "to": yesterday})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "report_days_invalid")


async def test_how_long_payouts_took(world: World, admin: Person, owner_database: Any) -> None:
    await put_money(world, 100_000)
    # Ten of 10, 20 … 100 seconds from the request, each approved after five of them; one failed.
    await owner_database.execute(
        """
        INSERT INTO transactions (id, kind, user_id, provider, reference, currency, amount, fee, vat, status,
                                  approvals_required, polls, version, created_at, updated_at)
        SELECT md5(n::text)::uuid, 'payout', (SELECT user_id FROM transactions LIMIT 1), 'paystack', 'r' || n, 'NGN',
               1000, 0, 0, 'awaiting_approval', 1, 0, 1, now(), now() FROM generate_series(1, 11) AS n"""
    )
    for status, seconds in (("approved", "5"), ("succeeded", "10 * substr(reference, 2)::int")):
        await owner_database.execute(
            f"UPDATE transactions SET status = CASE WHEN reference = 'r11' AND '{status}' = 'succeeded'"  # noqa: S608 - constants
            f" THEN 'failed' ELSE '{status}' END, updated_at = created_at + ({seconds}) * interval '1 second'"
            " WHERE kind = 'payout'"
        )

    day = {"from": today(world), "to": str(day_of(world.application.clock.now() + timedelta(days=1)))}
    [row] = await report(world, admin, "payouts", **day)

    assert (row["requested"], row["succeeded"], row["failed"], row["open"]) == (11, 10, 1, 0)
    assert (row["from_request_p50"], row["from_request_p90"], row["from_request_p99"]) == (55, 91, 99.1)
    assert (row["from_approval_p50"], row["from_approval_p90"], row["from_approval_p99"]) == (50, 86, 94.1)


async def test_people_their_identity_and_what_is_contested(world: World, admin: Person) -> None:
    order = await completed(world)
    await stepped(
        world.buyer.post(f"/orders/{order['id']}/issues", {"category": "other", "statement": "It is broken."})
    )
    await funded(world)
    database = world.database
    month = await database.value("SELECT to_char(now() AT TIME ZONE 'Africa/Lagos', 'YYYY-MM')")

    assert await report(world, admin, "users") == [{"month": month, "registered": 3, "logged_in": 3}]
    assert await report(world, admin, "identity") == []
    [contested] = await report(world, admin, "disputes")
    assert (contested["orders"], contested["contested"], contested["escalated"], contested["open"]) == (2, 1, 0, 1)
    assert contested["contested_bps"] == 5_000


async def test_a_table_for_a_spreadsheet(world: World, admin: Person) -> None:
    await small_book(world)
    day = today(world)

    reply = await admin.get("/admin/reports/gmv", **{"from": day, "to": day, "format": "csv"})

    assert reply.headers["content-type"].startswith("text/csv")
    assert f'filename="kro-gmv-{day}-to-{day}.csv"' in reply.headers["content-disposition"]
    head, row = reply.text.splitlines()
    assert head == "currency,orders_funded,funded,released,refunded,charged_back"
    assert row == f"NGN,3,{3 * DUE},{DUE},{DUE},0"


async def test_the_permission_is_asked_for(world: World) -> None:
    support = await person(world, Role.SUPPORT)
    day = today(world)
    assert (await support.get("/admin/reports/gmv", **{"from": day, "to": day})).status_code == 403
