"""The spans of this program, and the mark by which a message's delivery is found to belong to the request before it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars, get_contextvars

from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import WORK

MARK: Final = "_trace"
"""The member of a message's payload that holds its mark; whoever claims the message takes it out again."""
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_PARENT: Final = "traceparent"


def parent_of(header: str) -> SpanContext | None:
    """Return the span of a ``traceparent`` header (W3C Trace Context); of a malformed one nothing is taken."""
    found = trace.get_current_span(_PROPAGATOR.extract({_PARENT: header}, context=Context())).get_span_context()
    return found if found.is_valid else None


def mark() -> dict[str, str] | None:
    """Return what a message takes along of the request or work that causes it; nothing outside of any span."""
    if not hooks.is_tracing():
        return None
    taken: dict[str, str] = {}
    _PROPAGATOR.inject(taken)
    if _PARENT not in taken:
        return None
    if (request_id := get_contextvars().get("request_id")) is not None:
        taken["request_id"] = request_id
    return {name: value for name, value in taken.items() if name in {_PARENT, "request_id"}}


@contextmanager
def working(name: str, *, mark: Mapping[str, Any] | None = None, **facts: str) -> Iterator[Span]:
    """Make a span of work in the background and measure it. Of what it raises only the type is told.

    With a ``mark`` the span belongs to the trace that caused the work, and log lines name its request.
    """
    began, outcome = time.perf_counter(), "failed"
    request_id = (mark or {}).get("request_id")
    with (
        bound_contextvars(**({"request_id": request_id} if isinstance(request_id, str) else {})),
        hooks.tracer().start_as_current_span(
            name,
            context=_own_parent(mark),
            kind=SpanKind.CONSUMER if mark else SpanKind.INTERNAL,
            attributes={f"kro.{key}": value for key, value in facts.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span,
    ):
        if isinstance(request_id, str):
            span.set_attribute("kro.request_id", request_id)
        try:
            yield span
            outcome = "done"
        except BaseException as error:
            fail(span, type(error).__name__)
            raise
        finally:
            hooks.observe(WORK, time.perf_counter() - began, job=name, outcome=outcome)


def fail(span: Span, cause: str) -> None:
    """Mark a span as failed, by a word of ours or the type of an exception: never by its text."""
    span.set_attribute("error.type", cause)
    span.set_status(Status(StatusCode.ERROR))


def _own_parent(mark: Mapping[str, Any] | None) -> Context:
    """Return the context of a mark as one of our own, whose sampling is followed."""
    header = (mark or {}).get(_PARENT)
    found = parent_of(header) if isinstance(header, str) else None
    if found is None:
        return Context()
    ours = SpanContext(found.trace_id, found.span_id, is_remote=False, trace_flags=found.trace_flags)
    return trace.set_span_in_context(NonRecordingSpan(ours), Context())
