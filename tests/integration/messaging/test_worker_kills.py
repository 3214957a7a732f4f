"""Workers of texts are killed where it hurts: every message arrives, and twice only where nobody saw the end of it."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
from collections import Counter

import httpx2
import pytest
from tests.integration.messaging.victim import LEASE_SECONDS, relay, work

from kro.core.database.pool import Database
from kro.core.ids import SystemIdSource
from texting import texting

KILLS = int(os.environ.get("KRO_TEXT_KILLS", "3"))
MESSAGES_PER_KILL = 6
# Victims are forks of a process that has imported everything: a hundred of them start in seconds.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([work.__module__])
SEED = int(os.environ.get("KRO_TEXT_SEED", "22"))


@pytest.mark.timeout(120 + 5 * KILLS)
async def test_one_message_per_event_after_kills(
    database: Database, app_dsn: str, sandbox_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What it imports ahead it finds by the environment alone.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    chance, ids = random.Random(SEED), SystemIdSource()  # noqa: S311 - to be repeated, not to be secret
    async with httpx2.AsyncClient(base_url=sandbox_url) as control:
        slow = {"vendor": "termii", "operation": "send", "kind": "late", "milliseconds": 120, "times": 100_000}
        (await control.post("/_sim/faults", json=slow)).raise_for_status()
    texts: list[str] = []
    for _ in range(KILLS):
        for _ in range(MESSAGES_PER_KILL):
            texts.append(f"KRO event {len(texts)}.")
            kind = "code" if len(texts) % 2 else "notice"
            payload = {"to": f"+2348031{len(texts):04d}99", "kind": kind, "text": texts[-1]}
            await database.execute(
                "INSERT INTO outbox (id, topic, payload) VALUES ($1, 'demo.text', $2)", ids.new(), payload
            )
        await asyncio.to_thread(_live_and_die, app_dsn, sandbox_url, chance.uniform(0.02, 0.5))

    await asyncio.sleep(LEASE_SECONDS)
    async with texting(database, sandbox_url, "termii", "telnyx") as sut:
        await sut.clear()
        # Who only tidies up takes its time: cut off as soon as a victim, it would send for ever on a slow machine.
        await relay(database, sut, lease_seconds=60).run_until_idle()
    arrivals = await _arrivals(sandbox_url)
    rows = await database.rows(
        "SELECT o.payload->>'text' AS text, count(a.id) FILTER (WHERE a.state IN ('sending', 'unknown')) AS in_doubt "
        "FROM outbox AS o LEFT JOIN text_attempts AS a ON a.notice_id = o.id GROUP BY o.id"
    )
    in_doubt = {row["text"]: row["in_doubt"] for row in rows}
    assert {text: arrivals[text] for text in texts if not 1 <= arrivals[text] <= 1 + in_doubt[text]} == {}
    assert await database.value("SELECT count(*) FROM outbox WHERE state <> 'delivered'") == 0
    twice = sum(arrivals[text] - 1 for text in texts)
    sys.stdout.write(f"{KILLS} kills, {len(texts)} messages, {sum(in_doubt.values())} in doubt, {twice} came twice\n")


def _live_and_die(dsn: str, url: str, seconds: float) -> None:
    ready = _FORKS.Event()
    victim = _FORKS.Process(target=work, args=(dsn, url, ready))
    victim.start()
    assert ready.wait(timeout=60)
    victim.join(timeout=seconds)
    victim.kill()
    victim.join()


async def _arrivals(url: str) -> Counter[str]:
    async with httpx2.AsyncClient(base_url=url) as control:
        messages = (await control.get("/_sim/messages")).raise_for_status().json()["messages"]
    return Counter(message["text"] for message in messages)
