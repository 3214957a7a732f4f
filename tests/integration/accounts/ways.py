"""Steps on the way into an account, as a person takes them: reading texts and mail, following links."""

from __future__ import annotations

import re
from typing import Any

import httpx2

from kro_api import World

MAILBOX = "buyer@example.com"
NEW_PASSWORD = "another-kettle-42"


async def prove_mail(world: World, phone: str, mailbox: str = MAILBOX) -> None:
    """Give somebody a proven address, as if they had proven it long ago."""
    await world.database.execute(
        "UPDATE users SET email = $2, email_verified_at = now() - interval '1 day' WHERE phone = $1", phone, mailbox
    )


def last_text(world: World) -> str:
    return world.sms.sent[-1].text


def code_in(text: str) -> str:
    found = re.search(r"\b[0-9]{6}\b", text)
    assert found, text
    return found.group()


def token_in(text: str) -> str:
    found = re.search(r"/v1/public/[a-z-]+/([A-Za-z0-9_-]{43})\b", text)
    assert found, text
    return found.group(1)


async def post(world: World, path: str, body: Any) -> httpx2.Response:
    return await world.http.post(f"/v1{path}", json=body)


async def can_log_in(world: World, password: str, **by: str) -> bool:
    reply = await post(world, "/auth/login", {**by, "password": password})
    assert reply.status_code in {200, 401}, reply.text
    return reply.status_code == 200
