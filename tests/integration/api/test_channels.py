"""What admins see of texts and switch, and what vendors tell, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from admin_desk import at_desk
from kro.core.auth.permissions import Role
from kro_api import World

SWITCH = {"scope": "channel", "subject": "whatsapp", "state": "off", "reason": "Too dear at the moment"}
TERMII_SECRET = b"TL_kro_sandbox_secret_0000000000000000"
WHATSAPP_TOKEN = "kro_sandbox_whatsapp_verify_000000000000"


async def test_a_switch_is_turned_seen_and_on_record(world: World) -> None:
    finance = await at_desk(world, Role.FINANCE)

    turned = await finance.put("/admin/channels/switches", SWITCH)

    assert turned.status_code == 200, turned.text
    assert turned.json() | SWITCH == turned.json()
    assert [one["subject"] for one in (await finance.get("/admin/channels")).json()["switches"]] == ["whatsapp"]
    row = await world.database.row("SELECT * FROM audit_log WHERE action = 'text_switch.turn'")
    assert (row["reason"], row["detail"]) == (
        SWITCH["reason"],
        {"scope": "channel", "subject": "whatsapp", "state": "off"},
    )


async def test_there_is_only_what_there_is_to_switch(world: World) -> None:
    finance = await at_desk(world, Role.FINANCE)
    bodies = [
        SWITCH | {"scope": "provider", "subject": "carrier pigeon"},
        SWITCH | {"scope": "country", "subject": "GB"},
        SWITCH | {"scope": "range", "subject": "0803123"},
    ]

    assert [(await finance.put("/admin/channels/switches", body)).status_code for body in bodies] == [404] * 3
    assert await world.database.value("SELECT count(*) FROM text_switches") == 0


async def test_the_figures_are_by_vendor_and_network(world: World) -> None:
    finance = await at_desk(world, Role.FINANCE)
    await world.database.execute(
        "INSERT INTO text_attempts (id, message_id, purpose, kind, route, provider, channel, number_index, "
        "number_shown, country, network, number_range, carrier, state, rank, estimate_minor, cost_micros, "
        "cost_currency, spent_on, created_at, delivered_at) "
        "SELECT gen_random_uuid(), n::text, 'otp', 'code', 'termii', 'termii', 'sms', 'i', '+234803 ***', 'NG', "
        "'+234803', '+234803123', 'MTN', CASE WHEN n < 4 THEN 'delivered' ELSE 'failed' END, CASE WHEN n < 4 THEN 5 "
        "ELSE 4 END, 500, 3900000, 'NGN', current_date, now() - interval '1 minute', "
        "CASE WHEN n < 4 THEN now() - interval '1 minute' + n * interval '1 second' END FROM generate_series(1, 4) AS n"
    )

    [row] = (await finance.get("/admin/channels/statistics", hours=1)).json()["data"]

    assert row == {
        "provider": "termii", "channel": "sms", "network": "+234803", "carrier": "MTN", "attempts": 4, "accepted": 4,
        "delivered": 3, "failed": 1, "refused": 0, "in_doubt": 0, "verified": 0, "delivered_bps": 7500, "p50_ms": 2000,
        "p95_ms": 3000, "estimate_minor": 2000, "cost_micros": 15_600_000, "cost_currency": "NGN",
    }  # fmt: skip


async def test_a_report_is_taken_with_its_signature_and_refused_without(world: World) -> None:
    raw = json.dumps({"message_id": "301", "status": "Delivered", "message": "482913"}).encode()
    signature = hmac.new(TERMII_SECRET, raw, hashlib.sha512).hexdigest()
    headers = {"Content-Type": "application/json", "X-Termii-Signature": signature}

    taken = await world.http.post("/v1/webhooks/termii", content=raw, headers=headers)
    forged = await world.http.post("/v1/webhooks/termii", content=raw + b" ", headers=headers)

    assert (taken.status_code, taken.content) == (200, b"")
    assert (forged.status_code, forged.json()["code"]) == (401, "invalid_webhook_signature")
    assert await world.database.value("SELECT count(*) FROM text_reports WHERE NOT is_known") == 1


@pytest.mark.parametrize("theirs", ["", "&foo=1&bar=a%20b+c&foo=2"], ids=["", "and what the vendor adds"])
async def test_a_callback_with_our_id_in_its_address_is_taken(world: World, theirs: str) -> None:
    query = f"message=01a21ab1-95e3-74a8-9dbd-9d23320a030d{theirs}"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "NewWithTwilio": "x"}
    url = f"http://127.0.0.1:3000/v1/webhooks/twilio?{query}"
    text = url + "".join(name + form[name] for name in sorted(form))
    mac = hmac.new(b"kro_sandbox_twilio_token_00000000", text.encode(), hashlib.sha1).digest()
    headers = {"X-Twilio-Signature": base64.b64encode(mac).decode()}

    taken = await world.http.post(f"/v1/webhooks/twilio?{query}", data=form, headers=headers)
    forged = await world.http.post(f"/v1/webhooks/twilio?{query}&more=1", data=form, headers=headers)

    assert taken.status_code == 200, taken.text
    assert (forged.status_code, forged.json()["code"]) == (401, "invalid_webhook_signature")


@pytest.mark.parametrize("vendor", ["paystack", "sendgrid", "termii", "telnyx", "twilio", "whatsapp"])
async def test_what_a_vendor_adds_to_the_address_is_no_reason_to_refuse_its_webhook(world: World, vendor: str) -> None:
    answer = await world.http.post(f"/v1/webhooks/{vendor}?new=1", json={})

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_webhook_signature")


async def test_meta_is_answered_only_with_the_token(world: World) -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": WHATSAPP_TOKEN}

    right = await world.http.get("/v1/webhooks/whatsapp", params=query)
    wrong = await world.http.get("/v1/webhooks/whatsapp", params=query | {"hub.verify_token": "guess"})

    assert (right.status_code, right.text) == (200, "1158201444")
    assert wrong.status_code == 401


async def test_a_code_can_be_wished_for_on_whatsapp(world: World) -> None:
    person = {"first_name": "Ada", "last_name": "New", "phone": "+2348051234567", "password": "a long enough one"}
    registered = await world.http.post("/v1/auth/register", json=person)
    body = {"phone": person["phone"], "purpose": "register", "challenge_id": registered.json()["challenge_id"]}

    asked = await world.http.post("/v1/auth/otp", json=body | {"channel": "whatsapp"})
    await world.work()

    assert asked.status_code == 202, asked.text
    assert [text.wish for text in world.sms.sent] == ["sms", "whatsapp"]
