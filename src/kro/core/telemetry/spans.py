"""Which spans are exported, and what of them: an allow-list, as with log lines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)
from opentelemetry.util.types import Attributes, AttributeValue

from kro.core.telemetry.tracing import parent_of

ALLOWED: Final = frozenset(
    {
        "http.request.method", "http.route", "http.response.status_code", "server.address", "error.type",
        "db.system.name", "db.query.summary",
        "kro.request_id", "kro.client_request_id", "kro.provider", "kro.operation", "kro.reference", "kro.outcome",
        "kro.topic", "kro.message_id", "kro.attempt", "kro.timer", "kro.order_id", "kro.job",
    }
)  # fmt: skip
_NANOSECONDS: Final = 1_000_000
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_NOT_SAMPLED: Final = TraceFlags(TraceFlags.DEFAULT)
_NOWHERE: Final = Context()
_HALF: Final = 2**64
_SERVER_ERROR: Final = 500


def is_drawn(random_id: int, ratio: float) -> bool:
    """Return whether an id is among a share of all: the same wherever it is asked, as with ``TraceIdRatioBased``."""
    return random_id % _HALF < ratio * _HALF


class OwnRatio(Sampler):
    """Samples a share of what begins here; what happens inside follows, and so does what a request caused.

    What is not sampled is recorded all the same, so that :class:`CarefulSpans` may keep it when it fails or takes long.
    """

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,  # noqa: ARG002 - the library's signature
        kind: SpanKind | None = None,  # noqa: ARG002
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,  # noqa: ARG002
        trace_state: TraceState | None = None,  # noqa: ARG002
    ) -> SamplingResult:
        parent = trace.get_current_span(parent_context).get_span_context()
        sampled = parent.trace_flags.sampled if parent.is_valid else is_drawn(trace_id, self._ratio)
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


class RequestSpan:
    """A request under way: while it runs there is only a name that its insides refer to.

    A span that is not exported then costs next to nothing, and most are not.
    """

    __slots__ = ("_context", "_parent", "_spans", "_token")

    def __init__(self, spans: RequestSpans, context: SpanContext, parent: SpanContext | None) -> None:
        self._spans = spans
        self._context = context
        self._parent = parent
        self._token = attach(trace.set_span_in_context(NonRecordingSpan(context), _NOWHERE))

    def end(self, *, method: str, route: str, status: int, request_id: str, seconds: float) -> None:
        """Leave the request, and hand on a span that ends now if it is one that is exported."""
        detach(self._token)
        failed = status >= _SERVER_ERROR
        if self._context.trace_flags.sampled or failed or seconds >= self._spans.slow_seconds:
            self._spans.hand_on(
                self._context,
                parent=self._parent,
                name=f"{method} {route}",
                seconds=seconds,
                failed=failed,
                attributes={
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "kro.request_id": request_id,
                },
            )


class RequestSpans:
    """Makes the spans of requests, and decides which are exported before anything is made of them."""

    def __init__(self, processor: SpanProcessor, *, resource: Resource, ratio: float, slow_milliseconds: int) -> None:
        self.slow_seconds = slow_milliseconds / 1000
        self._processor = processor
        self._resource = resource
        self._ratio = ratio
        self._scope = InstrumentationScope("kro")
        self._ids = RandomIdGenerator()

    def begin(self, traceparent: bytes) -> RequestSpan:
        """Enter a request, under a stranger's span if its header names one.

        The stranger names the trace and does not decide what is exported: of ours the trace's id decides, of theirs
        the id of our span.
        """
        parent = parent_of(traceparent.decode("latin-1")) if traceparent else None
        span_id = self._ids.generate_span_id()
        trace_id = self._ids.generate_trace_id() if parent is None else parent.trace_id
        sampled = is_drawn(trace_id if parent is None else span_id, self._ratio)
        context = SpanContext(trace_id, span_id, is_remote=False, trace_flags=_SAMPLED if sampled else _NOT_SAMPLED)
        return RequestSpan(self, context, parent)

    def hand_on(
        self,
        context: SpanContext,
        *,
        name: str,
        parent: SpanContext | None,
        seconds: float,
        attributes: Mapping[str, AttributeValue],
        failed: bool,
    ) -> None:
        """Export a span that ends now."""
        end = time.time_ns()
        self._processor.on_end(
            ReadableSpan(
                name=name,
                context=context,
                parent=parent,
                resource=self._resource,
                attributes=attributes,
                kind=SpanKind.SERVER,
                status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
                start_time=end - int(seconds * 1e9),
                end_time=end,
                instrumentation_scope=self._scope,
            )
        )
