"""Spans of calls to providers: found again by operation and reference, silent about what was said."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from kro.core.outgoing import OutgoingHTTP, OutgoingSettings, RetryPolicy

Answer = Callable[[httpx2.Request], httpx2.Response]


async def spans_of(answer: Answer, *, calls: int = 1) -> tuple[ReadableSpan, ...]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    http = OutgoingHTTP(
        OutgoingSettings(provider="vendor", base_url="https://vendor.example"),
        headers={"Authorization": "Bearer never-to-be-kept"},
        transport=httpx2.MockTransport(answer),
        retry=RetryPolicy(tries=1),
        tracer=provider.get_tracer("test"),
    )
    async with http:
        for _ in range(calls):
            await http.call(
                operation="transfer",
                method="POST",
                path="/transfer",
                body={"account": "0123456789"},
                reference="ref-1",
            )
    return exporter.get_finished_spans()


async def test_a_call_is_one_client_span_without_what_was_said() -> None:
    [span] = await spans_of(lambda _: httpx2.Response(422, json={"holder": "ADA"}))

    assert (span.name, span.kind, span.status.status_code) == ("vendor transfer", SpanKind.CLIENT, StatusCode.UNSET)
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "server.address": "vendor.example",
        "kro.provider": "vendor",
        "kro.operation": "transfer",
        "kro.reference": "ref-1",
        "kro.outcome": "answered",
        "http.response.status_code": 422,
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(httpx2.ConnectError("no"), "not_sent"), (httpx2.ReadTimeout("slow"), "unknown")],
    ids=["not sent", "unknown"],
)
async def test_what_brought_no_answer_is_an_error(error: Exception, outcome: str) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    [span] = await spans_of(fail)

    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert (span.attributes["kro.outcome"], span.attributes["error.type"]) == (outcome, type(error).__name__)


async def test_a_call_behind_a_shut_gate_is_seen_too() -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no")

    spans = await spans_of(fail, calls=6)

    causes = [(span.attributes or {}).get("error.type") for span in spans]
    assert causes == ["ConnectError"] * 5 + ["breaker_open"]
