"""What the stand-ins report is what the product believes: signatures, states and ids, by the numbers that misbehave."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from kro.core.clock import SystemClock
from kro.core.messaging import (
    AttemptState,
    Report,
    ReportReader,
    TelnyxReports,
    TermiiReports,
    TwilioReports,
    Webhook,
    WhatsAppReports,
)
from kro.core.messaging.errors import ReportSignatureError
from kro.core.sms import MessageAccepted
from text_vendors import CALLBACKS, VENDORS
from texting import code

READERS: dict[str, ReportReader] = {
    "termii": TermiiReports(("TL_kro_sandbox_secret_0000000000000000",)),
    "telnyx": TelnyxReports(("HhMa3yErUc9g+3++heJ6mQjq9qsms/9+wBaCIBIH9Kk=",), SystemClock()),
    "twilio": TwilioReports(("kro_sandbox_twilio_token_00000000",), public_url=CALLBACKS.removesuffix("/v1/webhooks")),
    "whatsapp": WhatsAppReports(("kro_sandbox_whatsapp_app_secret_00000000",), "-"),
}
S = AttemptState


@pytest.mark.parametrize("route", VENDORS)
@pytest.mark.parametrize(
    ("suffix", "ends"),
    [("4567", {S.DELIVERED}), ("0007", {S.FAILED}), ("0005", set()), ("0008", {S.DELIVERED})],
    ids=["arrives", "fails", "never reported", "reported twice"],
)
async def test_reports_are_genuine_and_say_what_became_of_the_message(
    route: str, suffix: str, ends: set[AttemptState], sandbox_url: str
) -> None:
    async with VENDORS[route](sandbox_url) as vendor, httpx2.AsyncClient(base_url=sandbox_url) as control:
        options = {"termii_webhooks": True, "message_report_delay": 0}
        (await control.patch("/_sim/options", json=options)).raise_for_status()
        accepted = await vendor.send(code(f"+234803123{suffix}"))
        assert isinstance(accepted, MessageAccepted)
        deliveries = await _settled(control, accepted.provider_message_id, at_least=2 if ends else 0)

    found = [report for one in deliveries for report in _read(vendor.provider, one)]
    assert {report.state for report in found} - {S.SENT, S.READ} == ends
    assert {report.provider_message_id for report in found} <= {accepted.provider_message_id}
    with pytest.raises(ReportSignatureError):
        _read(vendor.provider, {**deliveries[0], "body": deliveries[0]["body"] + "x"} if deliveries else _nothing())


async def _settled(control: httpx2.AsyncClient, reference: str, *, at_least: int) -> Sequence[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            answer = await control.get("/_sim/deliveries", params={"reference": reference})
            found: list[dict[str, Any]] = answer.json()["deliveries"]
            states = {report.state for one in found for report in _read(one["vendor"], one)}
            if len(found) >= at_least and (not at_least or states & {S.DELIVERED, S.FAILED}):
                return found
            await asyncio.sleep(0.02)


def _read(vendor: str, delivery: dict[str, Any]) -> tuple[Report, ...]:
    place = urlsplit(delivery["url"])
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    return READERS[vendor].read(Webhook(delivery["body"].encode(), headers, place.path, place.query))


def _nothing() -> dict[str, Any]:
    return {"url": "http://127.0.0.1/", "headers": {}, "body": json.dumps({})}
