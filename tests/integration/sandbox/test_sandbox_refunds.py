from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Control, Differences, Merchant, Receiver


async def only_refunds(receiver: Receiver, count: int) -> list[str]:
    await receiver.wait_for(1 + count)
    return [event for event in receiver.events if event.startswith("refund.")]


class TestRefund:
    async def test_goes_through_the_documented_chain(
        self, merchant: Merchant, receiver: Receiver, differences: Differences
    ) -> None:
        reference = await merchant.paid(amount=1_000_000)

        answer = (await merchant.post("/refund", {"transaction": reference})).json()

        assert answer["message"] == "Refund has been queued for processing"
        assert differences(answer["data"], "refund_created") == []
        assert (answer["data"]["status"], answer["data"]["amount"]) == ("pending", 1_000_000)
        events = await only_refunds(receiver, 3)
        assert sorted(events) == ["refund.pending", "refund.processed", "refund.processing"]
        processed = next(one for one in receiver.received if one.event == "refund.processed")
        assert differences(processed.data, "refund_processed_event") == []
        assert (processed.data["amount"], processed.data["transaction_reference"]) == ("1000000", reference)
        assert "id" not in processed.data
        assert (await merchant.verify(reference))["status"] == "reversed"

    async def test_webhooks_name_the_refund_only_when_processed(self, merchant: Merchant, receiver: Receiver) -> None:
        await merchant.post("/refund", {"transaction": await merchant.paid()})
        await only_refunds(receiver, 3)

        named = {
            one.event: one.data["refund_reference"] for one in receiver.received if one.event.startswith("refund.")
        }

        assert (named["refund.pending"], named["refund.processing"]) == (None, None)
        assert isinstance(named["refund.processed"], str)

    async def test_a_fetched_refund_names_its_transaction_by_number(self, merchant: Merchant) -> None:
        reference = await merchant.paid()
        refund = (await merchant.post("/refund", {"transaction": reference, "amount": "100000"})).json()["data"]
        transaction_id = refund["transaction"]["id"]

        fetched = (await merchant.get(f"/refund/{refund['id']}")).json()["data"]
        listed = (await merchant.get("/refund", transaction=str(transaction_id))).json()["data"]

        assert fetched["transaction"] == transaction_id
        assert [item["id"] for item in listed] == [refund["id"]]
        assert (await merchant.get("/refund/1")).status_code == 404

    async def test_nothing_stops_a_blind_repetition_but_the_amount(self, merchant: Merchant, control: Control) -> None:
        reference = await merchant.paid(amount=1_000_000)
        before = (await control.balance())["available"]
        part = {"transaction": reference, "amount": 400_000}

        answers = [await merchant.post("/refund", part) for _ in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 400]
        assert (await control.balance())["available"] == before - 800_000
        assert (await merchant.verify(reference))["status"] == "success"

    async def test_needs_a_paid_transaction(self, merchant: Merchant) -> None:
        unpaid = (await merchant.initialize())["reference"]

        assert (await merchant.post("/refund", {"transaction": unpaid})).status_code == 400
        assert (await merchant.post("/refund", {"transaction": "unknown"})).status_code == 404
        assert (await merchant.post("/refund", {})).status_code == 400

    @pytest.mark.parametrize("scripted", [True, False])
    async def test_a_failed_refund_gives_the_money_back(
        self, merchant: Merchant, control: Control, receiver: Receiver, scripted: bool
    ) -> None:
        if scripted:
            await control.fault("refund", "decline")
        card = ("4084084084084081", "408") if scripted else ("4084080000671803", "180")
        reference = await merchant.paid(card=card)
        before = (await control.balance())["available"]

        await merchant.post("/refund", {"transaction": reference})

        assert "refund.failed" in await only_refunds(receiver, 3)
        assert (await control.balance())["available"] == before
        assert (await control.balance())["refunded"] == 0
        assert (await merchant.verify(reference))["status"] == "success"
        assert (await merchant.post("/refund", {"transaction": reference})).status_code == 200

    async def test_may_need_the_customers_bank_account(self, merchant: Merchant, receiver: Receiver) -> None:
        reference = await merchant.paid(card=("4084080000671902", "190"))
        refund = (await merchant.post("/refund", {"transaction": reference})).json()["data"]
        assert "refund.needs-attention" in await only_refunds(receiver, 3)
        asking = next(one for one in receiver.received if one.event == "refund.needs-attention")
        assert (asking.data["id"], "processor" in asking.data) == (str(refund["id"]), False)
        path = f"/refund/retry_with_customer_details/{refund['id']}"
        details = {"refund_account_details": {"currency": "NGN", "account_number": "0001234567", "bank_id": "9"}}

        retried = await merchant.post(path, details)

        assert retried.json()["data"]["status"] == "processing"
        assert "refund.processed" in await only_refunds(receiver, 5)
        again = await merchant.post(path, details)
        assert again.status_code == 422
        assert again.json()["message"] == 'Invalid Refund state, refund status should be "needs-attention"'
