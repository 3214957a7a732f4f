from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from tests.integration.sandbox.conftest import Control, Merchant

REFERENCE = "kro-payout-0000000001"


class TestBreakingTheAnswer:
    @pytest.mark.parametrize("kind", ["timeout", "act_then_timeout"])
    async def test_a_patient_caller_hears_from_the_gateway(
        self, merchant: Merchant, control: Control, kind: str
    ) -> None:
        await control.fault("verify", kind, seconds=0.05)
        reference = await merchant.paid()

        answer = await merchant.get(f"/transaction/verify/{reference}")

        assert (answer.status_code, answer.headers["content-type"]) == (504, "text/html; charset=utf-8")

    @pytest.mark.parametrize(("kind", "acts"), [("timeout", False), ("act_then_timeout", True)])
    async def test_a_timed_out_transfer_was_made_or_not(
        self, merchant: Merchant, control: Control, client: httpx2.AsyncClient, kind: str, *, acts: bool
    ) -> None:
        await control.fault("transfer", kind)
        client.timeout = httpx2.Timeout(0.2)

        with pytest.raises(httpx2.ReadTimeout):
            await merchant.transfer()

        verified = await merchant.get(f"/transfer/verify/{REFERENCE}")
        assert verified.status_code == (200 if acts else 404)

    @pytest.mark.parametrize(("kind", "acts"), [("http_error", False), ("act_then_http_error", True)])
    async def test_an_error_page_says_nothing_about_what_happened(
        self, merchant: Merchant, control: Control, kind: str, *, acts: bool
    ) -> None:
        await control.fault("transfer", kind, status=502)

        answer = await merchant.transfer()

        assert (answer.status_code, answer.text[:6]) == (502, "<html>")
        assert (await merchant.get(f"/transfer/verify/{REFERENCE}")).status_code == (200 if acts else 404)

    async def test_an_error_may_be_json(self, merchant: Merchant, control: Control) -> None:
        await control.fault("balance", "http_error", status=500, html=False)

        answer = await merchant.get("/balance")

        assert (answer.status_code, answer.json()["status"]) == (500, False)

    async def test_a_truncated_answer_ends_too_early(self, merchant: Merchant, control: Control) -> None:
        await control.fault("transfer", "truncated")

        with pytest.raises(httpx2.RemoteProtocolError):
            await merchant.transfer()

        assert (await merchant.get(f"/transfer/verify/{REFERENCE}")).status_code == 200

    async def test_a_slow_answer_is_complete_in_the_end(self, merchant: Merchant, control: Control) -> None:
        await control.fault("balance", "slow_drip", bytes_per_second=1000)
        began = time.monotonic()

        answer = await merchant.get("/balance")

        assert answer.json()["data"][0]["currency"] == "NGN"
        assert time.monotonic() - began > len(answer.content) / 1000 * 0.8

    async def test_a_late_answer_is_right(self, merchant: Merchant, control: Control) -> None:
        await control.fault("balance", "late", milliseconds=60)
        began = time.monotonic()

        assert (await merchant.get("/balance")).status_code == 200

        assert time.monotonic() - began > 0.05

    @pytest.mark.parametrize(
        ("vendor", "path", "named"),
        [("paystack", "/paystack/balance", "x-ratelimit-reset"), ("termii", "/termii/api/get-balance", "retry-after")],
    )
    async def test_too_many_requests_name_the_time_to_wait(
        self, client: httpx2.AsyncClient, control: Control, vendor: str, path: str, named: str
    ) -> None:
        await control.fault("balance", "rate_limited", vendor, retry_after=7)

        answer = await client.get(path)

        assert (answer.status_code, answer.headers["retry-after"], answer.headers[named]) == (429, "7", "7")

    @pytest.mark.parametrize(
        ("kind", "more", "member", "value"),
        [
            ("wrong_amount", {}, "amount", 1_000_001),
            ("wrong_currency", {}, "currency", "GHS"),
            ("wrong_reference", {"reference": "other"}, "reference", "other"),
        ],
    )
    async def test_an_answer_may_be_wrong(
        self, merchant: Merchant, control: Control, kind: str, more: dict[str, Any], member: str, value: object
    ) -> None:
        reference = await merchant.paid(amount=1_000_000)
        await control.fault("verify", kind, **more)

        wrong, right = await merchant.verify(reference), await merchant.verify(reference)

        assert wrong[member] == value
        assert wrong | {member: right[member]} == right


class TestScript:
    async def test_a_fault_waits_and_is_used_up(self, merchant: Merchant, control: Control) -> None:
        await control.fault("balance", "http_error", times=2, skip=1)

        statuses = [(await merchant.get("/balance")).status_code for _ in range(4)]

        assert statuses == [200, 502, 502, 200]

    async def test_faults_of_one_operation_happen_in_order(self, merchant: Merchant, control: Control) -> None:
        await control.fault("balance", "http_error", status=500)
        await control.fault("balance", "http_error", status=503)

        statuses = [(await merchant.get("/balance")).status_code for _ in range(3)]

        assert statuses == [500, 503, 200]

    async def test_a_star_means_every_operation_of_the_vendor(self, merchant: Merchant, control: Control) -> None:
        await control.fault("*", "http_error", times=2)

        statuses = [(await merchant.get(path)).status_code for path in ("/balance", "/bank", "/balance")]

        assert statuses == [502, 502, 200]

    async def test_is_listed_with_what_is_possible_and_cleared(
        self, client: httpx2.AsyncClient, control: Control, merchant: Merchant
    ) -> None:
        await control.fault("transfer", "late", milliseconds=5)

        listed = (await client.get("/_sim/faults")).json()

        [fault] = listed["faults"]
        assert fault == {
            "id": fault["id"],
            "vendor": "paystack",
            "operation": "transfer",
            "kind": "late",
            "times": 1,
            "skip": 0,
            "used": 0,
            "milliseconds": 5,
        }
        assert "act_then_timeout" in listed["possible"]["paystack"]["transfer"]
        assert (await client.delete(f"/_sim/faults/{fault['id']}")).status_code == 204
        assert (await client.delete(f"/_sim/faults/{fault['id']}")).status_code == 404
        await control.fault("balance", "http_error")
        await client.delete("/_sim/faults")
        assert (await merchant.get("/balance")).status_code == 200

    @pytest.mark.parametrize(
        "wanted",
        [
            {"vendor": "paystak", "operation": "transfer", "kind": "late"},
            {"vendor": "paystack", "operation": "transfers", "kind": "late"},
            {"vendor": "paystack", "operation": "balance", "kind": "decline"},
            {"vendor": "sendgrid", "operation": "webhook", "kind": "lost"},
            {"vendor": "paystack", "operation": "balance", "kind": "late", "times": 0},
            {"vendor": "paystack", "operation": "balance", "kind": "late", "millis": 5},
            {"vendor": "paystack", "operation": "balance", "kind": "late", "milliseconds": "5"},
            {"vendor": "paystack", "operation": "balance", "kind": "slow_drip", "bytes_per_second": 0},
            {"vendor": "paystack", "operation": "balance", "kind": "http_error", "status": True},
        ],
        ids=json.dumps,
    )
    async def test_refuses_what_could_never_happen(self, client: httpx2.AsyncClient, wanted: dict[str, Any]) -> None:
        answer = await client.post("/_sim/faults", json=wanted)

        assert answer.status_code == 422
        assert answer.json()["error"]
        assert (await client.get("/_sim/faults")).json()["faults"] == []


class TestOptions:
    @pytest.mark.parametrize(
        "change",
        [{"transfer_mode": "later"}, {"transfer_delay": "1"}, {"unknown": 1}, {"termii_webhooks": 1}],
        ids=json.dumps,
    )
    async def test_refuses_nonsense(self, client: httpx2.AsyncClient, change: dict[str, Any]) -> None:
        before = (await client.get("/_sim/options")).json()

        assert (await client.patch("/_sim/options", json=change)).status_code == 422

        assert (await client.get("/_sim/options")).json() == before

    async def test_reset_takes_them_back(self, client: httpx2.AsyncClient) -> None:
        before = (await client.get("/_sim/options")).json()
        changed = (await client.patch("/_sim/options", json={"transfer_mode": "otp"})).json()

        await client.post("/_sim/reset")

        assert changed["transfer_mode"] == "otp"
        assert (await client.get("/_sim/options")).json() == before
