"""One span for each call to a provider: where it went and what came of it, never what was said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from kro.core.outgoing.exchange import Exchange
from kro.core.outgoing.recording import outcome_of
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import PROVIDER_CALLS


@dataclass(slots=True)
class CallSpan:
    span: Span
    outcome: str = "cut_off"
    """What came of the call; a word of :class:`CallOutcome`, or this one while nothing has."""

    def end_with(self, exchange: Exchange) -> None:
        """Say what came of the call. A refusal is an answer; only what never came is an error."""
        outcome, cause, status = outcome_of(exchange)
        self.outcome = outcome.value
        self.span.set_attribute("kro.outcome", outcome)
        if status is not None:
            self.span.set_attribute("http.response.status_code", status)
        if cause is not None:
            self.span.set_attribute("error.type", cause)
            self.span.set_status(Status(StatusCode.ERROR, cause))


@contextmanager
def call_span(
    tracer: Tracer | None, *, provider: str, operation: str, method: str, host: str, reference: str | None
) -> Iterator[CallSpan]:
    """Open the span of one call with all its repeats (OpenTelemetry semantic conventions, HTTP client spans)."""
    attributes = {
        "http.request.method": method,
        "server.address": host,
        "kro.provider": provider,
        "kro.operation": operation,
    }
    if reference is not None:
        attributes["kro.reference"] = reference
    name = f"{provider} {operation}"
    began = time.perf_counter()
    with (tracer or hooks.tracer()).start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes) as span:
        call = CallSpan(span)
        try:
            yield call
        finally:
            seconds = time.perf_counter() - began
            hooks.observe(PROVIDER_CALLS, seconds, provider=provider, operation=operation, outcome=call.outcome)
