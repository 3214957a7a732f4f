"""A collector of telemetry: an HTTP server that reads OTLP as it is sent, and stands in for a vendor of texts too."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def _facts(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in attributes}


@dataclass
class Collector:
    """What arrived, by signal; ``texts`` are the bodies a vendor was sent."""

    url: str = ""
    status: int = 200
    traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    metrics: list[ExportMetricsServiceRequest] = field(default_factory=list)
    logs: list[ExportLogsServiceRequest] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        match path:
            case "/v1/traces":
                self.traces.append(ExportTraceServiceRequest.FromString(body))
            case "/v1/metrics":
                self.metrics.append(ExportMetricsServiceRequest.FromString(body))
            case "/v1/logs":
                self.logs.append(ExportLogsServiceRequest.FromString(body))
            case _:
                self.texts.append(json.loads(body))

    def spans(self) -> list[Any]:
        return [
            span for sent in self.traces for one in sent.resource_spans for s in one.scope_spans for span in s.spans
        ]

    def span(self, name: str) -> Any:
        """Return the only span of a name."""
        [found] = [span for span in self.spans() if span.name == name]
        return found

    def lines(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return log records with their attributes."""
        records = [r for sent in self.logs for one in sent.resource_logs for s in one.scope_logs for r in s.log_records]
        return [(record, _facts(record.attributes)) for record in records]

    def metric_names(self) -> set[str]:
        return {
            metric.name
            for sent in self.metrics
            for one in sent.resource_metrics
            for scope in one.scope_metrics
            for metric in scope.metrics
        }

    def resources(self) -> list[dict[str, Any]]:
        """Return what each export says of the process it comes from."""
        traces = [_facts(one.resource.attributes) for sent in self.traces for one in sent.resource_spans]
        metrics = [_facts(one.resource.attributes) for sent in self.metrics for one in sent.resource_metrics]
        return [
            *traces,
            *metrics,
            *(_facts(one.resource.attributes) for sent in self.logs for one in sent.resource_logs),
        ]

    def everything(self) -> str:
        """Return all that was told, as text."""
        return "\n".join(str(sent) for sent in (*self.traces, *self.metrics, *self.logs))


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector on a port of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.headers.append(dict(self.headers))
            if collector.status == 200:
                collector.take(self.path, gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(collector.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def facts_of(span: Any) -> dict[str, Any]:
    return _facts(span.attributes)
