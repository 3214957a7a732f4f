"""OpenTelemetry's SDK, put together: bounded queues, exports in threads of their own, and an end within seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CollectorRegistry

from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import LOST_ITEMS
from kro.core.telemetry.counting import Backlog, CountedLines, CountedSpans, WaitingSpans
from kro.core.telemetry.instruments import Distributions, ExportedMetrics, Instruments, ScrapedMetrics
from kro.core.telemetry.spans import CarefulSpans, OwnRatio, RequestSpans

_QUEUE: Final = 2048
_BATCH: Final = 512
_DELAY_MILLISECONDS: Final = 5_000
"""Of spans and lines alike; lines would go every second. An export costs some milliseconds, however little it sends."""
_TIMEOUT_SECONDS: Final = 5
_SEVERITIES: Final = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_ORDINARY: Final = frozenset({"debug", "info"})
_OF_EXPORTERS: Final = ("opentelemetry", "urllib3", "requests")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """``endpoint`` is a collector's base address, without which nothing is exported and metrics are only scraped.

    Each reader keeps the figures for itself, so that nobody pays for one that is not asked.
    """

    endpoint: str | None
    headers: Mapping[str, str]
    resource: Mapping[str, str]
    sample_ratio: float
    slow_milliseconds: int
    export_seconds: float
    scraped: bool


class Exporting:
    """Sends the signals of this process on, from when it is made until :meth:`shut_down`."""

    def __init__(self, options: ExportOptions) -> None:
        self.registry = CollectorRegistry()
        resource = Resource(dict(options.resource))
        common: dict[str, Any] = {"headers": options.headers, "timeout": _TIMEOUT_SECONDS}
        common["compression"] = Compression.Gzip
        distributions = Distributions()
        readers: list[ScrapedMetrics | ExportedMetrics] = []
        if options.scraped:
            readers.append(ScrapedMetrics(scope_info_enabled=False, registry=self.registry))
        if options.endpoint is not None:
            exporter = OTLPMetricExporter(endpoint=f"{options.endpoint}/v1/metrics", **common)
            readers.append(ExportedMetrics(exporter, options.export_seconds * 1000))
        for reader in readers:
            reader.distributions = distributions
        self._meters = MeterProvider(
            readers, resource, exemplar_filter=AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )
        self._spans: TracerProvider | None = None
        self._requests: RequestSpans | None = None
        self._logs: LoggerProvider | None = None
        if options.endpoint is not None:
            self._spans = self._make_spans(options, resource, common)
            self._logs = LoggerProvider(resource, shutdown_on_exit=False)
            waiting = Backlog("logs", room=_QUEUE)
            lines = CountedLines(OTLPLogExporter(endpoint=f"{options.endpoint}/v1/logs", **common), waiting)
            self._logs.add_log_record_processor(
                BatchLogRecordProcessor(lines, _DELAY_MILLISECONDS, _BATCH, max_queue_size=_QUEUE)
            )
        hooks.install(
            tracer=None if self._spans is None else self._spans.get_tracer("kro"),
            requests=self._requests,
            meters=Instruments(self._meters, distributions),
            lines=None if self._logs is None else line_sender(self._logs, waiting),
        )
        for signal in ("spans", "logs"):
            # An alarm sees an increase, which the first loss is none of where there was nothing before.
            hooks.add(LOST_ITEMS, 0, signal=signal)

    def _make_spans(self, options: ExportOptions, resource: Resource, common: Mapping[str, Any]) -> TracerProvider:
        provider = TracerProvider(
            sampler=OwnRatio(options.sample_ratio),
            resource=resource,
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_span_attributes=32, max_span_attribute_length=200),
        )
        waiting = Backlog("spans", room=_QUEUE)
        batches = BatchSpanProcessor(
            CountedSpans(OTLPSpanExporter(endpoint=f"{options.endpoint}/v1/traces", **common), waiting),
            max_queue_size=_QUEUE,
            schedule_delay_millis=_DELAY_MILLISECONDS,
            max_export_batch_size=_BATCH,
        )
        careful = CarefulSpans(WaitingSpans(batches, waiting), slow_milliseconds=options.slow_milliseconds)
        provider.add_span_processor(careful)
        self._requests = RequestSpans(
            careful, resource=resource, ratio=options.sample_ratio, slow_milliseconds=options.slow_milliseconds
        )
        return provider

    def shut_down(self) -> threading.Thread:
        """Take nothing more and export what is there, in a thread that nobody has to wait for to its end."""
        hooks.install()
        thread = threading.Thread(target=self._shut_down, name="telemetry-end", daemon=True)
        thread.start()
        return thread

    def _shut_down(self) -> None:
        for provider in (self._spans, self._logs, self._meters):
            if provider is not None:
                provider.shutdown()


def line_sender(provider: LoggerProvider, waiting: Backlog) -> Callable[[Mapping[str, Any]], None]:
    """Return what exports log lines; their fields were allowed before.

    Ordinary ones follow the sampling of what they belong to. Those about exporting itself stay here.
    """
    logger = provider.get_logger("kro")

    def send(line: Mapping[str, Any]) -> None:
        level = str(line.get("level", "info"))
        if level in _ORDINARY and (span := hooks.current()) is not None and not span.trace_flags.sampled:
            return
        if str(line.get("logger", "")).startswith(_OF_EXPORTERS):
            return
        facts = {key: value for key, value in line.items() if key not in {"event", "level", "timestamp", "exc_info"}}
        logger.emit(
            timestamp=time.time_ns(),
            severity_number=_SEVERITIES.get(level, SeverityNumber.INFO),
            severity_text=level,
            body=str(line.get("event")),
            attributes=facts,
        )
        waiting.put()

    return send
