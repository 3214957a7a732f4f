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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx2
import orjson
import websockets

from kro.core.actor import ActorKind
from kro.core.auth.tokens import TokenIssuer, TokenWorld
from kro.core.clock import SystemClock
from kro.core.config import load_settings
from kro.core.database.embedded import Role
from kro.core.decisions import Event
from kro.core.decisions.encoding import plain
from kro.core.ids import SystemIdSource, show_id
from kro.order.domain import event_item

TOKEN_MINUTES = 120
"""Long enough for the largest crowd: nobody renews a token here."""
ROOT: Final = Path(__file__).parents[2]
_IDS: Final = SystemIdSource()
_SYNC: Final = "421"
_SYNCED: Final = "431"

_USERS: Final = """
WITH role AS (INSERT INTO user_roles (code, audience, title, permissions) VALUES ('member', 'user', 'Member', '{}')
              ON CONFLICT DO NOTHING)
INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier)
SELECT n.id, n.phone, 'Test', 'User', '-', 'active', 'member', 1
FROM unnest($1::uuid[], $2::text[]) AS n (id, phone)"""
_SESSIONS: Final = """
INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
SELECT n.id, 'user', n.user_id, uuid_send(n.id), now() + interval '1 day'
FROM unnest($1::uuid[], $2::uuid[]) AS n (id, user_id)"""
_ORDERS: Final = """
INSERT INTO orders (id, buyer_id, seller_id, proposed_by, order_type, title, description, currency, amount,
    buyer_share_bps, fee_buyer, fee_seller, vat_buyer, vat_seller, fee_basis, terms_version, terms_hash, delivery_hours,
    inspection_hours, status, funding_status, on_hold, funded_amount, released_amount, refunded_amount, last_seq,
    version, created_at, updated_at)
SELECT n.id, n.buyer_id, n.seller_id, 'buyer', 'goods', 'Demo', '', 'NGN', 100, 0, 0, 0, 0, 0, '{}', 1, '-', 1, 1,
    'accepted', 'none', false, 0, 0, 0, 0, 1, now(), now()
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n (id, buyer_id, seller_id)"""
_TELL: Final = """
WITH told AS (
    INSERT INTO order_events (id, order_id, seq, type, actor_kind, data, at)
    SELECT e.id, e.order_id, e.seq, 'reminded', 'system', '{}', e.at
    FROM jsonb_to_recordset($1::text::jsonb) AS e (id uuid, order_id uuid, seq integer, at timestamptz))
INSERT INTO outbox (id, topic, ordering_key, payload)
SELECT gen_random_uuid(), 'realtime', 'order:' || e.order_id, e.payload
FROM jsonb_to_recordset($1::text::jsonb) AS e (order_id uuid, payload jsonb)"""


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


class Crowd:
    """As many people as asked for, two to an order, with their tokens."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._round = 0
        self.members: list[Member] = []
        self._orders: dict[UUID, tuple[UUID, UUID]] = {}

    async def gather(self, count: int) -> None:
        settings = load_settings(environment="test", environ={}).jwt.user
        keys = {key.kid: key.secret.get_secret_value() for key in settings.keys}
        world = TokenWorld(
            kind=ActorKind.USER,
            issuer=settings.issuer,
            audience=settings.audience,
            keys=keys,
            signing_kid=settings.keys[0].kid,
            lifetime=timedelta(minutes=TOKEN_MINUTES),
        )
        issuer = TokenIssuer(world, clock=SystemClock(), ids=_IDS)
        people = [_IDS.new() for _ in range(count)]
        sessions = [_IDS.new() for _ in people]
        pairs = list(zip(people[::2], people[1::2], strict=True))
        self._orders = {_IDS.new(): pair for pair in pairs}
        execute = self._connection.execute
        await execute(_USERS, people, [f"+23480{number:08d}" for number in range(count)])
        await execute(_SESSIONS, sessions, people)
        await execute(_ORDERS, list(self._orders), people[::2], people[1::2])
        order_of = {person: order_id for order_id, pair in self._orders.items() for person in pair}
        self.members = [
            Member(
                token=issuer.issue(subject=person, session_id=session),
                order_id=show_id("ord", order_of[person]),
                address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            )
            for number, (person, session) in enumerate(zip(people, sessions, strict=True), start=1)
        ]

    async def tell(self, rounds: int) -> None:
        """Let so many things happen to every order, as decisions write them."""
        for _ in range(rounds):
            self._round += 1
            rows = [self._row(order_id, pair) for order_id, pair in self._orders.items()]
            await self._connection.execute(_TELL, orjson.dumps(rows, default=plain).decode())

    async def delivered(self, *, patience_seconds: float) -> None:
        """Wait until the worker has published everything."""
        async with asyncio.timeout(patience_seconds):
            while await self._connection.fetchval("SELECT count(*) FROM outbox WHERE state = 'pending'"):  # noqa: ASYNC110 - a row has no event
                await asyncio.sleep(0.1)

    def _row(self, order_id: UUID, pair: tuple[UUID, UUID]) -> dict[str, Any]:
        event = Event(_IDS.new(), order_id, self._round, "reminded", "system", None, {}, datetime.now(UTC))
        payload = {"users": pair, "event": "order.event", "data": event_item(event)}
        return {"id": event.id, "order_id": order_id, "seq": event.seq, "at": event.at, "payload": payload}


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
