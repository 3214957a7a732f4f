"""A worker that is told to begin anew while it has something in hand: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from tests.crash.processes import Process

from renewing import PATIENCE, Letters, Mails, ask_to_renew, begun, holds_renewals, mails, renewed, starts, worker_of
from socket_crowd import until

pytestmark = pytest.mark.timeout(600)
at_length = pytest.mark.skipif("ROTATE" not in os.environ, reason="takes a minute: ROTATE=1 pytest tests/deployment")


@pytest.fixture
async def post_office(environment: dict[str, str]) -> AsyncIterator[Mails]:
    async with mails(seconds=2) as there:
        environment["KRO_SENDGRID_BASE_URL"] = there.url
        own = Path(environment["KRO_CONFIG_DIR"]) / "test.json"
        # What a killed worker had in hand is taken up when its lease runs out.
        own.write_text(json.dumps({**json.loads(own.read_text()), "worker": {"leaseSeconds": 8, "stopSeconds": 5}}))
        yield there


@pytest.fixture
async def letters(owner: asyncpg.Connection[asyncpg.Record]) -> Letters:
    return Letters(owner)


@pytest.fixture
async def worker(environment: dict[str, str], post_office: Mails, tmp_path: Path) -> AsyncIterator[Process]:
    one = worker_of(environment, tmp_path)
    one.start()
    await begun(one, times=1)
    yield one
    one.stop(patience_seconds=30)


async def test_what_it_has_in_hand_is_delivered_once_and_what_comes_meanwhile_afterwards(
    worker: Process, post_office: Mails, letters: Letters
) -> None:
    in_hand = await letters.post()
    await until(lambda: post_office.asked[in_hand] == 1, seconds=PATIENCE)

    ask_to_renew(worker)
    # It claims nothing more, and a second request while it finishes is no reason to end.
    await asyncio.sleep(0.5)
    later = await letters.post()
    ask_to_renew(worker)
    assert (post_office.taken[in_hand], starts(worker)) == (0, 1)
    await begun(worker, times=2)

    assert await letters.delivered() == {in_hand: ("delivered", 1), later: ("delivered", 1)}
    assert post_office.times([in_hand, later]) == {in_hand: (1, 1), later: (1, 1)}


async def test_asked_before_it_works_it_begins_anew_as_soon_as_it_does(
    environment: dict[str, str], tmp_path: Path
) -> None:
    worker = worker_of(environment, tmp_path)
    worker.start()
    await until(lambda: holds_renewals(worker) or worker.is_dead(), seconds=PATIENCE)
    pid = worker.pid

    ask_to_renew(worker)
    await begun(worker, times=2)

    assert worker.pid == pid
    worker.stop(patience_seconds=30)


@at_length
async def test_killed_while_it_finishes_its_successor_delivers_what_it_had_in_hand(
    worker: Process, post_office: Mails, letters: Letters
) -> None:
    in_hand = await letters.post()
    await until(lambda: post_office.asked[in_hand] == 1, seconds=PATIENCE)

    ask_to_renew(worker)
    await asyncio.sleep(0.2)
    worker.kill()
    worker.start()

    assert await letters.delivered() == {in_hand: ("delivered", 2)}
    assert post_office.asked[in_hand] == 2


@at_length
async def test_asked_to_end_while_it_finishes_it_ends(worker: Process, post_office: Mails, letters: Letters) -> None:
    in_hand = await letters.post()
    await until(lambda: post_office.asked[in_hand] == 1, seconds=PATIENCE)

    ask_to_renew(worker)
    await asyncio.sleep(0.2)
    assert worker.running is not None
    worker.running.terminate()
    assert await asyncio.to_thread(worker.running.wait, 60) == 0

    assert starts(worker) == 1
    assert await letters.tries() == {in_hand: ("delivered", 1)}


@at_length
async def test_told_all_the_time_it_is_there_each_time(worker: Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while starts(worker) < 3:
            ask_to_renew(worker)
            await asyncio.sleep(0.01)
            assert not worker.is_dead(), starts(worker)

    await renewed(worker)
