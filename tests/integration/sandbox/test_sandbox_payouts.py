from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx2
    from tests.integration.sandbox.conftest import Control, Differences, Merchant, Receiver

REFERENCE = "kro-payout-0000000001"


class TestBanks:
    async def test_items_have_the_documented_members(self, merchant: Merchant, differences: Differences) -> None:
        answer = (await merchant.get("/bank", country="nigeria", currency="NGN")).json()

        assert differences(answer["data"][0], "bank") == []
        assert {bank["code"]: bank["name"] for bank in answer["data"]}["058"] == "Guaranty Trust Bank"
        assert all(isinstance(bank["code"], str) for bank in answer["data"])

    async def test_cursors_lead_through_all_banks_once(self, merchant: Merchant) -> None:
        names: list[str] = []
        query = {"use_cursor": "true", "perPage": "7"}
        while True:
            page = (await merchant.get("/bank", **query)).json()
            names += [bank["name"] for bank in page["data"]]
            if page["meta"]["next"] is None:
                break
            query["next"] = page["meta"]["next"]

        everything = (await merchant.get("/bank")).json()["data"]
        assert names == [bank["name"] for bank in everything]

    async def test_nip_codes_are_listed_on_request(self, merchant: Merchant) -> None:
        with_codes = (await merchant.get("/bank", include_nip_sort_code="true")).json()["data"]
        without = (await merchant.get("/bank")).json()["data"]

        assert {bank["code"]: bank["nip_sort_code"] for bank in with_codes}["058"] == "000013"
        assert "nip_sort_code" not in without[0]


class TestResolve:
    @pytest.mark.parametrize(
        ("account", "bank", "name"),
        [
            ("0001234567", "058", "DEMO SELLER"),
            ("0001234567", "044", "TEST ACCOUNT 4567"),
            ("2012345678", "50211", "TEST ACCOUNT 5678"),
            ("0000000000", "057", "ZENITH TEST ACCOUNT"),
        ],
    )
    async def test_names_are_always_the_same(self, merchant: Merchant, account: str, bank: str, name: str) -> None:
        answer = await merchant.get("/bank/resolve", account_number=account, bank_code=bank)

        body = answer.json()
        assert (answer.status_code, body["status"], body["message"]) == (200, True, "Account number resolved")
        assert (body["data"]["account_number"], body["data"]["account_name"]) == (account, name)

    @pytest.mark.parametrize(
        ("account", "bank", "status"),
        [
            ("2012340000", "058", 422),
            ("123", "058", 422),
            ("00012345678", "058", 422),
            ("0001234567", "999", 400),
            ("", "058", 400),
        ],
    )
    async def test_does_not_resolve(self, merchant: Merchant, account: str, bank: str, status: int) -> None:
        answer = await merchant.get("/bank/resolve", account_number=account, bank_code=bank)

        assert (answer.status_code, answer.json()["status"]) == (status, False)


class TestRecipients:
    async def test_the_same_account_has_one_recipient(self, merchant: Merchant, differences: Differences) -> None:
        body = {"type": "nuban", "name": "Demo Seller", "account_number": "0001234567", "bank_code": "058"}

        first, second = await merchant.post("/transferrecipient", body), await merchant.post("/transferrecipient", body)

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["data"] == second.json()["data"]
        assert differences(first.json()["data"], "recipient") == []
        assert first.json()["data"]["details"]["account_name"] == "DEMO SELLER"

    @pytest.mark.parametrize(
        "change", [{"bank_code": "999"}, {"account_number": "2012340000"}, {"account_number": ""}, {"type": "card"}]
    )
    async def test_an_account_that_does_not_exist_is_refused(self, merchant: Merchant, change: dict[str, str]) -> None:
        body = {"type": "nuban", "name": "Demo Seller", "account_number": "0001234567", "bank_code": "058"} | change

        assert (await merchant.post("/transferrecipient", body)).status_code == 400

    async def test_a_code_from_before_a_restart_still_names_the_account(
        self, merchant: Merchant, client: httpx2.AsyncClient
    ) -> None:
        code = await merchant.recipient(account_number="0001234567")

        await client.post("/_sim/reset")

        data = (await merchant.get(f"/transferrecipient/{code}")).json()["data"]
        assert data["recipient_code"] == code
        assert (data["details"]["account_number"], data["details"]["bank_code"]) == ("0001234567", "058")


class TestTransfer:
    async def test_is_pending_first_and_succeeds_by_webhook(
        self, merchant: Merchant, receiver: Receiver, control: Control, differences: Differences
    ) -> None:
        await control.options(transfer_delay=0.2)

        answer = await merchant.transfer(amount=500_001)

        created = answer.json()["data"]
        assert differences(created, "transfer_created") == []
        assert (answer.json()["message"], created["status"]) == ("Transfer has been queued", "pending")
        [webhook] = await receiver.wait_for(1)
        assert webhook.event == "transfer.success"
        assert differences(webhook.data, "transfer_success_event") == []
        assert (webhook.data["reference"], webhook.data["amount"], webhook.data["fee_charged"]) == (
            REFERENCE,
            500_001,
            2_500,
        )
        verified = (await merchant.get(f"/transfer/verify/{REFERENCE}")).json()["data"]
        assert (verified["status"], verified["recipient"]["details"]["account_number"]) == ("success", "0001234567")
        assert len(verified["session"]["id"]) == 30

    @pytest.mark.parametrize("by", ["id", "transfer_code"])
    async def test_can_be_fetched(self, merchant: Merchant, by: str) -> None:
        created = (await merchant.transfer()).json()["data"]

        fetched = (await merchant.get(f"/transfer/{created[by]}")).json()["data"]

        assert fetched["reference"] == REFERENCE

    async def test_an_unknown_one_is_not_found(self, merchant: Merchant) -> None:
        answer = await merchant.get("/transfer/verify/unknown")

        assert answer.status_code == 404
        assert answer.json() == {"status": False, "message": "Transfer not found"}

    @pytest.mark.parametrize(
        ("amount", "fee"), [(10_000, 1_000), (500_000, 1_000), (500_001, 2_500), (5_000_001, 5_000)]
    )
    async def test_takes_amount_and_fee_at_once(
        self, merchant: Merchant, control: Control, amount: int, fee: int
    ) -> None:
        before = (await control.balance())["available"]

        await merchant.transfer(amount=amount)

        assert (await control.balance())["available"] == before - amount - fee

    async def test_a_used_reference_moves_no_money(self, merchant: Merchant, control: Control) -> None:
        await merchant.transfer()
        balance = await control.balance()

        again = await merchant.transfer()

        assert (again.status_code, again.json()["status"]) == (400, False)
        assert (await control.balance())["available"] == balance["available"]

    async def test_needs_enough_balance_for_the_fee_too(self, merchant: Merchant, control: Control) -> None:
        available = (await control.balance())["available"]

        answer = await merchant.transfer(amount=available)

        assert answer.status_code == 400
        assert answer.json()["message"] == "Your balance is not enough to fulfill this request"
        assert (await merchant.get(f"/transfer/verify/{REFERENCE}")).status_code == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"reference": "too-short"},
            {"reference": "Kro-Payout-0000000001"},
            {"reference": "x" * 51},
            {"reference": "kro.payout.0000000001"},
            {"source": "card"},
            {"recipient": "RCP_unknown"},
            {"recipient": "RCP_000000000000000"},
            {"amount": 0},
            {"amount": 9_999},
            {"currency": "USD"},
        ],
    )
    async def test_refuses(self, merchant: Merchant, change: dict[str, Any]) -> None:
        recipient = await merchant.recipient()
        body = {"source": "balance", "amount": 100_000, "recipient": recipient, "reference": REFERENCE}

        answer = await merchant.post("/transfer", body | change)

        assert (answer.status_code, answer.json()["status"]) == (400, False)

    async def test_an_unknown_recipient_has_the_documented_code(self, merchant: Merchant) -> None:
        body = {"source": "balance", "amount": 100_000, "recipient": "RCP_unknown", "reference": REFERENCE}

        answer = (await merchant.post("/transfer", body)).json()

        assert (answer["message"], answer["code"]) == ("Recipient specified is invalid", "invalid_transfer_recipient")


class TestEndings:
    async def test_a_failed_transfer_gives_everything_back(
        self, merchant: Merchant, receiver: Receiver, control: Control, differences: Differences
    ) -> None:
        before = (await control.balance())["available"]

        await merchant.transfer(account_number="2012349991")

        [webhook] = await receiver.wait_for(1)
        assert webhook.event == "transfer.failed"
        assert differences(webhook.data, "transfer_failed_event") == []
        assert "fee_charged" not in webhook.data
        assert (await control.balance())["available"] == before
        assert await merchant.transfer_status() == "failed"

    async def test_a_reversal_follows_a_success(self, merchant: Merchant, receiver: Receiver, control: Control) -> None:
        before = (await control.balance())["available"]

        await merchant.transfer(account_number="2012349992")

        await receiver.wait_for(2)
        assert receiver.events == ["transfer.success", "transfer.reversed"]
        assert (await control.balance())["available"] == before

    async def test_the_control_api_reverses_days_later(
        self, merchant: Merchant, receiver: Receiver, client: httpx2.AsyncClient
    ) -> None:
        await merchant.transfer()
        await receiver.wait_for(1)

        answer = await client.post(f"/_sim/paystack/transfers/{REFERENCE}/reverse")

        assert answer.json() == {"reference": REFERENCE, "status": "reversed"}
        await receiver.wait_for(2)
        assert receiver.events == ["transfer.success", "transfer.reversed"]

    @pytest.mark.parametrize("action", ["abandon", "block", "reject", "fail", "reverse"])
    async def test_no_action_gives_the_money_back_twice(
        self, merchant: Merchant, control: Control, client: httpx2.AsyncClient, action: str
    ) -> None:
        before = (await control.balance())["available"]
        await merchant.transfer(account_number="2012349993")

        for _ in range(2):
            await client.post(f"/_sim/paystack/transfers/{REFERENCE}/{action}")
        await client.post(f"/_sim/paystack/transfers/{REFERENCE}/fail")

        assert (await control.balance())["available"] == before

    async def test_a_stuck_transfer_stays_pending(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("transfer", "stuck")

        await merchant.transfer()
        await merchant.transfer(reference="kro-payout-0000000002")

        await merchant.until_transfer_is("success", "kro-payout-0000000002")
        assert await merchant.transfer_status() == "pending"
        assert len(await receiver.wait_for(1)) == 1

    async def test_instant_mode_answers_success_as_test_keys_do(self, merchant: Merchant, control: Control) -> None:
        await control.options(transfer_mode="instant")

        assert (await merchant.transfer()).json()["data"]["status"] == "success"


class TestOneTimeCode:
    async def test_holds_the_transfer_until_it_is_given(self, merchant: Merchant, control: Control) -> None:
        await control.options(transfer_mode="otp")
        answer = (await merchant.transfer()).json()
        code = answer["data"]["transfer_code"]
        assert (answer["message"], answer["data"]["status"]) == ("Transfer requires OTP to continue", "otp")

        wrong = await merchant.post("/transfer/finalize_transfer", {"transfer_code": code, "otp": "000000"})
        unknown = await merchant.post("/transfer/finalize_transfer", {"transfer_code": "TRF_x", "otp": "123456"})
        right = await merchant.post("/transfer/finalize_transfer", {"transfer_code": code, "otp": "123456"})

        assert (wrong.status_code, unknown.status_code, unknown.json()["message"]) == (
            400,
            400,
            "Transfer code is invalid",
        )
        assert (right.json()["message"], right.json()["data"]["status"]) == ("Transfer has been queued", "pending")
        await merchant.until_transfer_is("success")
