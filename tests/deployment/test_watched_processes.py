"""Real processes that are watched: several behind one port, a collector that never answers, a worker's own signals."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from benchmarks.processes import Program, free_port

from collector import collecting, facts_of
from kro.core.ids import SystemIdSource
from socket_crowd import ROOT

TOKEN: Final = "only-for-those-who-watch"
TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
SPAN: Final = "b7ad6b7169203331"
PATIENCE: Final = 120.0
# What is in hand, the collector's three seconds, and a machine that has others to serve.
END_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Process:
    running: subprocess.Popen[bytes]
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return what it logged of one kind so far."""
        written = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in written if line["event"] == event]

    def wait_for(self, event: str, *, count: int = 1) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while len(found := self.lines(event)) < count:
            assert self.running.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.05)
        return found

    def end(self) -> float:
        """Ask it to end and return how many seconds that took."""
        began = time.monotonic()
        self.running.send_signal(signal.SIGTERM)
        assert self.running.wait(timeout=END_SECONDS) in {0, -signal.SIGTERM}, self.log.read_text()[-2000:]
        return time.monotonic() - began


@contextmanager
def process(program: Program, *arguments: str, **environment: str) -> Iterator[Process]:
    log = program.folder / f"{arguments[0]}.log"
    watched = {"KRO_LOG_LEVEL": "info", "KRO_METRICS_TOKEN": TOKEN, "KRO_TELEMETRY_SAMPLE_RATIO": "1", **environment}
    with log.open("wb") as file:
        command = [sys.executable, "-m", "kro.cli", *arguments, "--exit-with-parent", str(os.getpid())]
        running = subprocess.Popen(
            command, env=program.environment() | watched, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield Process(running, log)
    finally:
        running.kill()
        running.wait()


@contextmanager
def mute_collector() -> Iterator[str]:
    """Run what takes connections and never says a word; yields its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def scrape(port: int) -> str:
    reply = httpx2.get(
        f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30, trust_env=False
    )
    assert reply.status_code == 200
    return reply.text


def served(page: str) -> int:
    """Return how many requests for health a process says it answered."""
    found = re.findall(r'^kro_http_request_seconds_count\{[^}]*route="/health/live"[^}]*\} (\S+)', page, re.MULTILINE)
    return sum(int(float(count)) for count in found)


@pytest.mark.timeout(300)
def test_several_processes_are_as_many_targets_and_a_mute_collector_holds_nobody_up(
    fresh_database: Any, tmp_path: Path
) -> None:
    program, first = Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name), free_port()
    with (
        mute_collector() as endpoint,
        process(
            program, "serve", "--port", str(program.port), "--workers", "2",
            KRO_HIGHLIGHT_ENDPOINT=endpoint, KRO_METRICS_PORT=str(first),
        ) as api,
    ):  # fmt: skip
        ports = {line["port"] for line in api.wait_for("metrics_served", count=2)}
        url = f"http://127.0.0.1:{program.port}"
        statuses = [httpx2.get(f"{url}/health/live", timeout=10, trust_env=False).status_code for _ in range(60)]
        on_the_api = httpx2.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
        counts = [served(scrape(port)) for port in ports]

        assert set(statuses) == {200}
        assert len(ports) == 2
        assert ports <= set(range(first, first + 16))
        assert sum(counts) == len(statuses)
        assert on_the_api.status_code == 404
        api.end()


@pytest.mark.timeout(300)
async def test_a_worker_tells_of_what_it_does_for_a_request(fresh_database: Any, database: Any, tmp_path: Path) -> None:
    program = Program(fresh_database.cluster, free_port(), tmp_path, fresh_database.name)
    mark = {"traceparent": f"00-{TRACE}-{SPAN}-01", "request_id": "req_before"}
    await database.execute(
        "INSERT INTO outbox (id, topic, payload) VALUES ($1, 'alert', $2)",
        SystemIdSource().new(),
        {"kind": "test", "facts": {}, "_trace": mark},
    )
    with (
        collecting() as collector,
        process(program, "worker", KRO_HIGHLIGHT_ENDPOINT=collector.url, KRO_METRICS_PORT=str(free_port())) as worker,
    ):
        [page] = worker.wait_for("metrics_served")
        deadline = time.monotonic() + PATIENCE
        while "kro_outbox_tries_total{outcome=" not in (told := scrape(page["port"])):
            assert time.monotonic() < deadline, told
            await asyncio.sleep(0.1)
        worker.end()

        delivery = collector.span("outbox alert")
        assert (delivery.trace_id.hex(), delivery.parent_span_id.hex()) == (TRACE, SPAN)
        assert facts_of(delivery)["kro.request_id"] == "req_before"
        assert {"kro.outbox.tries", "kro.work"} <= collector.metric_names()
        assert {resource["kro.role"] for resource in collector.resources()} == {"worker"}
