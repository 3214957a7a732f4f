"""Where the program says what it does, for whoever in this process was told to send it on: at first nobody.

As with logging there is one such place in a process. Nothing of an exporter is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kro.core.telemetry.catalogue import Metric

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext, Tracer
    from opentelemetry.util.types import AttributeValue


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


class RequestSpans(Protocol):
    """Makes spans of requests; a stranger's parent names the trace, and does not decide what is exported."""

    def begin(self, parent: SpanContext | None) -> SpanContext: ...

    def end(
        self,
        context: SpanContext,
        *,
        name: str,
        parent: SpanContext | None,
        seconds: float,
        attributes: Mapping[str, AttributeValue],
        failed: bool,
    ) -> None: ...


class _Sinks:
    requests: RequestSpans | None = None
    tracer: Tracer | None = None
    meters: Meters | None = None
    lines: Callable[[Mapping[str, Any]], None] | None = None


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


def trace_id() -> str | None:
    """Return the name of the trace that is under way here, in hexadecimal digits."""
    if _sinks.tracer is None:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - imported long since where somebody wants spans

    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def exported_trace_id(*, failed: bool) -> str | None:
    """Return the name of the trace that is under way here if spans of it are exported whatever happens next.

    Those are what is sampled, and what fails on our side.
    """
    if _sinks.tracer is None:
        return None
    from opentelemetry import trace  # noqa: PLC0415 - imported long since where somebody wants spans

    return trace_id() if failed or trace.get_current_span().get_span_context().trace_flags.sampled else None
