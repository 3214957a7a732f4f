"""A worker that is told to begin anew, and who takes its mails meanwhile and counts them."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from tests.crash.processes import Process

from socket_crowd import until

PATIENCE: Final = 240.0
"""Seconds in which a busy machine starts a process."""
_POST: Final = """
INSERT INTO outbox (id, topic, payload)
VALUES ($1, 'contact.former', jsonb_build_object('channel', 'mail', 'to', $1::uuid || '@example.org', 'user_id', $1,
    'facts', '{"what": "e-mail address", "new": "-", "hours": 24}'::jsonb))"""
_STATES: Final = "SELECT id, state, attempts FROM outbox WHERE topic = 'contact.former'"


def worker_of(environment: Mapping[str, str], folder: Path) -> Process:
    """Return a worker whose log tells of each beginning, not started yet."""
    told = {**environment, "KRO_LOG_LEVEL": "info"}
    return Process("worker", ("kro.cli", "worker"), told, folder / "worker.log")


def starts(worker: Process) -> int:
    """Count how often it said that it works."""
    return worker.log.read_text().count("worker_started") if worker.log.exists() else 0


def ask_to_renew(worker: Process) -> None:
    assert worker.running is not None
    worker.running.send_signal(signal.SIGHUP)


def holds_renewals(worker: Process) -> bool:
    """Say whether SIGHUP waits at a worker instead of ending it."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    blocked = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
    return bool(int(blocked, 16) & 1 << signal.SIGHUP - 1)


async def begun(worker: Process, *, times: int) -> None:
    """Wait until it works for the n-th time."""
    await until(lambda: starts(worker) >= times or worker.is_dead(), seconds=PATIENCE)
    assert not worker.is_dead(), worker.log.read_text()[-2000:]


async def renewed(worker: Process) -> None:
    """Have a worker begin anew, and see that it did so under its own id."""
    before, pid = starts(worker), worker.pid
    ask_to_renew(worker)
    await begun(worker, times=before + 1)
    assert worker.pid == pid


@dataclass
class Mails:
    """Stands in for SendGrid: takes each mail after a while, and knows which it was asked to send how often."""

    seconds: float
    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                mail = json.loads(await reader.readexactly(int(length.partition(b":")[2])))
                name = mail["personalizations"][0]["to"][0]["email"].partition("@")[0]
                self.asked[name] += 1
                await asyncio.sleep(self.seconds)
                answer = f"HTTP/1.1 202 Accepted\r\nX-Message-Id: {uuid4().hex}\r\nContent-Length: 0\r\n\r\n"
                writer.write(answer.encode())
                await writer.drain()
                self.taken[name] += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def times(self, names: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return how often each was asked for and taken; alarms are mails too and are not among them."""
        return {name: (self.asked[name], self.taken[name]) for name in names}


@asynccontextmanager
async def mails(*, seconds: float) -> AsyncIterator[Mails]:
    """Listen on a port of its own, and take each mail after so many seconds."""
    there = Mails(seconds)
    server = await asyncio.start_server(there.answer, "127.0.0.1", 0)
    there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield there
    finally:
        server.close()


@dataclass
class Letters:
    """Messages of the outbox, each of which is one mail."""

    owner: asyncpg.Connection[asyncpg.Record]
    posted: list[str] = field(default_factory=list)
    stopping: bool = False

    async def post(self) -> str:
        message_id = uuid4()
        await self.owner.execute(_POST, message_id)
        self.posted.append(str(message_id))
        return str(message_id)

    async def run(self) -> None:
        """Post five a second until told to stop."""
        while not self.stopping:
            await self.post()
            await asyncio.sleep(0.2)

    async def tries(self) -> dict[str, tuple[str, int]]:
        """Return how each one stands, and how often it was tried."""
        rows = await self.owner.fetch(_STATES)
        return {str(UUID(str(row["id"]))): (row["state"], row["attempts"]) for row in rows}

    async def delivered(self) -> dict[str, Any]:
        """Wait until none is under way, and return how each one stands."""
        async with asyncio.timeout(PATIENCE):
            while any(state == "pending" for state, _ in (await self.tries()).values()):  # noqa: ASYNC110 - a row has no event
                await asyncio.sleep(0.1)
        return await self.tries()
