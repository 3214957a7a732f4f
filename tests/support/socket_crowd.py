"""Many people on the sockets at once: clients of a few lines each, and the processes they connect to."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import orjson
import websockets

from kro.core.database.embedded import Role

TOKEN_MINUTES = 120
"""Long enough for the largest crowd: nobody renews a token here."""
ROOT: Final = Path(__file__).parents[2]
_SYNC: Final = "421"
_SYNCED: Final = "431"


@dataclass
class Member:
    """One party of one order: stays connected, syncs at every connect and at every gap, and counts what is wrong."""

    token: str = field(repr=False)
    order_id: str
    address: str
    live: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    """Seconds from each event to its being heard."""
    seqs: list[int] = field(default_factory=list)
    foreign: int = 0
    connects: int = 0
    refusals: int = 0
    trouble: Exception | None = None
    syncing: bool = False

    @property
    def last(self) -> int:
        return self.seqs[-1] if self.seqs else 0

    async def stay(self, url: str, door: asyncio.Semaphore) -> None:
        """Be connected until cancelled, coming back whenever the connection is lost."""
        while True:
            try:
                await self._once(url, door)
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                self.trouble = error
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - so that not all come back at once

    async def _once(self, url: str, door: asyncio.Semaphore) -> None:
        async with door:
            connection = await websockets.connect(
                url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket",
                additional_headers={"X-Forwarded-For": self.address},
                compression=None,
                ping_interval=None,
                proxy=None,
            )
            async with asyncio.timeout(30):
                await connection.recv()
                await connection.send("40" + orjson.dumps({"token": self.token}).decode())
                answer = str(await connection.recv())
        async with connection:
            if not answer.startswith("40"):
                self.refusals += 1
                return
            self.connects += 1
            await self._sync(connection)
            async for packet in connection:
                await self._take(connection, str(packet))

    async def _sync(self, connection: websockets.ClientConnection) -> None:
        self.syncing = True
        await connection.send(f"{_SYNC}" + orjson.dumps(["order:sync", self._asked()]).decode())

    def _asked(self) -> dict[str, Any]:
        return {"id": self.order_id, "after_seq": self.last}

    async def _take(self, connection: websockets.ClientConnection, packet: str) -> None:
        if packet == "2":
            await connection.send("3")
        elif packet.startswith(_SYNCED):
            self.syncing = False
            [answer] = orjson.loads(packet[len(_SYNCED) :])
            if not answer["ok"]:
                # A server that has just begun may be too busy for everybody at once.
                self.refusals += 1
                await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - as above
                await self._sync(connection)
                return
            self.seqs += [event["seq"] for event in answer["events"] if event["seq"] > self.last]
            if answer["has_more"]:
                await self._sync(connection)
        elif packet.startswith("42"):
            name, data = orjson.loads(packet[2:])
            if name == "order.event":
                await self._hear(connection, data)

    async def _hear(self, connection: websockets.ClientConnection, data: dict[str, Any]) -> None:
        if data["order_id"] != self.order_id:
            self.foreign += 1
            return
        self.live.append(data["seq"])
        self.delays.append((datetime.now(UTC) - datetime.fromisoformat(data["at"])).total_seconds())
        if data["seq"] == self.last + 1:
            self.seqs.append(data["seq"])
        elif data["seq"] > self.last and not self.syncing:
            await self._sync(connection)


def environment_of(cluster: Any, name: str, folder: Path, *, port: int, redis_url: str | None) -> dict[str, str]:
    """Return the environment of the processes of one installation."""
    owner, app = (urlsplit(cluster.dsn(role, name)) for role in (Role.OWNER, Role.APP))
    own_config = folder / "config"
    own_config.mkdir()
    (own_config / "test.json").write_bytes(orjson.dumps({"jwt": {"user": {"accessMinutes": TOKEN_MINUTES}}}))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KRO_", "NODE_"))}
    return kept | {
        "KRO_ENV": "test",
        "KRO_CONFIG_DIR": str(own_config),
        "KRO_API_PORT": str(port),
        "KRO_PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        # Every client has an address of its own, as it would behind a proxy.
        "KRO_TRUSTED_PROXIES": '["127.0.0.1/32"]',
        "KRO_DATABASE_EMBEDDED": "false",
        "KRO_DATABASE_URL": f"postgresql://{owner.path}?{owner.query}",
        "KRO_DATABASE_OWNER_USERNAME": owner.username or "",
        "KRO_DATABASE_OWNER_PASSWORD": owner.password or "",
        "KRO_DATABASE_APP_USERNAME": app.username or "",
        "KRO_DATABASE_APP_PASSWORD": app.password or "",
        "KRO_STORAGE_FOLDER": str(folder / "storage"),
        **({"KRO_REDIS_URL": redis_url} if redis_url else {}),
    }


@contextmanager
def process(log: Path, environment: dict[str, str], *arguments: str) -> Iterator[None]:
    """Run ``kro`` with some arguments, and end it as a deployment does."""
    command = [sys.executable, "-m", "kro.cli", *arguments, "--exit-with-parent", str(os.getpid())]
    with log.open("ab") as output:
        running = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            running.terminate()
            try:
                running.wait(timeout=20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


async def answers(url: str) -> None:
    """Wait until the API is ready."""
    async with asyncio.timeout(300), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            with suppress(httpx2.TransportError):
                if (await client.get(f"{url}/health/ready", timeout=5)).is_success:
                    return
            await asyncio.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(check: Any, *, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not check():  # noqa: ASYNC110 - what is waited for comes over hundreds of sockets
            await asyncio.sleep(0.05)


def wrong(members: Sequence[Member], *, rounds: int) -> list[Member]:
    """Return who did not hear exactly the events of their order, in order."""
    expected = list(range(1, rounds + 1))
    return [member for member in members if member.seqs != expected or member.foreign]
