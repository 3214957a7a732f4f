"""What SendGrid reports, over HTTP, and what follows for people's mail."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from kro_api import BUYER_PHONE, World
from kro_sandbox.sendgrid.events import SendGridEvents
from kro_sandbox.settings import SENDGRID_SIGNING_SEED
from order_steps import accepted

ADDRESS = "buyer@kro.example"
SIGNER = SendGridEvents(seed=SENDGRID_SIGNING_SEED, options=None, background=None, webhooks=None)  # type: ignore[arg-type]


async def report(world: World, *events: dict[str, Any], forged: bool = False) -> httpx2.Response:
    raw = json.dumps(list(events)).encode() + b"\r\n"
    headers = SIGNER.sign(raw + (b" " if forged else b"")) | {"Content-Type": "application/json"}
    return await world.http.post("/v1/webhooks/sendgrid", content=raw, headers=headers)


def event(kind: str, message_id: Any, **more: Any) -> dict[str, Any]:
    about = {"email": ADDRESS, "timestamp": int(time.time()), "message_id": f"{message_id}.mail"}
    return {"event": kind, "sg_event_id": uuid4().hex, **about, **more}


@pytest.fixture
async def mail_id(world: World) -> Any:
    """The id of a mail that the buyer was sent."""
    await world.database.execute("UPDATE users SET email = $1 WHERE phone = $2", ADDRESS, BUYER_PHONE)
    await accepted(world)
    await world.work()
    return await world.database.value(
        "SELECT message_id FROM notice_receipts WHERE channel = 'mail' AND status <> 'skipped'"
    )


async def status(world: World, mail_id: Any) -> tuple[str, str | None]:
    row = await world.database.row("SELECT status, reason FROM notice_receipts WHERE message_id = $1", mail_id)
    return row["status"], row["reason"]


async def test_a_mail_gets_further_by_reports_in_any_order_and_never_back(world: World, mail_id: Any) -> None:
    delivered = event("delivered", mail_id)
    strange = event("delivered", uuid4())

    for events in ((delivered, strange), (delivered,), (event("processed", mail_id),)):
        assert (await report(world, *events)).status_code == 200

    assert await status(world, mail_id) == ("delivered", None)
    assert await world.database.value("SELECT count(*) FROM mail_events") == 3
    assert (await report(world, event("bounce", mail_id, type="blocked", reason="421"))).status_code == 200
    assert await status(world, mail_id) == ("failed", "421")
    assert await world.database.value("SELECT count(*) FROM bad_addresses") == 0


async def test_a_mailbox_that_bounced_gets_no_more_mail_and_its_owner_is_told(world: World, mail_id: Any) -> None:
    bounce = event("bounce", mail_id, type="bounce", reason="550 no such user")
    for _ in range(2):
        assert (await report(world, bounce)).status_code == 200
    await world.work()
    sent = len(world.email.sent)

    inbox = (await world.buyer.get("/me/notifications")).json()["data"]
    assert [one["template"] for one in inbox].count("mail_undeliverable") == 1
    await accepted(world)
    await world.work()
    assert [mail for mail in world.email.sent[sent:] if mail.to == ADDRESS] == []
    skipped = "SELECT count(*) FROM notice_receipts WHERE channel = 'mail' AND reason = 'bad_address'"
    assert await world.database.value(skipped) == 1

    assert (await report(world, event("delivered", uuid4(), timestamp=int(time.time()) + 5))).status_code == 200
    await accepted(world)
    await world.work()
    assert len([mail for mail in world.email.sent[sent:] if mail.to == ADDRESS]) == 1


async def test_a_forged_report_changes_nothing(world: World, mail_id: Any) -> None:
    before = await status(world, mail_id)

    reply = await report(world, event("bounce", mail_id, type="bounce"), forged=True)

    assert (reply.status_code, reply.json()["code"]) == (401, "invalid_webhook_signature")
    assert await status(world, mail_id) == before
    assert await world.database.value("SELECT count(*) FROM mail_events") == 0
