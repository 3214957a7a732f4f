"""What users see of their money over HTTP: balances, top-ups, history and statements."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from balance_book import post_at
from kro.core.business_days import day_of
from kro.core.database.pool import Database
from kro.core.money import Money
from kro_api import Person, World
from order_steps import DUE, SELLER_GETS, completed, funded, put_money, stepped, user_id_of
from step_up_steps import add_bank_account

NGN = "NGN"


def naira(amount: int, currency: str = NGN) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


async def balance_of(person: Person, currency: str = NGN) -> dict[str, int]:
    data = (await person.get("/balance")).json()["data"]
    return next(
        {name: part["amount"] for name, part in row.items() if name != "currency"}
        for row in data
        if row["currency"] == currency
    )


async def paid_top_up(world: World, amount: dict[str, Any], *, key: str | None = None) -> dict[str, Any]:
    reply = await world.buyer.post("/balance/top-ups", {"amount": amount}, key=key)
    assert reply.status_code == 202, reply.text
    await world.work()
    payment: dict[str, Any] = (await world.buyer.get(f"/payments/{reply.json()['id']}")).json()
    world.paystack.pay(payment["reference"])
    await world.application.collecting.collections.apply_provider_result(reference=payment["reference"])
    return payment


async def with_account(world: World, person: Person) -> str:
    return str((await add_bank_account(world, person))["id"])


async def statement(person: Person, world: World, **query: Any) -> Any:
    today = day_of(world.application.clock.now()).isoformat()
    return await person.get("/balance/statements", **{"from": today, "to": today, **query})


class TestBalance:
    async def test_tells_apart_where_the_money_is(self, world: World, owner_database: Database) -> None:
        assert (await world.buyer.get("/balance")).json() == {"data": []}
        await put_money(world, 1_000_000)
        await funded(world)
        account = await with_account(world, world.buyer)
        sent = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(200_000)})
        assert sent.status_code == 202, sent.text
        me = user_id_of((await world.buyer.get("/me")).json())
        await owner_database.execute(
            """
            INSERT INTO kro_balance (id, code, owner_id, qualifier, currency, normal, tracked, allow_negative, balance)
            VALUES (gen_random_uuid(), 'user_receivable', $1, '', 'NGN', 'debit', true, false, 700)""",
            me,
        )

        assert await balance_of(world.buyer) == {
            "available": 1_000_000 - 205_000,
            "in_escrow": DUE,
            "in_transit": 200_000,
            "reserved": 0,
            "owed": 700,
        }
        assert (await world.stranger.get("/balance")).json() == {"data": []}

    async def test_keeps_currencies_apart(self, world: World, owner_database: Database) -> None:
        currencies = ["NGN", "GHS", "KES", "ZAR", "USD", "GBP", "EUR"]
        me = user_id_of((await world.buyer.get("/me")).json())
        for number, currency in enumerate(currencies, start=1):
            if currency in {"GBP", "EUR"}:
                # The provider of this installation does not collect them; the ledger keeps them all the same.
                moment = world.application.clock.now()
                await post_at(owner_database, me, (moment, number * 1_000), kind="goodwill", currency=currency)
            else:
                await paid_top_up(world, naira(number * 1_000, currency))

        data = (await world.buyer.get("/balance")).json()["data"]

        assert {row["currency"]: row["available"] for row in data} == {
            currency: naira(number * 1_000, currency) for number, currency in enumerate(currencies, start=1)
        }
        history = (await world.buyer.get("/balance/entries", currency="USD")).json()["data"]
        assert [entry["amount"] for entry in history] == [naira(5_000, "USD")]
        assert await world.violations() == {}

    async def test_is_never_exchanged_by_itself(self, world: World) -> None:
        await paid_top_up(world, naira(900_000, "USD"))
        account = await with_account(world, world.buyer)

        naira_wanted = await world.buyer.post("/payouts", {"bank_account_id": account, "amount": naira(1_000)})
        dollars_to_naira = await world.buyer.post(
            "/payouts", {"bank_account_id": account, "amount": naira(1_000, "USD")}
        )

        assert (naira_wanted.status_code, naira_wanted.json()["code"]) == (409, "insufficient_funds")
        assert dollars_to_naira.json()["code"] == "currency_mismatch"
        assert (await balance_of(world.buyer, "USD"))["available"] == 900_000

    async def test_is_for_its_owner(self, world: World) -> None:
        for path in ("/balance", "/balance/entries", "/balance/statements"):
            assert (await world.http.get(f"/v1{path}")).status_code == 401


class TestTopUp:
    async def test_is_there_once_it_was_paid(self, world: World) -> None:
        payment = await paid_top_up(world, naira(500_000))

        assert payment["order_id"] is None
        assert payment["checkout_url"].startswith("https://")
        paid = (await world.buyer.get(f"/payments/{payment['id']}")).json()
        assert (paid["status"], paid["received_amount"]) == ("succeeded", naira(500_000))
        assert await world.buyer.available() == 500_000
        assert (await world.stranger.get(f"/payments/{payment['id']}")).status_code == 404
        await world.application.collecting.collections.apply_provider_result(reference=payment["reference"])
        assert await world.buyer.available() == 500_000

    async def test_is_one_under_one_key(self, world: World) -> None:
        body = {"amount": naira(500_000)}

        first, second = [await world.buyer.post("/balance/top-ups", body, key="once") for _ in range(2)]
        other = await world.buyer.post("/balance/top-ups", {"amount": naira(500_001)}, key="once")

        assert first.json() == second.json()
        assert other.json()["code"] == "idempotency_key_reused"
        assert len((await world.buyer.get("/payments")).json()["data"]) == 1

    async def test_stays_below_what_the_tier_may_hold(self, world: World) -> None:
        most = world.application.settings.kyc.tiers[1].balance_max_minor
        assert most is not None

        over = await world.buyer.post("/balance/top-ups", {"amount": naira(most + 1)})
        just = await world.buyer.post("/balance/top-ups", {"amount": naira(most)})
        more = await world.buyer.post("/balance/top-ups", {"amount": naira(1)})

        assert (over.status_code, over.json()["code"]) == (409, "tier_limit_exceeded")
        assert just.status_code == 202
        assert (more.status_code, more.json()["code"]) == (409, "tier_limit_exceeded")

    @pytest.mark.parametrize("currency", ["EUR", "GBP"])
    async def test_is_refused_at_once_in_a_currency_no_provider_takes(self, world: World, currency: str) -> None:
        refused = await world.buyer.post("/balance/top-ups", {"amount": naira(500, currency)}, key="one")

        assert (refused.status_code, refused.json()["code"]) == (422, "no_provider_for_currency")
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/amount/currency"]
        assert (await world.buyer.get("/payments")).json()["data"] == []
        assert (await world.buyer.post("/balance/top-ups", {"amount": naira(500)}, key="one")).status_code == 202

    @pytest.mark.parametrize("amount", [naira(0), naira(-1), naira(1, "XYZ"), {"amount": "1", "currency": NGN}, {}])
    async def test_refuses_what_is_no_amount(self, world: World, amount: Any) -> None:
        assert (await world.buyer.post("/balance/top-ups", {"amount": amount})).status_code == 422


class TestHistory:
    async def test_comes_in_pages_with_the_balance_after_each_movement(self, world: World) -> None:
        for amount in (100, 200, 300, 400, 500):
            await put_money(world, amount)

        entries, cursor = [], None
        while True:
            page = (await world.buyer.get("/balance/entries", limit=2, **({"cursor": cursor} if cursor else {}))).json()
            entries += page["data"]
            if not page["has_more"]:
                break
            cursor = page["next_cursor"]

        assert [entry["amount"]["amount"] for entry in entries] == [500, 400, 300, 200, 100]
        assert [entry["balance_after"]["amount"] for entry in entries] == [1_500, 1_000, 600, 300, 100]
        assert (await world.stranger.get("/balance/entries")).json()["data"] == []

    async def test_is_filtered_by_kind_and_day(self, world: World) -> None:
        await funded(world)
        today = day_of(world.application.clock.now()).isoformat()

        of_kind = (await world.buyer.get("/balance/entries", kind="order_funded")).json()["data"]
        of_today = (await world.buyer.get("/balance/entries", **{"from": today, "to": today})).json()["data"]
        before = (await world.buyer.get("/balance/entries", to="2026-01-01")).json()["data"]

        [entry] = of_kind
        assert (entry["amount"]["amount"], entry["source"][:4]) == (-DUE, "ord_")
        assert [entry["kind"] for entry in of_today] == ["order_funded", "receipt"]
        assert before == []

    async def test_refuses_a_cursor_of_another_list(self, world: World) -> None:
        for amount in (100, 200):
            await put_money(world, amount)
        cursor = (await world.buyer.get("/balance/entries", limit=1)).json()["next_cursor"]

        reply = await world.buyer.get("/balance/entries", limit=1, cursor=cursor, kind="receipt")

        assert (reply.status_code, reply.json()["code"]) == (422, "invalid_cursor")


class TestStatement:
    async def test_adds_up_and_shows_every_charge(self, world: World) -> None:
        order = await completed(world)
        for condition in order["conditions"]:
            if condition["confirmed_by"] == "buyer" and condition["status"] in {"pending", "submitted"}:
                await world.buyer.post(f"/orders/{order['id']}/conditions/{condition['id']}/confirm")
        await stepped(world.buyer.post(f"/orders/{order['id']}/approve"))
        account = await with_account(world, world.seller)
        sent = await world.seller.post("/payouts", {"bank_account_id": account, "amount": naira(2_000_000)})
        assert sent.status_code == 202, sent.text

        found = (await statement(world.seller, world)).json()

        money_in, money_out = (found["totals"][name]["amount"] for name in ("money_in", "money_out"))
        closing = found["closing_balance"]["amount"]
        assert found["opening_balance"]["amount"] + money_in - money_out == closing
        assert closing == SELLER_GETS - 2_000_000 - 5_000 - 5_000 == await world.seller.available()
        running = found["opening_balance"]["amount"]
        for row in found["rows"]:
            running += row["amount"]["amount"]
            assert row["balance_after"]["amount"] == running
        charged = {
            (row["kind"], row["part"]): row["amount"]["amount"] for row in found["rows"] if row["part"] != "movement"
        }
        assert charged == {
            ("full_release", "fee"): -187_500,
            ("full_release", "vat"): -14_062,
            ("payout_requested", "fee"): -4_651,
            ("payout_requested", "vat"): -349,
            ("payout_requested", "stamp_duty"): -5_000,
        }
        assert (found["time_zone"], found["complete"]) == ("Africa/Lagos", False)

    async def test_says_the_same_as_a_table(self, world: World) -> None:
        await funded(world)
        told = (await statement(world.buyer, world)).json()

        reply = await statement(world.buyer, world, format="csv")

        assert reply.headers["content-type"].startswith("text/csv")
        assert "attachment" in reply.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
        assert [row["part"] for row in rows][:1] == ["opening_balance"]
        assert rows[-1]["part"] == "closing_balance"
        assert rows[-1]["balance"] == Money(told["closing_balance"]["amount"], NGN).to_major()
        assert [row["balance"] for row in rows[1:-1]] == [
            Money(row["balance_after"]["amount"], NGN).to_major() for row in told["rows"]
        ]

    async def test_is_printed(self, world: World) -> None:
        await funded(world)

        reply = await statement(world.buyer, world, format="pdf")

        assert reply.headers["content-type"] == "application/pdf"
        assert reply.content.startswith(b"%PDF-")
        assert reply.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        "period",
        [
            {"from": "2026-02-02", "to": "2026-02-01"},
            {"from": "2024-01-01", "to": "2025-12-31"},
            {"from": "2026-01-01", "to": "2199-01-01"},
        ],
        ids=["backwards", "too many days", "to come"],
    )
    async def test_refuses_what_is_no_period(self, world: World, period: dict[str, str]) -> None:
        reply = await world.buyer.get("/balance/statements", **period)

        assert (reply.status_code, reply.json()["code"]) == (422, "statement_period_invalid")
