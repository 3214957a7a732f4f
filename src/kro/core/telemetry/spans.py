"""Which spans are exported, and what of them: an allow-list, as with log lines."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState
from opentelemetry.util.types import Attributes

ALLOWED: Final = frozenset(
    {
        "http.request.method", "http.route", "http.response.status_code", "server.address", "error.type",
        "db.system.name", "db.query.summary",
        "kro.request_id", "kro.client_request_id", "kro.provider", "kro.operation", "kro.reference", "kro.outcome",
        "kro.topic", "kro.message_id", "kro.attempt", "kro.timer", "kro.order_id", "kro.job",
    }
)  # fmt: skip
_NANOSECONDS: Final = 1_000_000


class OwnRatio(Sampler):
    """Samples a share of what begins here; what happens inside follows.

    A stranger's ``traceparent`` names the trace and no more: otherwise they would decide what is exported. What is not
    sampled is recorded all the same, so that :class:`CarefulSpans` may keep it when it fails or takes long.
    """

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,  # noqa: ARG002 - the library's signature
        name: str,  # noqa: ARG002
        kind: SpanKind | None = None,  # noqa: ARG002
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,  # noqa: ARG002
        trace_state: TraceState | None = None,  # noqa: ARG002
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        if parent.is_valid and not parent.is_remote:
            sampled = parent.trace_flags.sampled
        else:
            sampled = random.random() < self._ratio  # noqa: S311 - a sample, not a secret
        return SamplingResult(Decision.RECORD_AND_SAMPLE if sampled else Decision.RECORD_ONLY, attributes)

    def get_description(self) -> str:
        return f"OwnRatio({self._ratio})"


class CarefulSpans(SpanProcessor):
    """Hands on what was sampled, failed or took long, with allowed attributes and without texts of exceptions."""

    def __init__(self, following: SpanProcessor, *, slow_milliseconds: int) -> None:
        self._following = following
        self._slow = slow_milliseconds * _NANOSECONDS

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Do nothing: what is handed on is known at the end."""

    def on_end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        if context is None:
            return
        if not context.trace_flags.sampled:
            took = (span.end_time or 0) - (span.start_time or 0)
            if span.status.status_code is not StatusCode.ERROR and took < self._slow:
                return
            flags = TraceFlags(context.trace_flags | TraceFlags.SAMPLED)
            context = SpanContext(context.trace_id, context.span_id, is_remote=False, trace_flags=flags)
        self._following.on_end(
            ReadableSpan(
                name=span.name,
                context=context,
                parent=span.parent,
                resource=span.resource,
                attributes={key: value for key, value in (span.attributes or {}).items() if key in ALLOWED},
                kind=span.kind,
                status=Status(span.status.status_code),
                start_time=span.start_time,
                end_time=span.end_time,
                instrumentation_scope=span.instrumentation_scope,
            )
        )

    def shutdown(self) -> None:
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._following.force_flush(timeout_millis)
