"""Several providers over HTTP: choosing one, paying by transfer, accounts for good, and the admins' switches."""

from __future__ import annotations

from typing import Any

import pytest

from admin_desk import at_desk
from kro.core.auth.permissions import Role
from kro.payment.domain import WebhookProcessor
from kro_api import World
from order_steps import DUE, accepted


async def hear(world: World, settlement: str) -> Any:
    """Let the bank tell of money that arrived, and the worker look into it."""
    raw, headers = world.bank.notice(settlement)
    reply = await world.http.post(
        "/v1/webhooks/providus", content=raw, headers={**headers, "Content-Type": "application/json"}
    )
    processor: WebhookProcessor = world.application.listening.webhooks
    await processor.process_due()
    return reply


class TestPaying:
    async def test_an_order_is_funded_by_a_transfer(self, world: World) -> None:
        order = await accepted(world)
        path = f"/orders/{order['id']}"
        started = await world.buyer.post(f"{path}/fund", {"method": "bank_transfer"})
        payment = started.json()
        await world.work()
        pay_to = (await world.buyer.get(f"/payments/{payment['id']}")).json()["pay_to"]

        settlement = world.bank.arrive(pay_to["account_number"], DUE, reference=payment["reference"])
        told = await hear(world, settlement)
        again = await hear(world, settlement)

        assert (started.status_code, payment["provider"], payment["method"]) == (202, "providus", "bank_transfer")
        assert (payment["pay_to"], payment["checkout_url"]) == (None, None)
        assert set(pay_to) == {"account_number", "account_name", "bank_name", "expires_at"}
        assert [reply.json()["responseCode"] for reply in (told, again)] == ["00", "01"]
        assert (await world.buyer.get(path)).json()["status"] == "in_progress"
        assert await world.violations() == {}

    @pytest.mark.parametrize(
        "wish", [{"method": "checkout", "provider": "providus"}, {"method": "checkout", "provider": "nobody"}]
    )
    async def test_a_provider_that_does_not_take_it_is_refused(self, world: World, wish: dict[str, str]) -> None:
        order = await accepted(world)

        refused = await world.buyer.post(f"/orders/{order['id']}/fund", wish)

        assert (refused.status_code, refused.json()["code"]) == (422, "provider_not_offered")
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/provider"]

    @pytest.mark.parametrize("provider", ["", "Pay Stack", "x" * 41, 7])
    async def test_what_is_no_name_is_refused(self, world: World, provider: object) -> None:
        body = {"amount": {"amount": 50_000, "currency": "NGN"}, "provider": provider}

        assert (await world.buyer.post("/balance/top-ups", body)).status_code == 422


class TestAccounts:
    async def test_money_paid_to_it_is_a_top_up(self, world: World) -> None:
        asked = await world.buyer.post("/balance/accounts", {"provider": "providus"})
        await world.work()
        [account] = (await world.buyer.get("/balance/accounts")).json()["data"]
        await hear(world, world.bank.arrive(account["account_number"], 250_000))

        assert (asked.status_code, asked.json()["status"]) == (202, "requested")
        assert (account["status"], account["provider"]) == ("active", "providus")
        assert await world.buyer.available() == 250_000
        assert (await world.seller.get("/balance/accounts")).json()["data"] == []
        again = await world.buyer.post("/balance/accounts", {"provider": "providus"})
        assert (again.status_code, again.json()["code"]) == (409, "virtual_account_exists")
        assert await world.violations() == {}


class TestSwitches:
    async def test_a_drained_provider_takes_nothing_new_until_it_is_enabled(self, world: World) -> None:
        desk = await at_desk(world, Role.FINANCE)
        body = {"amount": {"amount": 50_000, "currency": "NGN"}}

        turned = await desk.put(
            "/admin/providers/paystack/collections", {"state": "draining", "reason": "their incident 4711"}
        )
        refused = await world.buyer.post("/balance/top-ups", body)
        shown = (await desk.get("/admin/providers")).json()["data"]
        await desk.put("/admin/providers/paystack/collections", {"state": "enabled", "reason": "it is over"})
        taken = await world.buyer.post("/balance/top-ups", body)

        assert (turned.status_code, turned.json()["state"]) == (200, "draining")
        assert (refused.status_code, refused.json()["code"]) == (422, "no_provider_for_currency")
        assert [(one["name"], one["collections"], one["payouts"]) for one in shown] == [
            ("paystack", "draining", "enabled"),
            ("providus", "enabled", "enabled"),
        ]
        assert taken.status_code == 202
        told = await world.database.rows("SELECT reason, detail FROM audit_log WHERE action = 'provider.switch'")
        assert [(row["reason"], row["detail"]["from"], row["detail"]["to"]) for row in told] == [
            ("their incident 4711", "enabled", "draining"),
            ("it is over", "draining", "enabled"),
        ]

    async def test_only_who_may_turns_one(self, world: World) -> None:
        desk = await at_desk(world, Role.SUPPORT)

        refused = await desk.put("/admin/providers/paystack/payouts", {"state": "disabled", "reason": "why not"})

        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
        assert await world.database.value("SELECT count(*) FROM provider_switches") == 0

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("/admin/providers/nobody/payouts", {"state": "disabled", "reason": "x"}, 404),
            ("/admin/providers/paystack/refunds", {"state": "disabled", "reason": "x"}, 422),
            ("/admin/providers/paystack/payouts", {"state": "off", "reason": "x"}, 422),
            ("/admin/providers/paystack/payouts", {"state": "disabled"}, 422),
        ],
    )
    async def test_what_is_none_is_refused(self, world: World, path: str, body: dict[str, str], status: int) -> None:
        desk = await at_desk(world)

        assert (await desk.put(path, body)).status_code == status


class TestPayers:
    async def test_an_admin_who_may_sees_who_paid_and_leaves_a_trace(self, world: World) -> None:
        payment = (
            await world.buyer.post(
                "/balance/top-ups",
                {"amount": {"amount": 50_000, "currency": "NGN"}, "method": "bank_transfer"},
            )
        ).json()
        await world.work()
        pay_to = (await world.buyer.get(f"/payments/{payment['id']}")).json()["pay_to"]
        await hear(world, world.bank.arrive(pay_to["account_number"], 50_000, reference=payment["reference"]))
        finance, support = await at_desk(world, Role.FINANCE), await at_desk(world, Role.SUPPORT, email="s@kro.example")
        path = f"/admin/payments/{payment['id']}/payer"

        seen, refused = await finance.get(path), await support.get(path)

        assert seen.json() == {
            "name": "ADA PAYER",
            "email": None,
            "bank_name": "UBA",
            "account_number": "2093566866",
        }
        assert refused.status_code == 403
        assert await world.database.value("SELECT count(*) FROM audit_log WHERE action = 'payer.read'") == 1

    async def test_of_an_unpaid_payment_nothing_is_known(self, world: World) -> None:
        body = {"amount": {"amount": 50_000, "currency": "NGN"}}
        payment = (await world.buyer.post("/balance/top-ups", body)).json()
        desk = await at_desk(world)

        missing = await desk.get(f"/admin/payments/{payment['id']}/payer")

        assert (missing.status_code, missing.json()["code"]) == (404, "payer_not_found")
