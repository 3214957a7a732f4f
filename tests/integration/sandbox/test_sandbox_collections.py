from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx2
    from tests.integration.sandbox.conftest import Control, Differences, Merchant


class TestKeys:
    @pytest.mark.parametrize(
        "header", [None, "Bearer sk_test_other", "sk_test_kro_sandbox_0000000000000000000000", "Bearer x"]
    )
    async def test_a_wrong_key_is_refused(self, client: httpx2.AsyncClient, header: str | None) -> None:
        headers = {} if header is None else {"authorization": header}

        answer = await client.get("/paystack/balance", headers=headers)

        assert answer.status_code == 401
        assert answer.json() == {"status": False, "message": "Invalid key"}

    async def test_the_list_of_banks_needs_no_key(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get("/paystack/bank")).status_code == 200


class TestInitialize:
    async def test_answers_with_the_checkout_page(self, merchant: Merchant, client: httpx2.AsyncClient) -> None:
        answer = await merchant.post(
            "/transaction/initialize", {"email": "demo@example.com", "amount": 1_000_000, "reference": "order.1-a=b"}
        )

        body = answer.json()
        assert (body["status"], body["message"]) == (True, "Authorization URL created")
        assert set(body["data"]) == {"authorization_url", "access_code", "reference"}
        assert body["data"]["reference"] == "order.1-a=b"
        assert body["data"]["authorization_url"] == f"{client.base_url}/paystack/checkout/{body['data']['access_code']}"

    async def test_makes_up_a_reference_when_none_is_given(self, merchant: Merchant) -> None:
        first, second = await merchant.initialize(), await merchant.initialize()

        assert len(first["reference"]) == 10
        assert first["reference"] != second["reference"]

    async def test_a_used_reference_is_refused_with_the_documented_body(self, merchant: Merchant) -> None:
        await merchant.initialize(reference="once")

        answer = await merchant.post(
            "/transaction/initialize", {"email": "demo@example.com", "amount": 1_000_000, "reference": "once"}
        )

        assert answer.status_code == 400
        assert answer.json() == {
            "status": False,
            "message": "Duplicate Transaction Reference",
            "meta": {"nextStep": "Try and create the Transaction or Charge with a new reference"},
            "type": "validation_error",
            "code": "duplicate_reference",
        }

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"email": None}, 400, "missing_params"),
            ({"email": "nobody"}, 400, "invalid_params"),
            ({"amount": None}, 400, "missing_params"),
            ({"amount": 4_999}, 400, "invalid_params"),
            ({"amount": 1_000_000_001}, 400, "invalid_params"),
            ({"amount": 100.5}, 400, "invalid_params"),
            ({"amount": "100.00"}, 400, "invalid_params"),
            ({"amount": -10_000}, 400, "invalid_params"),
            ({"amount": True}, 400, "invalid_params"),
            ({"currency": "EUR"}, 403, "unsupported_currency"),
            ({"currency": "USD", "amount": 199}, 400, "invalid_params"),
            ({"reference": "under_score"}, 400, "invalid_params"),
            ({"reference": "with space"}, 400, "invalid_params"),
            ({"metadata": [1]}, 400, "invalid_params"),
        ],
    )
    async def test_refuses(self, merchant: Merchant, change: dict[str, Any], status: int, code: str) -> None:
        answer = await merchant.post(
            "/transaction/initialize", {"email": "demo@example.com", "amount": 10_000} | change
        )

        assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, False, code)
        assert answer.json()["meta"]["nextStep"]

    @pytest.mark.parametrize(
        ("amount", "currency"), [(5_000, "NGN"), ("6000", "NGN"), (1_000_000_000, "NGN"), (200, "USD")]
    )
    async def test_accepts_the_limits_as_number_or_text(
        self, merchant: Merchant, amount: object, currency: str
    ) -> None:
        answer = await merchant.post(
            "/transaction/initialize", {"email": "demo@example.com", "amount": amount, "currency": currency}
        )

        assert answer.status_code == 200

    async def test_a_body_that_is_not_json_is_refused(self, client: httpx2.AsyncClient, merchant: Merchant) -> None:
        headers = {"authorization": f"Bearer {merchant.key}", "content-type": "application/json"}

        answer = await client.post("/paystack/transaction/initialize", content=b"{", headers=headers)

        assert (answer.status_code, answer.json()["status"]) == (400, False)


class TestVerify:
    async def test_an_unknown_reference_is_an_error(self, merchant: Merchant) -> None:
        answer = await merchant.get("/transaction/verify/unknown")

        assert answer.status_code == 400
        assert (answer.json()["status"], answer.json()["code"]) == (False, "transaction_not_found")

    async def test_an_untouched_transaction_is_abandoned_although_the_call_succeeds(self, merchant: Merchant) -> None:
        reference = (await merchant.initialize())["reference"]

        answer = (await merchant.get(f"/transaction/verify/{reference}")).json()

        assert answer["status"] is True
        assert answer["data"]["status"] == "abandoned"
        assert answer["data"]["paid_at"] is None
        assert answer["data"]["fees"] is None

    async def test_a_paid_transaction_has_the_documented_members(
        self, merchant: Merchant, differences: Differences
    ) -> None:
        reference = await merchant.paid(amount=1_000_000)

        data = await merchant.verify(reference)

        assert differences(data, "verify") == []
        assert (data["status"], data["amount"], data["requested_amount"], data["currency"]) == (
            "success",
            1_000_000,
            1_000_000,
            "NGN",
        )
        assert data["id"] > 2**32
        assert data["authorization"]["last4"] == "4081"

    async def test_fetch_by_id_answers_the_same(self, merchant: Merchant) -> None:
        data = await merchant.verify(await merchant.paid())

        assert (await merchant.get(f"/transaction/{data['id']}")).json()["data"] == data
        assert (await merchant.get("/transaction/1")).status_code == 404

    @pytest.mark.parametrize(
        ("sent", "returned"), [({"order": "1"}, {"order": "1"}), ('{"order":"1"}', '{"order":"1"}'), (None, "")]
    )
    async def test_metadata_comes_back_as_it_was_sent(self, merchant: Merchant, sent: object, returned: object) -> None:
        reference = (await merchant.initialize(metadata=sent))["reference"]

        assert (await merchant.verify(reference))["metadata"] == returned

    @pytest.mark.parametrize(
        "status", ["abandoned", "ongoing", "pending", "processing", "queued", "reversed", "failed", "success"]
    )
    async def test_the_control_api_can_show_every_status(
        self, merchant: Merchant, client: httpx2.AsyncClient, status: str
    ) -> None:
        reference = (await merchant.initialize())["reference"]

        await client.post(f"/_sim/paystack/transactions/{reference}/status", json={"status": status})

        assert (await merchant.verify(reference))["status"] == status


class TestList:
    async def test_pages_newest_first_and_filters_by_status(self, merchant: Merchant) -> None:
        paid = [await merchant.paid() for _ in range(3)]
        await merchant.initialize()

        answer = (await merchant.get("/transaction", status="success", perPage="2", page="2")).json()

        assert [item["reference"] for item in answer["data"]] == paid[:1]
        assert answer["meta"] == {"total": 3, "skipped": 2, "perPage": 2, "page": 2, "pageCount": 2}


class TestPaying:
    @pytest.mark.parametrize(
        ("amount", "fees"),
        # 1.5 %; NGN 100 more from NGN 2,500 on; never more than NGN 2,000.
        [
            (10_000, 150),
            (249_999, 3_750),
            (250_000, 13_750),
            (1_000_000, 25_000),
            (12_666_600, 199_999),
            (50_000_000, 200_000),
        ],
    )
    async def test_fees_follow_the_public_list(
        self, merchant: Merchant, control: Control, amount: int, fees: int
    ) -> None:
        before = (await control.balance())["available"]

        reference = await merchant.paid(amount=amount)

        assert (await merchant.verify(reference))["fees"] == fees
        assert (await control.balance())["available"] == before + amount - fees

    @pytest.mark.parametrize(
        ("typed", "message"),
        [
            ({"card_number": "4084080000005408", "cvv": "001"}, "Declined"),
            ({"card_number": "4084080000670037", "cvv": "787"}, "Insufficient Funds"),
            ({"cvv": "409"}, "Incorrect CVV"),
            ({"expiry": "01/20"}, "Expired Card"),
            ({"expiry": "13/30"}, "Expired Card"),
        ],
    )
    async def test_a_refused_card_fails_and_another_one_may_still_pay(
        self, merchant: Merchant, typed: dict[str, str], message: str
    ) -> None:
        started = await merchant.initialize()

        refused = await merchant.pay(started["access_code"], **typed)

        assert refused == {"status": "failed", "reference": started["reference"], "message": message}
        failed = await merchant.verify(started["reference"])
        assert (failed["status"], failed["gateway_response"]) == ("failed", message)
        assert (await merchant.pay(started["access_code"]))["status"] == "success"
        assert (await merchant.verify(started["reference"]))["status"] == "success"

    async def test_paying_twice_takes_the_money_once(self, merchant: Merchant, control: Control) -> None:
        started = await merchant.initialize()
        await merchant.pay(started["access_code"])
        balance = await control.balance()

        again = await merchant.pay(started["access_code"])

        assert again["status"] == "success"
        assert await control.balance() == balance

    async def test_a_card_may_ask_for_pin_and_code(self, merchant: Merchant) -> None:
        started = await merchant.initialize()
        card = {"card_number": "5060666666666666666", "cvv": "123"}

        assert (await merchant.pay(started["access_code"], **card))["status"] == "send_pin"
        assert (await merchant.verify(started["reference"]))["status"] == "ongoing"
        assert (await merchant.pay(started["access_code"], **card, pin="9999"))["message"] == "Incorrect PIN"
        assert (await merchant.pay(started["access_code"], **card, pin="1234"))["status"] == "send_otp"
        assert (await merchant.pay(started["access_code"], **card, pin="1234", otp="123456"))["status"] == "success"

    @pytest.mark.parametrize(
        ("kind", "more", "amount", "currency"),
        [
            ("under", {"amount": 900_000}, 900_000, "NGN"),
            ("under", {}, 999_900, "NGN"),
            ("over", {"amount": 1_100_000}, 1_100_000, "NGN"),
            ("wrong_currency", {"currency": "GHS"}, 1_000_000, "GHS"),
        ],
    )
    async def test_the_customer_may_pay_something_else(
        self, merchant: Merchant, control: Control, kind: str, more: dict[str, object], amount: int, currency: str
    ) -> None:
        await control.fault("pay", kind, **more)

        data = await merchant.verify(await merchant.paid(amount=1_000_000))

        assert (data["status"], data["amount"], data["currency"], data["requested_amount"]) == (
            "success",
            amount,
            currency,
            1_000_000,
        )

    async def test_a_scripted_decline_happens_once(self, merchant: Merchant, control: Control) -> None:
        await control.fault("pay", "decline", message="Do not honour")
        started = await merchant.initialize()

        assert (await merchant.pay(started["access_code"]))["message"] == "Do not honour"
        assert (await merchant.pay(started["access_code"]))["status"] == "success"


class TestNothingIsBookedTwice:
    async def test_the_balance_is_the_opening_plus_every_movement(self, merchant: Merchant, control: Control) -> None:
        reference = await merchant.paid(amount=2_000_000)
        await merchant.transfer(amount=500_000)
        await merchant.post("/refund", {"transaction": reference, "amount": 100_000})

        books = await control.books()

        sums = books["balances"]["NGN"]
        assert sums["available"] == sums["opening"] + sum(entry["difference"] for entry in books["ledger"])
        assert sums["available"] == (
            sums["opening"]
            + sums["charged"]
            - sums["charge_fees"]
            - sums["transferred"]
            - sums["transfer_fees"]
            - sums["refunded"]
        )
        assert (sums["charged"], sums["transferred"], sums["refunded"]) == (2_000_000, 500_000, 100_000)
