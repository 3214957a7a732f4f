"""One span and one measurement for each request, by the template of its route: never by what the client wrote."""

from __future__ import annotations

import time
from typing import Final

from fastapi import FastAPI
from opentelemetry.trace import SpanContext
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kro.core.http.routes import route_template
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import HTTP_REQUESTS
from kro.core.telemetry.tracing import inside, parent_of

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
        began, spans = time.perf_counter(), hooks.request_spans()
        parent = None if spans is None else _parent(scope)
        context = None if spans is None else spans.begin(parent)

        async def watch(message: Message) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                request_id = next((value for name, value in message["headers"] if name == b"x-request-id"), b"")
            await send(message)

        try:
            if context is None:
                await self._app(scope, receive, watch)
            else:
                with inside(context):
                    await self._app(scope, receive, watch)
        finally:
            seconds, route = time.perf_counter() - began, route_template(scope)
            hooks.observe(HTTP_REQUESTS, seconds, method=method, route=route, status=f"{status // 100}xx")
            if spans is not None and context is not None:
                spans.end(
                    context,
                    name=f"{method} {route}",
                    parent=parent,
                    seconds=seconds,
                    failed=status >= _SERVER_ERROR,
                    attributes={
                        "http.request.method": method,
                        "http.route": route,
                        "http.response.status_code": status,
                        "kro.request_id": request_id.decode("latin-1"),
                    },
                )


def _parent(scope: Scope) -> SpanContext | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return parent_of(value.decode("latin-1"))
    return None
