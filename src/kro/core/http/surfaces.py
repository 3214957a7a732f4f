"""Which host and which pages may call which part of the API."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from kro.core.actor import DomainNotAllowedError
from kro.core.config import AppSettings
from kro.core.http.problems import problem_response


class Surface(StrEnum):
    USER = "user"
    ADMIN = "admin"
    PUBLIC = "public"
    WEBHOOKS = "webhooks"


_PREFIXES: Final = (
    ("/v1/admin", Surface.ADMIN),
    ("/v1/public", Surface.PUBLIC),
    ("/v1/webhooks", Surface.WEBHOOKS),
    ("/v1", Surface.USER),
    ("/socket.io", Surface.USER),
)
_OPAQUE: Final = "null"
"""What a browser calls a page that has no origin, or whose referrer policy hides it."""


def surface_of(path: str) -> Surface | None:
    """Return the surface a path belongs to; ``None`` for health, documentation and unknown addresses."""
    for prefix, surface in _PREFIXES:
        if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in {"", "/"}:
            return surface
    return None


class SurfaceMiddleware:
    """Refuses hosts a surface does not answer to, and pages that may not call it.

    Public pages and webhooks look at no origin. The user surface takes requests of hidden origin: a token is what
    protects it, and apps and private pages have none to show. The admin surface does not.

    One stands inside the HTTP application, where refusals get its headers, and one with ``sockets_at`` around the
    sockets beside it, which come by websocket or by requests to one of those paths.
    """

    def __init__(self, app: ASGIApp, *, settings: AppSettings, sockets_at: Iterable[str] | None = None) -> None:
        self._app = app
        self._sockets_at = None if sockets_at is None else tuple(f"/{path}/" for path in sockets_at)
        hosts = settings.hosts
        self._hosts = {
            Surface.USER: frozenset(hosts.user),
            Surface.ADMIN: frozenset(hosts.admin),
            Surface.PUBLIC: frozenset(hosts.public),
            Surface.WEBHOOKS: frozenset(hosts.webhooks),
        }
        own = {settings.public_base_url}
        admin_origins = settings.allowed_origins if settings.admin_origins is None else settings.admin_origins
        self._origins = {
            Surface.USER: frozenset({*own, *settings.allowed_origins, _OPAQUE}),
            Surface.ADMIN: frozenset({*own, *admin_origins}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._guards(scope) or self._allows(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await problem_response(DomainNotAllowedError())(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _guards(self, scope: Scope) -> bool:
        if scope["type"] == "http":
            return self._sockets_at is None or f"{scope['path']}/".startswith(self._sockets_at)
        return scope["type"] == "websocket" and self._sockets_at is not None

    def _allows(self, scope: Scope) -> bool:
        surface = surface_of(scope["path"])
        if surface is None:
            return True
        headers = Headers(scope=scope)
        hosts, origins = self._hosts[surface], self._origins.get(surface)
        origin = headers.get("origin")
        return (not hosts or _name(headers.get("host", "")) in hosts) and (
            origins is None or origin is None or origin in origins
        )


def _name(host: str) -> str:
    """Return a Host header's name without its port; addresses of version six keep their brackets."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()
