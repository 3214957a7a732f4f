"""Where the program says what it does, for whoever in this process was told to send it on: at first nobody.

As with logging there is one such place in a process. Nothing of an exporter is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kro.core.telemetry.catalogue import Metric

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext, Tracer


class Meters(Protocol):
    """Takes measurements of the metrics in the catalogue."""

    def add(self, metric: Metric, amount: float, labels: Mapping[str, str]) -> None: ...

    def observe(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None: ...

    def put(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None: ...

    def replace(self, metrics: Sequence[Metric], figures: Sequence[Figure], *, good_for: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Figure:
    """One value of a gauge."""

    metric: Metric
    value: float
    labels: Mapping[str, str]


class RequestSpan(Protocol):
    """A request under way. Everything until its end belongs to it."""

    def end(self, *, method: str, route: str, status: int, request_id: str, seconds: float) -> None: ...


class RequestSpans(Protocol):
    """Makes spans of requests; a stranger's parent names the trace, and does not decide what is exported."""

    def begin(self, traceparent: bytes) -> RequestSpan: ...


class _Sinks:
    requests: RequestSpans | None = None
    tracer: Tracer | None = None
    meters: Meters | None = None
    lines: Callable[[Mapping[str, Any]], None] | None = None
    here: Callable[[], Span] | None = None


_sinks = _Sinks()


def install(
    *,
    tracer: Tracer | None = None,
    requests: RequestSpans | None = None,
    meters: Meters | None = None,
    lines: Callable[[Mapping[str, Any]], None] | None = None,
) -> None:
    """Send spans, measurements and log lines of this process on from now; ``None`` for those that nobody wants."""
    _sinks.requests = requests
    _sinks.tracer, _sinks.meters, _sinks.lines = tracer, meters, lines
    _sinks.here = None
    if tracer is not None:
        from opentelemetry import trace  # noqa: PLC0415 - imported long since where somebody wants spans

        _sinks.here = trace.get_current_span


def is_tracing() -> bool:
    """Return whether anybody wants spans."""
    return _sinks.tracer is not None


def request_spans() -> RequestSpans | None:
    """Return what makes the spans of requests."""
    return _sinks.requests


def tracer() -> Tracer:
    """Return what makes spans; they cost next to nothing and go nowhere while nobody wants them."""
    if _sinks.tracer is not None:
        return _sinks.tracer
    from opentelemetry import trace  # noqa: PLC0415 - a log line must not take it along

    return trace.get_tracer("kro")


def add(metric: Metric, amount: float = 1, /, **labels: str) -> None:
    """Count something that happened."""
    if _sinks.meters is not None:
        _sinks.meters.add(metric, amount, labels)


def observe(metric: Metric, value: float, /, **labels: str) -> None:
    """Take a measurement of a histogram."""
    if _sinks.meters is not None:
        _sinks.meters.observe(metric, value, labels)


def put(metric: Metric, value: float, /, **labels: str) -> None:
    """Say how much there is of something now."""
    if _sinks.meters is not None:
        _sinks.meters.put(metric, value, labels)


def replace(metrics: Sequence[Metric], figures: Sequence[Figure], *, good_for: float) -> None:
    """Say everything that was read of some gauges; after so many seconds it is no longer told as if it were new."""
    if _sinks.meters is not None:
        _sinks.meters.replace(metrics, figures, good_for=good_for)


def line_sink() -> Callable[[Mapping[str, Any]], None] | None:
    """Return who takes log lines, besides the stream."""
    return _sinks.lines


def current() -> SpanContext | None:
    """Return the span that is under way here, if somebody wants spans."""
    if _sinks.here is None:
        return None
    context = _sinks.here().get_span_context()
    return context if context.is_valid else None


def is_sampled() -> bool:
    """Return whether what is under way here is exported whatever happens next."""
    return _sinks.here is not None and _sinks.here().get_span_context().trace_flags.sampled


def trace_id() -> str | None:
    """Return the name of the trace that is under way here, in hexadecimal digits."""
    context = current()
    return None if context is None else f"{context.trace_id:032x}"


def exported_trace_id(*, failed: bool) -> str | None:
    """Return the name of the trace that is under way here if spans of it are exported whatever happens next.

    Those are what is sampled, and what fails on our side.
    """
    return trace_id() if failed or is_sampled() else None
