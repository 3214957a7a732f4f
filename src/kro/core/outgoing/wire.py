"""One request and its answer on the network; imported with the first call, as HTTP and TLS take long to load."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from http import HTTPStatus

import httpx2

from kro.core.outgoing.exchange import Exchange, JSONValue, NotSent, OutcomeUnknown, Reply
from kro.core.outgoing.settings import OutgoingSettings

# The library logs whole URLs at INFO, and query strings hold account numbers and keys.
logging.getLogger("httpx2").setLevel(logging.WARNING)


@cache
def _trust() -> ssl.SSLContext:
    """Return whom all clients trust: reading the authorities' certificates takes long and megabytes."""
    return httpx2.create_ssl_context(trust_env=False)


class Wire:
    """Connections to one host, and what came over them told apart: a reply, not sent, or unknown."""

    def __init__(
        self,
        settings: OutgoingSettings,
        *,
        headers: Mapping[str, str] | None,
        transport: httpx2.AsyncBaseTransport | None,
    ) -> None:
        self._settings = settings
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

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        body: Mapping[str, JSONValue] | None,
        form: Mapping[str, str] | None,
        read_seconds: float,
    ) -> httpx2.Request:
        """Return a request that can be sent, once or again."""
        settings = self._settings
        return self._client.build_request(
            method,
            path,
            params=query,
            content=None if body is None else json.dumps(body).encode(),
            data=form,
            headers=None if body is None else {"Content-Type": "application/json"},
            timeout=httpx2.Timeout(
                connect=settings.connect_seconds, read=read_seconds, write=read_seconds, pool=settings.pool_seconds
            ),
        )

    async def send(self, request: httpx2.Request, *, empty_allowed: bool) -> Exchange:
        """Send it and say what came of it; never raises for what the network does."""
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
