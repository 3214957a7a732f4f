"""A collector that takes connections and never answers: memory is bounded, and what is lost is counted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from prometheus_client import generate_latest

from kro.core.telemetry import hooks
from kro.core.telemetry.counting import Backlog, CountedSpans
from kro.core.telemetry.exporting import Exporting, ExportOptions

QUEUE: Final = 2048
BATCH: Final = 512
SENT: Final = 4 * QUEUE


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server


def lost(exporting: Exporting, signal: str) -> int:
    told = [line for line in generate_latest(exporting.registry).decode().splitlines() if f'signal="{signal}"' in line]
    return sum(int(float(line.split()[-1])) for line in told if line.startswith("kro_telemetry_lost_total"))


def find_words(server: socket.socket, ending: threading.Thread) -> None:
    """Answer everybody who waits, so that no thread of this test works beside another one."""
    server.settimeout(0.05)
    answered = []
    while ending.is_alive():
        with suppress(TimeoutError):
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            answered.append(connection)
    for connection in answered:
        connection.close()


def test_what_the_queue_has_no_room_for_is_counted(mute: socket.socket) -> None:
    address = f"http://127.0.0.1:{mute.getsockname()[1]}"
    exporting = Exporting(
        ExportOptions(
            endpoint=address, headers={}, resource={}, sample_ratio=1, slow_milliseconds=2000, export_seconds=600,
            scraped=True,
        )
    )  # fmt: skip
    spans, line = hooks.request_spans(), hooks.line_sink()
    assert spans is not None
    assert line is not None
    for _ in range(SENT):
        spans.begin(b"").end(method="GET", route="/x", status=200, request_id="req_1", seconds=0.01)
        line({"event": "request_served", "level": "info"})

    counts = [lost(exporting, signal) for signal in ("spans", "logs")]
    find_words(mute, exporting.shut_down())

    # One batch, or two, is with the exporter, which waits for the collector; the queue holds as much as it may.
    for count in counts:
        assert SENT - QUEUE - 2 * BATCH <= count <= SENT - QUEUE


class Taker(SpanExporter):
    def export(self, spans: Any) -> SpanExportResult:
        assert spans
        return SpanExportResult.SUCCESS


def test_what_is_taken_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(hooks, "add", lambda _, amount, **__: told.append(amount))
    backlog = Backlog("spans", room=2)
    exporter = CountedSpans(Taker(), backlog)

    for _ in range(5):
        backlog.put()
        backlog.put()
        exporter.export([object(), object()])  # type: ignore[list-item] # only counted

    assert told == []
    for _ in range(3):
        backlog.put()
    assert told == [1]
