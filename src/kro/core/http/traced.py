"""One span and one measurement for each request, by the template of its route: never by what the client wrote."""

from __future__ import annotations

import time
from typing import Final

from fastapi import FastAPI
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kro.core.http.routes import route_template
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import HTTP_REQUESTS
from kro.core.telemetry.tracing import fail, parent_of

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_ERROR: Final = 500


def observe_requests(app: FastAPI) -> None:
    """Have every request of the application told of; it stands outside of all that was added before."""
    app.add_middleware(TelemetryMiddleware)


class TelemetryMiddleware:
    """Stands outside of everything that answers; installed only where somebody wants to know."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "other"
        status, request_id = _SERVER_ERROR, b""
        began = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                request_id = next((value for name, value in message["headers"] if name == b"x-request-id"), b"")
            await send(message)

        parent = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
        with hooks.tracer().start_as_current_span(
            method,
            context=parent_of(None if parent is None else parent.decode("latin-1")),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                await self._app(scope, receive, watch)
            finally:
                route = route_template(scope)
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": status,
                        "kro.request_id": request_id.decode("latin-1"),
                    }
                )
                if status >= _SERVER_ERROR:
                    fail(span, str(status))
                seconds = time.perf_counter() - began
                hooks.observe(HTTP_REQUESTS, seconds, method=method, route=route, status=f"{status // 100}xx")
