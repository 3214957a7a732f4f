"""How fast events reach many people who are connected over Socket.IO, through outbox, worker and API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import websockets

from benchmarks.processes import Program, working
from benchmarks.requests.load import Measurement, Spent, backends
from benchmarks.requests.people import Crowd, Pair, Person
from kro.core.decisions import Event
from kro.core.decisions.encoding import plain
from kro.core.ids import SystemIdSource
from kro.order.domain import event_item

NAME: Final = "fan-out"
_AT_ONCE: Final = 20
_PATIENCE_SECONDS: Final = 60.0
_ids: Final = SystemIdSource()
_TELL: Final = """
INSERT INTO outbox (id, topic, ordering_key, payload)
SELECT n.id, 'realtime', 'order:' || n.order_id, n.payload
FROM jsonb_to_recordset($1::text::jsonb) AS n (id uuid, order_id uuid, payload jsonb)"""
# What other scenes left behind would be sent meanwhile.
_NOTHING_ELSE: Final = "UPDATE outbox SET state = 'delivered' WHERE state = 'pending'"


@dataclass(slots=True)
class Listener:
    """Somebody's app: connects once, and notes how long each event took to come."""

    token: str = field(repr=False)
    address: str
    delays: list[float] = field(default_factory=list)
    """Milliseconds from what happened to its being heard."""

    async def listen(self, port: int, door: asyncio.Semaphore, inside: asyncio.Event) -> None:
        """Stay connected until cancelled.

        :raises RuntimeError: when the server does not let it in.
        """
        async with door:
            connection = await websockets.connect(
                f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
                additional_headers={"X-Forwarded-For": self.address},
                compression=None,
                ping_interval=None,
                proxy=None,
            )
            await connection.recv()
            await connection.send("40" + orjson.dumps({"token": self.token}).decode())
            answer = str(await connection.recv())
        async with connection:
            if not answer.startswith("40"):
                raise RuntimeError(answer)
            inside.set()
            async for packet in connection:
                if packet == "2":
                    await connection.send("3")
                elif str(packet).startswith("42"):
                    self._hear(*orjson.loads(str(packet)[2:]))

    def _hear(self, name: str, data: dict[str, Any]) -> None:
        if name == "order.event":
            self.delays.append((datetime.now(UTC) - datetime.fromisoformat(data["at"])).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class FanOut:
    """A served program with its database, and pairs of people of whom everybody listens."""

    program: Program
    crowd: Crowd
    owner: asyncpg.Connection[asyncpg.Record]
    server: int
    postmaster: int

    async def measure(self, *, rounds: int, seconds: float) -> list[Measurement]:
        """Let something happen to every pair's order, wait until all have heard it, and again, until time is over."""
        await self.owner.execute(_NOTHING_ELSE)
        people = [person for pair in self.crowd.pairs for person in (pair.buyer, pair.seller)]
        with working(self.program):
            async with self._listening(people) as listeners:
                await self._tell(listeners, seconds=0)
                return [await self._tell(listeners, seconds=seconds) for _ in range(rounds)]

    @asynccontextmanager
    async def _listening(self, people: Sequence[Person]) -> AsyncIterator[list[Listener]]:
        door = asyncio.Semaphore(_AT_ONCE)
        tokens = [self.crowd.token(person) for person in people]
        listeners = [Listener(token, f"10.9.{number >> 8 & 255}.{number & 255}") for number, token in enumerate(tokens)]
        inside = [asyncio.Event() for _ in listeners]
        tasks = [
            asyncio.create_task(listener.listen(self.program.port, door, event))
            for listener, event in zip(listeners, inside, strict=True)
        ]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.gather(*(event.wait() for event in inside))
            yield listeners
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, listeners: Sequence[Listener], *, seconds: float) -> Measurement:
        for listener in listeners:
            listener.delays.clear()
        begun, told = time.perf_counter(), 0
        spent, stored = Spent.by([self.server]), Spent.by(backends(self.postmaster))
        while not told or time.perf_counter() < begun + seconds:
            told += 1
            rows = [_row(pair, told) for pair in self.crowd.pairs]
            await self.owner.execute(_TELL, orjson.dumps(rows, default=plain).decode())
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while any(len(listener.delays) < told for listener in listeners):  # noqa: ASYNC110 - so many sockets
                    await asyncio.sleep(0.002)
        elapsed = time.perf_counter() - begun
        times = [delay for listener in listeners for delay in listener.delays]
        server = Spent.by([self.server]).seconds - spent.seconds
        database = Spent.by(backends(self.postmaster)).seconds - stored.seconds
        each = 1000 / len(times)
        return Measurement(len(times) / elapsed, times, server * each, database * each)


def _row(pair: Pair, seq: int) -> dict[str, object]:
    order_id: UUID = _ids.new()
    event = Event(_ids.new(), order_id, seq, "reminded", "system", None, {}, datetime.now(UTC))
    payload = {"users": (pair.buyer.id, pair.seller.id), "event": "order.event", "data": event_item(event)}
    return {"id": event.id, "order_id": order_id, "payload": payload}
