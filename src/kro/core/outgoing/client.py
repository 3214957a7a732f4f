from __future__ import annotations

import asyncio
import itertools
import json
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Self

import httpx2
from opentelemetry.trace import Tracer

from kro.core.outgoing.breaker import BreakerState
from kro.core.outgoing.exchange import Exchange, JSONValue, NotSent, OutcomeUnknown, Reply
from kro.core.outgoing.gates import GateRules, Gates
from kro.core.outgoing.recording import CallRecord, CallRecorder, exchange_text, outcome_of
from kro.core.outgoing.retry import RetryPolicy
from kro.core.outgoing.tracing import call_span
from kro.core.outgoing.urls import is_callable_url
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import PROVIDER_SHUT

_LOG = logging.getLogger(__name__)

# The library logs whole URLs at INFO, and query strings hold account numbers and keys.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@cache
def _trust() -> ssl.SSLContext:
    """Return whom all clients trust: reading the authorities' certificates takes long and megabytes."""
    return httpx2.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class OutgoingSettings:
    """How one provider is reached. ``deadline_seconds`` bounds a whole call with its repeats, whatever trickles in.

    ``keeps_exchanges`` has bodies recorded for support: never of messages, whose texts hold codes.
    """

    provider: str
    base_url: str
    connect_seconds: float = 3
    read_seconds: float = 15
    pool_seconds: float = 2
    deadline_seconds: float = 25
    max_connections: int = 20
    max_body_bytes: int = 1_000_000
    keeps_exchanges: bool = False

    def __post_init__(self) -> None:
        if not is_callable_url(self.base_url):
            raise ValueError(f"The base URL of {self.provider} must be https; plain http is for neighbours only.")


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
        self._client = httpx2.AsyncClient(
            base_url=settings.base_url,
            # Compressed answers are not asked for: a small body must not unpack into a huge one.
            headers={"Accept": "application/json", "Accept-Encoding": "identity", **(headers or {})},
            transport=transport
            or httpx2.AsyncHTTPTransport(
                verify=_trust(),
                trust_env=False,
                limits=httpx2.Limits(max_connections=settings.max_connections, max_keepalive_connections=5),
            ),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

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
        request = self._client.build_request(
            method,
            path,
            params=query,
            content=None if body is None else json.dumps(body).encode(),
            data=form,
            headers=None if body is None else {"Content-Type": "application/json"},
            timeout=self._timeout(read_seconds or self._settings.read_seconds),
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

    def _timeout(self, read_seconds: float) -> httpx2.Timeout:
        settings = self._settings
        return httpx2.Timeout(
            connect=settings.connect_seconds, read=read_seconds, write=read_seconds, pool=settings.pool_seconds
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
                    outcome = await self._once(request, empty_allowed=empty_allowed)
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

    async def _once(self, request: httpx2.Request, *, empty_allowed: bool) -> Exchange:
        try:
            response = await self._client.send(request, stream=True)
            try:
                content = await self._read(response)
            finally:
                await response.aclose()
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return NotSent(type(error).__name__)
        except httpx2.HTTPError as error:
            return OutcomeUnknown(type(error).__name__)
        return _classify(response, content, empty_allowed=empty_allowed)

    async def _read(self, response: httpx2.Response) -> bytes | OutcomeUnknown:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            return OutcomeUnknown("compressed")
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._settings.max_body_bytes:
                return OutcomeUnknown("body_too_large")
        return bytes(content)


def _classify(response: httpx2.Response, content: bytes | OutcomeUnknown, *, empty_allowed: bool) -> Exchange:
    status = response.status_code
    retry_after = _retry_after(response)
    if response.is_redirect or response.is_server_error or status < HTTPStatus.OK:
        return OutcomeUnknown(f"status_{status}", retry_after_seconds=retry_after)
    if isinstance(content, OutcomeUnknown):
        return content
    if not content and empty_allowed:
        return Reply(status, None, response.headers, retry_after)
    try:
        body = json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, ArithmeticError, RecursionError):
        return OutcomeUnknown("not_json", retry_after_seconds=retry_after)
    return Reply(status, body, response.headers, retry_after)


def _refuse_constant(_: str) -> JSONValue:
    raise ValueError("NaN and infinities are not JSON")


def _retry_after(response: httpx2.Response) -> int | None:
    # The date form is not read: it needs the other side's clock to agree with ours, and no provider here sends it.
    text = response.headers.get("Retry-After", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("999999") else None
