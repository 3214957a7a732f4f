from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kro.core.clock import Clock, SystemClock
from kro.core.config import WorkerSettings
from kro.core.database.pool import Database
from kro.core.growth import Leftovers, retention_step
from kro.core.outbox import Envelope, Handler, OutboxStore
from kro.core.scheduler import Step
from kro.worker import run_worker

Post = Callable[..., Awaitable[UUID]]
State = Callable[[UUID], Awaitable[dict[str, Any]]]
Eventually = Callable[..., Awaitable[None]]
SETTINGS = WorkerSettings(poll_ms=20, batch=5, lease_seconds=10)


@dataclass
class Program:
    """An application that only a worker could mistake for the real one."""

    database: Database
    outbox_handlers: Mapping[str, Handler]
    steps: Sequence[Step] = ()
    clock: Clock = field(default_factory=SystemClock)
    fired: list[tuple[UUID, str]] = field(default_factory=list)
    closed: bool = False

    async def fire_timer(self, order_id: UUID, kind: str) -> None:
        self.fired.append((order_id, kind))

    async def open(self) -> None:
        """The test's database is open."""

    async def close(self) -> None:
        self.closed = True


async def run_until(program: Program, check: Callable[[], bool], eventually: Eventually) -> None:
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(program, SETTINGS, stop=stop))
    await eventually(check)
    stop.set()
    await asyncio.wait_for(worker, 5)


async def test_it_does_everything_side_by_side_and_stops_in_order(
    database: Database, post: Post, order_id: UUID, eventually: Eventually
) -> None:
    delivered: list[str] = []
    polls = 0

    async def handle(envelope: Envelope) -> None:
        delivered.append(envelope.topic)

    async def poll() -> int:
        nonlocal polls
        polls += 1
        return 0

    program = Program(database, {"first": handle, "second": handle}, steps=(Step("demo.polls", 0.01, poll),))
    await post("first")
    await post("second")
    await database.execute("INSERT INTO timers (order_id, kind, due_at) VALUES ($1, 'accept_by', now())", order_id)

    await run_until(program, lambda: len(delivered) == 2 and bool(program.fired) and polls > 2, eventually)

    assert sorted(delivered) == ["first", "second"]
    assert program.fired[0] == (order_id, "accept_by")
    assert program.closed


async def test_a_topic_that_hangs_does_not_hold_up_another(
    database: Database, post: Post, eventually: Eventually
) -> None:
    delivered: list[UUID] = []
    release, stop = asyncio.Event(), asyncio.Event()

    async def hang(_: Envelope) -> None:
        await release.wait()

    async def handle(envelope: Envelope) -> None:
        delivered.append(envelope.id)

    for _ in range(20):
        await post("slow")
    await post("quick")
    worker = asyncio.create_task(run_worker(Program(database, {"slow": hang, "quick": handle}), SETTINGS, stop=stop))

    await eventually(lambda: bool(delivered))

    release.set()
    stop.set()
    await asyncio.wait_for(worker, 5)


async def test_a_step_that_crashes_is_started_again_and_nothing_else_suffers(
    database: Database, post: Post, eventually: Eventually
) -> None:
    crashes: list[int] = []
    delivered: list[UUID] = []

    async def crash() -> int:
        crashes.append(1)
        raise RuntimeError

    async def handle(envelope: Envelope) -> None:
        delivered.append(envelope.id)

    program = Program(database, {"demo": handle}, steps=(Step("broken", 0.01, crash),))
    await post()

    await run_until(program, lambda: len(crashes) == 2 and bool(delivered), eventually)


async def test_what_has_served_its_purpose_is_deleted(database: Database, eventually: Eventually) -> None:
    old = UUID("01700000-0000-7000-8000-000000000001")
    await database.execute(
        "INSERT INTO outbox (id, topic, payload, state, delivered_at) "
        "VALUES ($1, 'demo', '{}', 'delivered', now() - interval '31 days')",
        old,
    )
    await database.execute(
        "INSERT INTO idempotency_keys (principal_id, key, route, fingerprint, status, body, content_type, expires_at) "
        "SELECT $1, name, '', '', 200, '', '', now() + age FROM (VALUES ('old', interval '-1 minute'), "
        "('new', interval '1 day')) AS k (name, age)",
        old,
    )
    await database.execute(
        "INSERT INTO rate_limits (bucket, subject, window_start, hits) SELECT 'otp', name, now() + age, 1 "
        "FROM (VALUES ('old', interval '-49 hours'), ('new', interval '-23 hours')) AS r (name, age)"
    )
    rows = (
        "SELECT (SELECT count(*) FROM outbox) AS messages, (SELECT array_agg(key) FROM idempotency_keys) AS keys, "
        "(SELECT array_agg(subject) FROM rate_limits) AS hits"
    )
    stop = asyncio.Event()
    leftovers, outbox = Leftovers(database), OutboxStore(database)
    steps = (
        retention_step("outbox", lambda: outbox.forget(older_than_days=30)),
        retention_step("answers", leftovers.answers),
        retention_step("hits", lambda: leftovers.hits(2)),
    )
    worker = asyncio.create_task(run_worker(Program(database, {}, steps=steps), SETTINGS, stop=stop))

    async with asyncio.timeout(30):
        while True:
            found = await database.row(rows)
            if found is not None and tuple(found) == (0, ["new"], ["new"]):
                break
            await asyncio.sleep(0.02)

    stop.set()
    await worker


SCRIPT = """
import asyncio, sys
from types import SimpleNamespace
from kro.core.clock import SystemClock
from kro.core.config import WorkerSettings
from kro.core.database.pool import Database, PoolOptions
from kro.core.scheduler import Step
from kro.worker import run_worker

async def handle(envelope):
    print("begun", flush=True)
    await asyncio.sleep(float(sys.argv[2]))

async def hang():
    await asyncio.sleep(float(sys.argv[2]))
    return 0

async def nothing(*_):
    pass

async def main():
    database = await Database.connect(PoolOptions(dsn=sys.argv[1]))
    steps = (Step("demo.step", 3600, hang, alone=True),)
    program = SimpleNamespace(database=database, clock=SystemClock(), outbox_handlers={"demo": handle}, steps=steps,
                              fire_timer=nothing, open=nothing, close=database.close)
    anew = await run_worker(program, WorkerSettings(poll_ms=20, batch=5, lease_seconds=10, stop_seconds=1))
    print("begins anew" if anew else "ends", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("number", "then"), [(signal.SIGTERM, b"ends"), (signal.SIGINT, b"ends"), (signal.SIGHUP, b"begins anew")]
)
async def test_asked_to_end_it_finishes_what_it_has_in_hand(
    app_dsn: str, post: Post, state: State, number: signal.Signals, then: bytes
) -> None:
    message_id = await post()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, app_dsn, "0.5", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(120):
        while b"begun" not in await process.stdout.readline():
            pass
        later = await post()
        process.send_signal(number)
        assert then in (await process.stdout.read()).splitlines()
        assert await process.wait() == 0

    assert (await state(message_id))["state"] == "delivered"
    assert (await state(later))["attempts"] <= 1


async def test_it_goes_on_where_there_are_no_settings_to_begin_anew_with(
    app_dsn: str, post: Post, state: State, tmp_path: Path
) -> None:
    own = tmp_path / "local.json"
    own.write_text("{}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, app_dsn, "0", stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"KRO_ENV": "local", "KRO_CONFIG_DIR": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(120):
        await post()
        while b"begun" not in await process.stdout.readline():
            pass
        own.write_text('{"paystack": {"secretKey": 1}}')
        process.send_signal(signal.SIGHUP)
        while b"worker_not_renewed" not in await process.stdout.readline():
            pass
        later = await post()
        while b"begun" not in await process.stdout.readline():
            pass
        process.terminate()
        assert b"ends" in (await process.stdout.read()).splitlines()
        assert await process.wait() == 0

    assert (await state(later))["state"] == "delivered"


async def test_what_it_cannot_finish_in_its_time_it_gives_back(
    database: Database, app_dsn: str, post: Post, state: State
) -> None:
    message_id = await post()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, app_dsn, "1000", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b"begun" not in await process.stdout.readline():
            pass
        while not await database.value("SELECT count(*) FROM job_claims WHERE name = 'demo.step'"):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)
        process.terminate()
        await process.stdout.read()
        assert await process.wait() == 0

    found = await state(message_id)
    assert (found["state"], found["lease_until"], found["last_error"]) == ("pending", None, "interrupted")
    assert await database.value("SELECT claimed_at = '-infinity' FROM job_claims WHERE name = 'demo.step'")


async def test_killed_in_the_middle_it_leaves_the_message_to_others(app_dsn: str, post: Post, state: State) -> None:
    message_id = await post()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, app_dsn, "0.5", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(120):
        while b"begun" not in await process.stdout.readline():
            pass
        process.kill()
        await process.stdout.read()
        await process.wait()

    row = await state(message_id)
    assert (row["state"], row["attempts"]) == ("pending", 1)
    assert row["lease_until"] is not None
