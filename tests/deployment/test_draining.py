"""An API process that is asked to end under load: whoever was let in is answered."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from fleet import PATIENCE, Load, Served, processes, served
from kro.run.door import SETTLE_SECONDS, let_nobody_in, stop_listening
from socket_crowd import Crowd, until

UNPRIVILEGED: Final = ("setpriv", "--bounding-set=-net_admin")
"""Runs a program as a container does: without the capability that keeping newcomers out takes on some kernels."""
_AS_ROOT: Final = pytest.mark.skipif(os.geteuid() != 0, reason="only root has it to give up")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("workers", "without"),
    [
        (1, ()),
        (2, ()),
        pytest.param(1, UNPRIVILEGED, marks=_AS_ROOT),
        pytest.param(2, UNPRIVILEGED, marks=_AS_ROOT),
    ],
)
async def test_asked_to_end_under_load_it_answers_everybody_it_let_in(
    environment: dict[str, str],
    crowd: Crowd,
    quotes: Callable[[], Any],
    tmp_path: Path,
    workers: int,
    without: Sequence[str],
) -> None:
    with served(environment, tmp_path / "log", workers=workers, without=without) as api:
        await api.ready()
        load = Load(api.url, crowd.members)
        running = asyncio.create_task(load.run())
        await until(lambda: load.answered > 100, seconds=60)

        api.ask_to_end()
        leaving = await _ready_no_longer(api)
        assert leaving.headers["connection"] == "close"
        assert await api.health("live") == 200
        before = load.answered
        await until(lambda: load.answered > before + 50, seconds=60)
        code = await api.ended()
        await until(lambda: load.not_let_in > 0, seconds=60)
        load.stop()
        await running

    assert code == (0 if workers > 1 else -signal.SIGTERM)
    assert load.lost == []
    assert await quotes() == load.quoted


async def _ready_no_longer(api: Served) -> httpx2.Response:
    async with asyncio.timeout(60), httpx2.AsyncClient(base_url=api.url, trust_env=False) as client:
        while (answer := await client.get("/health/ready")).is_success:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)
    assert answer.status_code == 503
    assert [error["pointer"] for error in answer.json()["errors"]] == ["check:staying"]
    return answer


@pytest.mark.timeout(300)
async def test_a_second_request_to_end_does_not_wait(environment: dict[str, str], tmp_path: Path) -> None:
    environment["KRO_API_DRAIN_SECONDS"] = "100000"
    with served(environment, tmp_path / "log") as api:
        await api.ready()
        api.ask_to_end()
        await _ready_no_longer(api)

        api.ask_to_end()

        assert await api.ended() == -signal.SIGTERM


@pytest.mark.timeout(120)
@pytest.mark.parametrize("without", [(), pytest.param(UNPRIVILEGED, marks=_AS_ROOT)])
async def test_without_a_file_left_to_open_it_ends_in_time(
    environment: dict[str, str], tmp_path: Path, without: Sequence[str]
) -> None:
    environment["KRO_API_DRAIN_SECONDS"] = "1"
    with served(environment, tmp_path / "log", without=without) as api:
        await api.ready()
        assert api.process is not None
        resource.prlimit(api.process.pid, resource.RLIMIT_NOFILE, (0, 0))
        # They are let in by the kernel, and nobody can accept them.
        waiting = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(3)]
        bound = 1 + SETTLE_SECONDS + float(environment["KRO_API_STOP_SECONDS"])

        api.ask_to_end()
        async with asyncio.timeout(bound):
            code = await api.ended()
        for one in waiting:
            one.close()
    assert code == -signal.SIGTERM
    assert "Traceback" not in api.log.read_text()


async def test_one_who_was_let_in_is_accepted_after_the_door_was_closed_and_nobody_else() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as early:
            early.sendall(b"hello")

            assert let_nobody_in(listener)

            with socket.socket() as late:
                late.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    late.connect(address)
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.recv(5) == b"hello"
                accepted.sendall(b"world")
                assert early.recv(5) == b"world"
            listener.setblocking(False)
            with pytest.raises(BlockingIOError):
                listener.accept()


async def test_where_nobody_can_be_kept_out_those_who_wait_are_taken_and_others_are_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as first, socket.create_connection(address) as second:
            first.sendall(b"1")
            second.sendall(b"2")

            taken = list(stop_listening(listener))

            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            assert [one.recv(1) for one in taken] == [b"1", b"2"]
            for one in taken:
                one.close()


@pytest.mark.timeout(300)
async def test_replaced_one_after_the_other_they_answer_also_who_takes_time_to_ask(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment["KRO_API_DRAIN_SECONDS"] = "1"
    with served(environment, tmp_path / "log", workers=2) as api:
        await api.ready()
        asked: set[asyncio.Task[bytes]] = set()
        before = processes(api)
        assert api.process is not None
        api.process.send_signal(signal.SIGHUP)

        async with asyncio.timeout(PATIENCE):
            while len(processes(api) - before) < len(before) or processes(api) & before:
                asked.add(asyncio.create_task(_ask_slowly(api.port)))
                await asyncio.sleep(0.02)
        answers = await asyncio.gather(*asked)

    assert [answer for answer in answers if not answer.startswith(b"HTTP/1.1 200")] == []


async def _ask_slowly(port: int) -> bytes:
    """Connect, and send the request a little later; return the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.sleep(0.2)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return await reader.readline()
    except ConnectionError as error:
        return repr(error).encode()
    finally:
        writer.close()
