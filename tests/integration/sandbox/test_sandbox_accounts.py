"""Customers and dedicated accounts as a merchant's server sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx2
    from tests.integration.sandbox.conftest import Control, Differences, Merchant, Receiver

RHODA = {"email": "rhoda@example.com", "first_name": "Rhoda", "last_name": "Church", "phone": "+2349053267565"}


async def lend(merchant: Merchant, **more: object) -> dict[str, Any]:
    code = (await merchant.post("/customer", RHODA)).json()["data"]["customer_code"]
    answer = await merchant.post("/dedicated_account", {"customer": code, "preferred_bank": "test-bank", **more})
    assert (answer.status_code, answer.json()["message"]) == (200, "NUBAN successfully created")
    data = answer.json()["data"]
    assert isinstance(data, dict)
    return data


async def pay(client: httpx2.AsyncClient, number: str, **body: object) -> httpx2.Response:
    return await client.post(f"/_sim/paystack/accounts/{number}/pay", json=body)


class TestCustomers:
    async def test_one_is_made_known_once(self, merchant: Merchant, differences: Differences) -> None:
        first, again = await merchant.post("/customer", RHODA), await merchant.post("/customer", RHODA)

        assert (first.status_code, first.json()["message"]) == (200, "Customer created")
        assert first.json()["data"] == again.json()["data"]
        assert differences(first.json()["data"], "customer_created") == []

    @pytest.mark.parametrize("by", ["email", "customer_code"])
    async def test_one_is_found_by_address_and_by_code(
        self, merchant: Merchant, differences: Differences, by: str
    ) -> None:
        account = await lend(merchant)

        found = await merchant.get(f"/customer/{account['customer'][by]}")

        assert found.json()["message"] == "Customer retrieved"
        assert differences(found.json()["data"], "customer_fetched") == []
        assert found.json()["data"]["phone"] == RHODA["phone"]
        assert found.json()["data"]["dedicated_account"]["account_number"] == account["account_number"]

    async def test_whoever_pays_by_card_is_one_without_a_name_or_an_account(self, merchant: Merchant) -> None:
        await merchant.initialize(email="Payer@example.com")

        data = (await merchant.get("/customer/payer@example.com")).json()["data"]

        assert (data["phone"], data["first_name"], data["dedicated_account"]) == (None, None, None)

    async def test_nobody_is_not_found(self, merchant: Merchant) -> None:
        answer = await merchant.get("/customer/nobody@example.com")

        assert (answer.status_code, answer.json()["status"]) == (404, False)

    @pytest.mark.parametrize(("email", "code"), [(None, "missing_params"), ("nobody", "invalid_params")])
    async def test_an_address_is_needed(self, merchant: Merchant, email: str | None, code: str) -> None:
        answer = await merchant.post("/customer", {**RHODA, "email": email})

        assert (answer.status_code, answer.json()["code"]) == (400, code)


class TestAccounts:
    async def test_answers_as_documented(self, merchant: Merchant, differences: Differences) -> None:
        account = await lend(merchant)
        fetched = await merchant.get(f"/dedicated_account/{account['id']}")

        assert differences(account, "dedicated_account") == []
        assert fetched.json()["message"] == "Managed account successfully retrieved"
        assert differences(fetched.json()["data"], "dedicated_account_fetched") == []
        assert fetched.json()["data"]["account_number"] == account["account_number"]

    async def test_every_call_lends_another(self, merchant: Merchant) -> None:
        assert (await lend(merchant))["account_number"] != (await lend(merchant))["account_number"]

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"customer": None}, 400, "missing_params"),
            ({"customer": "CUS_nobody"}, 404, "customer_not_found"),
            ({"preferred_bank": "wema-bank"}, 400, "invalid_params"),
        ],
    )
    async def test_refuses(self, merchant: Merchant, change: dict[str, Any], status: int, code: str) -> None:
        known = (await merchant.post("/customer", RHODA)).json()["data"]["customer_code"]

        answer = await merchant.post("/dedicated_account", {"customer": known, "preferred_bank": "test-bank", **change})

        assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, False, code)

    async def test_one_nobody_has_is_not_found(self, merchant: Merchant) -> None:
        assert (await merchant.get("/dedicated_account/1")).status_code == 404

    async def test_a_key_is_needed(self, client: httpx2.AsyncClient) -> None:
        assert (await client.post("/paystack/customer", json=RHODA)).status_code == 401
        assert (await client.post("/paystack/dedicated_account", json={"customer": "1"})).status_code == 401


class TestInflows:
    async def test_one_is_told_signed_and_verified_as_documented(
        self, merchant: Merchant, client: httpx2.AsyncClient, receiver: Receiver, differences: Differences
    ) -> None:
        account = await lend(merchant)
        paid = await pay(client, account["account_number"], amount=4_000_000, sender_name="RANDALL HORTON")

        [webhook] = await receiver.wait_for(1)
        verified = await merchant.verify(paid.json()["reference"])
        assert webhook.is_signed_by_paystack
        assert (webhook.event, webhook.data["reference"]) == ("charge.success", paid.json()["reference"])
        assert differences(webhook.data, "inflow_event") == []
        for told in (webhook.data, verified):
            assert (told["channel"], told["amount"], told["fees"]) == ("dedicated_nuban", 4_000_000, 30_000)
            assert told["authorization"]["receiver_bank_account_number"] == account["account_number"]
            assert told["authorization"]["sender_name"] == "RANDALL HORTON"
            assert told["customer"]["customer_code"] == account["customer"]["customer_code"]

    async def test_the_balance_grows_by_what_is_left_of_it(
        self, merchant: Merchant, client: httpx2.AsyncClient, control: Control
    ) -> None:
        before = await control.balance()
        await pay(client, (await lend(merchant))["account_number"], amount=100_000)

        after = await control.balance()
        assert after["available"] - before["available"] == 99_000
        assert after["charged"] - before["charged"] == 100_000

    @pytest.mark.parametrize(
        "body", [{}, {"amount": "5"}, {"amount": True}, {"amount": 0}, {"amount": 10**10}], ids=str
    )
    async def test_money_that_is_none_is_refused(
        self, merchant: Merchant, client: httpx2.AsyncClient, body: dict[str, Any]
    ) -> None:
        number = (await lend(merchant))["account_number"]

        assert (await pay(client, number, **body)).status_code == 422
        assert (await pay(client, "1", amount=5)).status_code == 404
