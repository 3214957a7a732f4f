from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kro.core.http.problems import problem_response
from kro.core.http.surfaces import Surface, surface_of
from kro.core.rate_limit import Quota, RateLimitedError, Traffic, network_of

_QUOTAS: Final = "kro.quotas"
_LIMITED: Final = frozenset({Surface.USER, Surface.ADMIN, Surface.PUBLIC})


class TrafficMiddleware:
    """Counts requests by network before anything is done for them, and tells the caller what is left.

    Webhooks are not counted: a vendor that catches up sends many, and the signature is what they are judged by.
    """

    def __init__(self, app: ASGIApp, *, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or surface_of(scope["path"]) not in _LIMITED:
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        try:
            quota = self._traffic.from_network(network_of(client[0] if client else None))
        except RateLimitedError as error:
            await problem_response(error)(scope, receive, send)
            return
        quotas: list[Quota] = [quota] if quota is not None else []
        scope[_QUOTAS] = quotas

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and quotas:
                _add_headers(message, quotas)
            await send(message)

        await self._app(scope, receive, tell)


def count_person(scope: Scope, traffic: Traffic, *, person: str) -> None:
    """Count a request of somebody whose token was verified; :class:`TrafficMiddleware` tells what is left.

    :raises RateLimitedError: when their share is used up.
    """
    quota = traffic.by_person(person, command=scope["method"] not in {"GET", "HEAD"})
    quotas = scope.get(_QUOTAS)
    if quota is not None and quotas is not None:
        quotas.append(quota)


def _add_headers(message: Message, quotas: list[Quota]) -> None:
    """Add the RateLimit header fields (IETF httpapi draft) of every limit, unless a refusal has set its own."""
    headers = list(message["headers"])
    if all(name != b"ratelimit" for name, _ in headers):
        policies = ", ".join(f'"{q.limit.bucket}";q={q.limit.quota};w={q.limit.window_seconds}' for q in quotas)
        left = ", ".join(f'"{q.limit.bucket}";r={q.remaining};t={q.reset_seconds}' for q in quotas)
        headers += [(b"ratelimit-policy", policies.encode()), (b"ratelimit", left.encode())]
    message["headers"] = headers
