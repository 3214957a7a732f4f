from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx2
    from tests.integration.sandbox.conftest import Control, Differences, Merchant, Receiver


class TestCharge:
    async def test_is_signed_over_the_bytes_sent(
        self, merchant: Merchant, receiver: Receiver, differences: Differences
    ) -> None:
        reference = await merchant.paid()

        [webhook] = await receiver.wait_for(1)

        assert webhook.path == "/v1/webhooks/paystack"
        assert webhook.is_signed_by_paystack
        assert webhook.event == "charge.success"
        assert differences(webhook.data, "charge_success_event") == []
        assert (webhook.data["reference"], webhook.data["amount"]) == (reference, 1_000_000)

    async def test_cannot_be_checked_by_serializing_the_body_again(
        self, merchant: Merchant, receiver: Receiver
    ) -> None:
        started = await merchant.initialize(metadata={"note": "naïve ₦ €/£"})
        await merchant.pay(started["access_code"])

        [webhook] = await receiver.wait_for(1)

        assert webhook.is_signed_by_paystack
        assert json.dumps(webhook.body).encode() != webhook.raw

    async def test_a_failed_payment_sends_nothing(self, merchant: Merchant, control: Control) -> None:
        started = await merchant.initialize()

        await merchant.pay(started["access_code"], cvv="000")

        assert await control.deliveries() == []


class TestRetry:
    async def test_repeats_the_same_bytes_until_200(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        receiver.answers = [500, 201]

        await merchant.paid()

        received = await receiver.wait_for(3)
        assert len({one.raw for one in received}) == 1
        delivery = await control.until_delivery_is("delivered")
        assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 201, 200]
        assert delivery["body"].encode() == received[0].raw

    async def test_gives_up_after_the_last_delay(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        receiver.answers = [500] * 10

        await merchant.paid()

        delivery = await control.until_delivery_is("failed")
        assert len(delivery["attempts"]) == 6

    async def test_an_unreachable_receiver_does_not_hold_up_the_api(self, merchant: Merchant, control: Control) -> None:
        await control.options(webhook_target="http://127.0.0.1:1")

        reference = await merchant.paid()

        assert (await merchant.verify(reference))["status"] == "success"
        delivery = await control.until_delivery_is("failed")
        assert (delivery["attempts"][0]["status"], delivery["attempts"][0]["error"]) == (None, "ConnectError")


class TestFaults:
    async def test_a_lost_webhook_is_listed_but_never_sent(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("webhook:charge.success", "lost")

        lost, sent = await merchant.paid(), await merchant.paid()

        [webhook] = await receiver.wait_for(1)
        assert webhook.data["reference"] == sent
        assert [delivery["state"] for delivery in await control.deliveries(reference=lost)] == ["lost"]

    async def test_duplicates_are_identical(self, merchant: Merchant, receiver: Receiver, control: Control) -> None:
        await control.fault("webhook", "duplicate", copies=20)

        await merchant.paid()

        received = await receiver.wait_for(20)
        assert len({one.raw for one in received}) == 1

    async def test_a_later_event_overtakes(self, merchant: Merchant, receiver: Receiver, control: Control) -> None:
        await control.fault("webhook:transfer.success", "out_of_order")

        await merchant.transfer(account_number="2012349992")

        await receiver.wait_for(2)
        assert receiver.events == ["transfer.reversed", "transfer.success"]

    async def test_a_late_webhook_comes_after_its_time(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("webhook", "late", milliseconds=150)

        late, punctual = await merchant.paid(), await merchant.paid()

        received = await receiver.wait_for(2)
        assert [one.data["reference"] for one in received] == [punctual, late]

    async def test_a_forged_webhook_has_a_signature_of_the_right_form(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("webhook", "forged")

        await merchant.paid()

        [webhook] = await receiver.wait_for(1)
        assert not webhook.is_signed_by_paystack
        assert len(bytes.fromhex(webhook.headers["x-paystack-signature"])) == 64

    @pytest.mark.parametrize(
        ("kind", "member", "value"),
        [
            ("wrong_amount", "amount", 42),
            ("wrong_currency", "currency", "USD"),
            ("wrong_reference", "reference", "other"),
        ],
    )
    async def test_a_wrong_figure_is_properly_signed(
        self, merchant: Merchant, receiver: Receiver, control: Control, kind: str, member: str, value: object
    ) -> None:
        await control.fault("webhook", kind, **{member: value})

        reference = await merchant.paid()

        [webhook] = await receiver.wait_for(1)
        assert webhook.is_signed_by_paystack
        assert webhook.data[member] == value
        # What the API tells stays true.
        assert (await merchant.verify(reference))["amount"] == 1_000_000

    async def test_a_wrong_refund_amount_stays_a_string(
        self, merchant: Merchant, receiver: Receiver, control: Control
    ) -> None:
        await control.fault("webhook:refund.pending", "wrong_amount")
        reference = await merchant.paid()

        await merchant.post("/refund", {"transaction": reference})

        await receiver.wait_for(4)
        pending = next(one for one in receiver.received if one.event == "refund.pending")
        assert pending.data["amount"] == "1000001"


class TestByHand:
    async def test_any_event_can_be_sent(self, client: httpx2.AsyncClient, receiver: Receiver) -> None:
        body = {"event": "charge.dispute.create", "data": {"id": 1, "transaction_reference": "order-1"}}

        answer = await client.post("/_sim/webhooks/paystack", json=body)

        assert answer.status_code == 201
        [webhook] = await receiver.wait_for(1)
        assert webhook.body == body
        assert webhook.is_signed_by_paystack

    async def test_a_delivery_can_be_repeated(
        self, merchant: Merchant, client: httpx2.AsyncClient, receiver: Receiver, control: Control
    ) -> None:
        await merchant.paid()
        delivery = await control.until_delivery_is("delivered")

        await client.post(f"/_sim/deliveries/{delivery['id']}/resend")

        received = await receiver.wait_for(2)
        assert received[0].raw == received[1].raw

    async def test_reset_stops_what_is_under_way(
        self, merchant: Merchant, client: httpx2.AsyncClient, receiver: Receiver, control: Control
    ) -> None:
        await control.options(transfer_delay=0.1)
        await merchant.transfer()

        await client.post("/_sim/reset")
        await control.options(webhook_target=receiver.url)
        await merchant.paid()

        await receiver.wait_for(1)
        assert (await control.books())["transfers"] == []
        await asyncio.sleep(0.15)
        assert receiver.events == ["charge.success"]
