"""Pure ASGI layers around the whole application: identity of the request, headers of the response, its origin."""

from __future__ import annotations

import re
import time
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kro.core.draining import Draining
from kro.core.http.context import RequestContext, serving
from kro.core.http.routes import route_template
from kro.core.ids import IdSource, show_id
from kro.core.telemetry import get_logger, hooks
from kro.core.telemetry.catalogue import HTTP_REQUESTS

_log = get_logger()

_SAFE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_ERROR: Final = 500
_DOCS: Final = ("/docs", "/static-offline-docs/")
_EVERYWHERE: Final = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # The layer of origins says so only where a request names one, but a cache has to know it of every answer.
    (b"vary", b"Origin"),
)
_API_HEADERS: Final = (
    *_EVERYWHERE,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_DOCS_HEADERS: Final = (
    *_EVERYWHERE,
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
            b"script-src 'self' 'unsafe-inline'; worker-src blob:; frame-ancestors 'none'"
        ),
    ),
)


class RequestMiddleware:
    """Names each request, returns the name and the security headers, and tells of it: a line, a measurement, a span.

    What is told names the template of its route, never what the client wrote. A bug of a layer inside is answered by
    ``last_resort``, unless an answer has begun: then it goes on to the server, which drops the connection.
    """

    def __init__(self, app: ASGIApp, *, ids: IdSource, draining: Draining, last_resort: ASGIApp) -> None:
        self._app = app
        self._last_resort = last_resort
        self._ids = ids
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context, spans = self._context(scope), hooks.request_spans()
        span = None if spans is None else spans.begin(_header(scope, b"traceparent"))
        started = time.perf_counter()
        status, has_begun = _SERVER_ERROR, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                _add_headers(message, path=context.path, request_id=context.request_id)
                if self._draining.has_begun:
                    # The client's next request needs a new connection, which is another process's.
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        with serving(context):
            try:
                await self._app(scope, receive, send_with_headers)
            except Exception:
                if has_begun:
                    raise
                await self._last_resort(scope, receive, send_with_headers)
            finally:
                seconds, route = time.perf_counter() - started, route_template(scope)
                _log.info(
                    "request_served",
                    method=context.method,
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )
                method = context.method if context.method in _METHODS else "other"
                hooks.observe(HTTP_REQUESTS, seconds, method=method, route=route, status=f"{status // 100}xx")
                if span is not None:
                    span.end(method=method, route=route, status=status, request_id=context.request_id, seconds=seconds)

    def _context(self, scope: Scope) -> RequestContext:
        claimed = _header(scope, b"x-request-id").decode("latin-1")
        client = scope.get("client")
        return RequestContext(
            request_id=show_id("req", self._ids.new()),
            client_request_id=claimed if _SAFE_ID.fullmatch(claimed) else None,
            method=scope["method"],
            path=scope["path"],
            ip=client[0] if client else None,
        )


class OriginMiddleware(CORSMiddleware):
    """Tells browsers which pages may read an answer; a request that names no page has nothing to be told."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _header(scope: Scope, name: bytes) -> bytes:
    for given, value in scope["headers"]:
        if given == name:
            return bytes(value)
    return b""


def _add_headers(message: Message, *, path: str, request_id: str) -> None:
    """Add what the route did not set itself."""
    headers = list(message["headers"])
    given = {name for name, _ in headers}
    ours = _DOCS_HEADERS if path.startswith(_DOCS) else _API_HEADERS
    headers.extend(pair for pair in ours if pair[0] not in given)
    headers.append((b"x-request-id", request_id.encode()))
    message["headers"] = headers
