"""How a client answers `step_up_required`: has the code sent, reads it, and asks again with it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2

from kro.core.ids import read_id
from kro_api import Person, World


async def code_sent(world: World, challenge_id: str) -> str:
    """Return the code of a challenge, which is nowhere but sealed in the message that carries it."""
    context = str(read_id("otp", challenge_id))
    payload = await world.database.value(
        "SELECT payload FROM outbox WHERE topic = 'sms.otp' AND payload ->> 'challenge_id' = $1", context
    )
    return world.application.base.cipher.open(payload["sealed"], context=context)


async def proof(world: World, person: Person, task: dict[str, Any]) -> dict[str, str]:
    """Return the proof by SMS of a task as the answer `step_up_required` described it."""
    wanted = {name: task[name] for name in ("action", "target", "amount") if task[name] is not None}
    reply = await person.post("/auth/step-up", wanted)
    assert reply.status_code == 202, reply.text
    challenge_id = reply.json()["challenge_id"]
    return {"challenge_id": challenge_id, "code": await code_sent(world, challenge_id)}


async def with_proof(world: World, person: Person, path: str, body: Any = None, *, key: str = "") -> httpx2.Response:
    """Send a command that takes a proof, under one key, and return the answer to it with the proof."""
    key = key or uuid4().hex
    refused = await person.post(path, body, key=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required"), refused.text
    told = await proof(world, person, refused.json()["step_up"])
    return await person.post(path, {**(body or {}), "step_up": told}, key=key)


async def add_bank_account(world: World, person: Person, number: str = "2000000005") -> dict[str, Any]:
    """Add a bank account of the person's, and return it."""
    body = {"bank_code": "058", "account_number": number}
    reply = await with_proof(world, person, "/me/bank-accounts", body)
    assert reply.status_code == 201, reply.text
    account: dict[str, Any] = reply.json()
    return account
