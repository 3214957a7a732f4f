from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from opentelemetry.trace import Tracer

from kro.core.outgoing.breaker import BreakerState
from kro.core.outgoing.exchange import Exchange, JSONValue, NotSent, OutcomeUnknown, Reply
from kro.core.outgoing.gates import GateRules, Gates
from kro.core.outgoing.recording import CallRecord, CallRecorder, exchange_text, outcome_of
from kro.core.outgoing.retry import RetryPolicy
from kro.core.outgoing.settings import OutgoingSettings
from kro.core.outgoing.tracing import call_span
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import PROVIDER_SHUT

if TYPE_CHECKING:
    import httpx2

    from kro.core.outgoing.wire import Wire

_LOG = logging.getLogger(__name__)


class OutgoingHTTP:
    """An HTTP client for one provider and one host: bounded in time, size and number, and honest about its outcomes.

    It follows no redirect, reads no proxy or credentials from the environment, verifies TLS, and puts neither
    headers, query, bodies nor exception texts into logs. ``headers`` are sent with each call and may hold secrets.
    """

    def __init__(
        self,
        settings: OutgoingSettings,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        retry: RetryPolicy | None = None,
        gates: GateRules | None = None,
        recorder: CallRecorder | None = None,
        tracer: Tracer | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._gates = Gates(gates, now=now)
        self._recorder = recorder
        self._tracer = tracer
        self._retry = retry or RetryPolicy()
        self._sleep = sleep
        self._headers = headers
        self._transport = transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if "_wire" in vars(self):
            await self._wire.aclose()

    @cached_property
    def _wire(self) -> Wire:
        from kro.core.outgoing.wire import Wire  # noqa: PLC0415 - most processes call few providers, and none at first

        return Wire(self._settings, headers=self._headers, transport=self._transport)

    def breakers(self) -> dict[str, BreakerState]:
        """Return how the breaker of each operation called so far stands."""
        return self._gates.states()

    async def call(
        self,
        *,
        operation: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, JSONValue] | None = None,
        form: Mapping[str, str] | None = None,
        reference: str | None = None,
        repeatable: bool = False,
        empty_allowed: bool = False,
        read_seconds: float | None = None,
        deadline_seconds: float | None = None,
    ) -> Exchange:
        """Make one call and say what came of it; never raises for what the other side or the network does.

        ``operation`` names the call in logs and has a breaker and a bulkhead of its own; behind a shut gate it did not
        leave. ``reference`` is ours of what the call is about, to find it again by. A request that did not leave is
        tried again; one that did only if it is ``repeatable``: a read, or idempotent by the provider's documentation.
        ``path`` is below the base URL and already escaped. A ``form`` goes in place of a JSON body.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError("a path starts with exactly one slash, so that it cannot name another host")
        request = self._wire.request(
            method,
            path,
            query=query,
            body=body,
            form=form,
            read_seconds=read_seconds or self._settings.read_seconds,
        )
        began, deadline = time.monotonic(), deadline_seconds or self._settings.deadline_seconds
        with call_span(
            self._tracer,
            provider=self._settings.provider,
            operation=operation,
            method=method,
            host=request.url.host,
            reference=reference,
        ) as span:
            outcome = await self._gates.through(
                operation,
                lambda: self._within_deadline(
                    request, deadline_seconds=deadline, repeatable=repeatable, empty_allowed=empty_allowed
                ),
            )
            span.end_with(outcome)
        is_shut = self.breakers().get(operation, BreakerState.CLOSED) is not BreakerState.CLOSED
        hooks.put(PROVIDER_SHUT, int(is_shut), provider=self._settings.provider, operation=operation)
        if not isinstance(outcome, Reply):
            _LOG.warning("%s %s: %s", self._settings.provider, operation, outcome)
        if self._recorder is not None:
            text = exchange_text(method=method, path=path, body=dict(body or {}), exchange=outcome)
            await self._record(self._recorder, operation, reference, outcome, text, time.monotonic() - began)
        return outcome

    async def _record(
        self,
        recorder: CallRecorder,
        operation: str,
        reference: str | None,
        exchange: Exchange,
        text: str,
        seconds: float,
    ) -> None:
        outcome, cause, status = outcome_of(exchange)
        await recorder.record(
            CallRecord(
                provider=self._settings.provider,
                operation=operation,
                reference=reference,
                outcome=outcome,
                cause=cause,
                status=status,
                breaker=self._gates.states()[operation],
                duration_ms=round(seconds * 1000),
                exchange=text if self._settings.keeps_exchanges else None,
            )
        )

    async def _within_deadline(
        self, request: httpx2.Request, *, deadline_seconds: float, repeatable: bool, empty_allowed: bool
    ) -> Exchange:
        # Read time-outs start anew with every byte; only the deadline stops an answer that drips.
        outcome: Exchange = OutcomeUnknown("deadline")
        try:
            async with asyncio.timeout(deadline_seconds):
                for tries_done in itertools.count(1):
                    before, outcome = outcome, OutcomeUnknown("deadline")
                    outcome = await self._wire.send(request, empty_allowed=empty_allowed)
                    if tries_done > 1 and isinstance(before, OutcomeUnknown) and isinstance(outcome, NotSent):
                        # This try did not leave, but an earlier one may have been acted upon.
                        outcome = OutcomeUnknown(outcome.cause)
                    wait = self._retry.wait_before_next(outcome, tries_done=tries_done, repeatable=repeatable)
                    if wait is None:
                        break
                    await self._sleep(wait)
        except TimeoutError:
            pass
        return outcome
