from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import cast

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def behind_proxies(app: ASGIApp, trusted: Iterable[IPv4Network | IPv6Network]) -> ASGIApp:
    """Let an application see its clients' addresses instead of its proxies'.

    ``X-Forwarded-For`` is read from its end, past every trusted proxy, to the first address none of them vouches for.
    From anybody else the header is ignored, so nobody chooses the address that limits count.
    """
    networks = [str(network) for network in trusted]
    return cast("ASGIApp", ProxyHeadersMiddleware(app, trusted_hosts=networks)) if networks else app  # type: ignore[arg-type] # uvicorn has ASGI types of its own
