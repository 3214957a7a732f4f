"""Rotating the key of access tokens while two processes serve: nobody who is logged in is turned away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from pydantic import SecretBytes

from kro.bootstrap import build
from kro.core.auth.passwords import PasswordHasher
from kro.core.config import Settings, SigningKey
from kro.main import create_api
from kro_api import BUYER_PHONE, PASSWORD, World, running_world, settings_for

NEXT = SigningKey(kid="next", secret=SecretBytes(b"n" * 32))


@dataclass
class Fleet:
    """Two processes, each with keys of its own, and every token anybody was given."""

    world: World
    settings: Settings
    opened: AsyncExitStack
    processes: list[httpx2.AsyncClient] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    async def start(self, *keys: SigningKey) -> httpx2.AsyncClient:
        user = self.settings.jwt.user.model_copy(update={"keys": keys})
        settings = self.settings.model_copy(update={"jwt": self.settings.jwt.model_copy(update={"user": user})})
        hasher = PasswordHasher(memory_kib=64, rounds=1)
        application = build(settings, providers=self.world.providers, hasher=hasher)
        await application.open()
        self.opened.push_async_callback(application.close)
        transport = httpx2.ASGITransport(app=create_api(application))
        return await self.opened.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000")
        )

    async def refusals(self) -> int:
        """Log in at each process, and count who is turned away of all who show their token at each."""
        for process in self.processes:
            reply = await process.post("/v1/auth/login", json={"phone": BUYER_PHONE, "password": PASSWORD})
            assert reply.status_code == 200, reply.text
            self.tokens.append(reply.json()["access_token"])
        return sum([await turned_away(process, token) for process in self.processes for token in self.tokens])


async def turned_away(process: httpx2.AsyncClient, token: str) -> bool:
    status = (await process.get("/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code
    assert status in {200, 401}
    return status == 401


@pytest.fixture
async def fleet(fresh_database: Any) -> AsyncIterator[Fleet]:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    async with running_world(settings) as world, AsyncExitStack() as opened:
        yield Fleet(world, settings, opened)


async def test_added_then_first_then_alone_and_nobody_is_turned_away(fleet: Fleet) -> None:
    old = fleet.settings.jwt.user.keys[0]
    fleet.processes = [await fleet.start(old), await fleet.start(old)]
    assert await fleet.refusals() == 0

    for keys in ((old, NEXT), (NEXT, old)):
        for number in (0, 1):
            fleet.processes[number] = await fleet.start(*keys)
            assert await fleet.refusals() == 0
    given_before = len(fleet.tokens) - 2
    fleet.tokens = fleet.tokens[given_before:]
    for number in (0, 1):
        fleet.processes[number] = await fleet.start(NEXT)
        assert await fleet.refusals() == 0


async def test_in_one_step_people_are_turned_away(fleet: Fleet) -> None:
    old = fleet.settings.jwt.user.keys[0]
    fleet.processes = [await fleet.start(NEXT, old), await fleet.start(old)]

    assert await fleet.refusals() == 1


async def test_a_key_that_is_gone_ends_its_tokens(fleet: Fleet) -> None:
    old = fleet.settings.jwt.user.keys[0]
    fleet.processes = [await fleet.start(old)]
    assert await fleet.refusals() == 0

    assert await turned_away(await fleet.start(NEXT), fleet.tokens[0])
