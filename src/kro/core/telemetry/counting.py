"""What was lost on the way to a collector, counted: it was away, said no, or took too long for the queue."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import LOST_ITEMS


class Backlog:
    """How much waits in one of the library's queues, which drops its oldest without telling anybody when it is full."""

    def __init__(self, signal: str, *, room: int) -> None:
        self._signal = signal
        self._room = room
        self._waiting = 0
        # Requests put, a thread of the exporter takes.
        self._lock = threading.Lock()

    def put(self) -> None:
        with self._lock:
            is_full = self._waiting >= self._room
            if not is_full:
                self._waiting += 1
        if is_full:
            self.lose(1)

    def take(self, count: int) -> None:
        with self._lock:
            self._waiting = max(0, self._waiting - count)

    def lose(self, count: int) -> None:
        hooks.add(LOST_ITEMS, count, signal=self._signal)


class WaitingSpans(SpanProcessor):
    """Counts what a processor is given to keep until it is exported."""

    def __init__(self, following: SpanProcessor, backlog: Backlog) -> None:
        self._following = following
        self._backlog = backlog

    def on_end(self, span: ReadableSpan) -> None:
        self._following.on_end(span)
        self._backlog.put()

    def shutdown(self) -> None:
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._following.force_flush(timeout_millis)


class CountedSpans(SpanExporter):
    """Counts what a collector did not take."""

    def __init__(self, exporter: SpanExporter, backlog: Backlog) -> None:
        self._exporter = exporter
        self._backlog = backlog

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._backlog.take(len(spans))
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._backlog.lose(len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class CountedLines(LogRecordExporter):
    """Counts what a collector did not take."""

    def __init__(self, exporter: LogRecordExporter, backlog: Backlog) -> None:
        self._exporter = exporter
        self._backlog = backlog

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        self._backlog.take(len(batch))
        result = self._exporter.export(batch)
        if result is not LogRecordExportResult.SUCCESS:
            self._backlog.lose(len(batch))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()  # type: ignore[no-untyped-call] # the library's

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
