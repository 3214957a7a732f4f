"""All who ask something of an installation while its secrets are rotated, and what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, Self

import asyncpg
import httpx2

from fleet import Load
from renewing import PATIENCE, Letters
from signing_vendors import VENDORS, is_believed
from socket_crowd import Crowd, Member, until

_ANYBODY: Final = httpx2.Limits(max_keepalive_connections=0)
"""Each request takes a new connection, so that any of the processes may be the one that answers it."""


@dataclass
class Vendors:
    """All that sign send what they have to tell, with the secrets they have at present, one after the other."""

    url: str
    public_url: str
    secrets: list[str]
    taken: int = 0
    refused: list[str] = field(default_factory=list)
    stopping: bool = False

    async def run(self) -> None:
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60, limits=_ANYBODY) as http:
            while not self.stopping:
                for secret in tuple(self.secrets):
                    self.refused += await self.tell(http, secret)
                await asyncio.sleep(0.05)

    async def tell(self, http: httpx2.AsyncClient, secret: str) -> list[str]:
        """Have each vendor tell something; return who was not believed."""
        refused = []
        for make in VENDORS:
            told = make(secret, self.public_url)
            try:
                answer = await http.post(f"/v1/webhooks/{told.path}", content=told.raw, headers=told.headers)
            except httpx2.HTTPError as error:
                refused.append(f"{told.path} {error!r}")
                continue
            if is_believed(answer):
                self.taken += 1
            else:
                refused.append(f"{told.path} {answer.status_code}")
        return refused

    async def told_once(self, secret: str) -> list[str]:
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60, limits=_ANYBODY) as http:
            return await self.tell(http, secret)


@dataclass
class Lists:
    """Somebody who reads a list of two orders by pages of one, whichever process made the cursor."""

    url: str
    member: Member
    followed: int = 0
    refused: list[str] = field(default_factory=list)
    stopping: bool = False

    async def run(self) -> None:
        while not self.stopping:
            try:
                answer = await self.follow(await self.first())
            except httpx2.HTTPError as error:
                answer = repr(error)
            if answer == "200":
                self.followed += 1
            else:
                self.refused.append(answer)
            await asyncio.sleep(0.05)

    async def first(self) -> str:
        return str((await self._ask({})).json()["next_cursor"])

    async def follow(self, cursor: str) -> str:
        """Return ``200``, or what was said instead."""
        answer = await self._ask({"cursor": cursor})
        return "200" if answer.is_success and answer.json()["data"] else answer.text

    async def _ask(self, query: dict[str, str]) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.member.token}", "X-Forwarded-For": self.member.address}
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=60) as http:
            return await http.get("/v1/orders", params={"limit": 1, **query}, headers=headers)


@dataclass
class Everybody:
    """People, vendors, a reader of lists and what leaves by mail, all at the same time."""

    load: Load
    vendors: Vendors
    lists: Lists
    letters: Letters
    running: asyncio.Future[list[None]] = field(init=False)

    def __post_init__(self) -> None:
        parts = (self.load, self.vendors, self.lists, self.letters)
        self.running = asyncio.gather(*(part.run() for part in parts))

    @classmethod
    async def begin(
        cls, url: str, crowd: Crowd, owner: asyncpg.Connection[asyncpg.Record], *, public_url: str, secret: str
    ) -> Self:
        """Return once all of them are at it."""
        vendors, lists = Vendors(url, public_url, [secret]), Lists(url, crowd.members[0])
        everybody = cls(Load(url, crowd.members), vendors, lists, Letters(owner))
        await everybody.go_on(answers=30)
        return everybody

    async def go_on(self, *, answers: int) -> None:
        """Wait until people had so many answers more, and each vendor was believed twice with each secret it has."""
        answered, taken = self.load.answered + answers, self.vendors.taken
        taken += 2 * len(VENDORS) * len(self.vendors.secrets)
        await until(
            lambda: self.running.done() or (self.load.answered > answered and self.vendors.taken > taken),
            seconds=PATIENCE,
        )
        if self.running.done():
            await self.running

    async def stop(self) -> None:
        self.load.stop()
        self.vendors.stopping = self.lists.stopping = self.letters.stopping = True
        await self.running

    @property
    def failed(self) -> list[str]:
        """Return all that was not answered as it should have been."""
        not_let_in = ["not let in"] * self.load.not_let_in
        return [*self.load.lost, *not_let_in, *self.vendors.refused, *self.lists.refused]

    def __str__(self) -> str:
        return (
            f"{self.load.answered} requests, {self.vendors.taken} webhooks, {self.lists.followed} pages and "
            f"{len(self.letters.posted)} mails; failed: {len(self.failed)}"
        )
