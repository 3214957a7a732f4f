from __future__ import annotations

from ipaddress import ip_network

import httpx2
import pytest
from fastapi import FastAPI, Request

from kro.core.config import load_settings
from kro.core.http import behind_proxies

TRUSTED = [ip_network(network) for network in ("10.0.0.0/8", "2001:db8:5::/64")]
PROXY, STRANGER = "10.1.2.3", "203.0.113.9"


async def _seen(forwarded: str | None, *, peer: str, trusted: bool = True) -> str:
    app = FastAPI()

    @app.get("/")
    async def who(request: Request) -> str:
        return request.client.host if request.client else ""

    transport = httpx2.ASGITransport(behind_proxies(app, TRUSTED if trusted else []), client=(peer, 5))
    async with httpx2.AsyncClient(transport=transport, base_url="http://kro") as client:
        headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
        return str((await client.get("/", headers=headers)).json())


@pytest.mark.parametrize(
    ("forwarded", "peer", "seen"),
    [
        pytest.param("198.51.100.4", PROXY, "198.51.100.4", id="one proxy"),
        pytest.param("198.51.100.4, 10.9.9.9", PROXY, "198.51.100.4", id="two proxies"),
        pytest.param("1.1.1.1, 198.51.100.4, 10.9.9.9", PROXY, "198.51.100.4", id="what the client wrote itself"),
        pytest.param("1.1.1.1", STRANGER, STRANGER, id="a stranger's header"),
        pytest.param(None, PROXY, PROXY, id="no header"),
        pytest.param("2001:db8::7", "2001:db8:5::1", "2001:db8::7", id="version six"),
        pytest.param("10.1.1.1, garbage", PROXY, "garbage", id="garbage from a proxy is a subject of its own"),
    ],
)
async def test_the_client_is_the_last_address_no_proxy_of_ours_has(forwarded: str, peer: str, seen: str) -> None:
    assert await _seen(forwarded, peer=peer) == seen


async def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert await _seen("1.1.1.1", peer=PROXY, trusted=False) == PROXY


def test_a_proxy_is_a_network_and_never_everybody() -> None:
    app = load_settings(environment="local", environ={}).app

    assert app.trusted_proxies == ()
    for everybody in ("*", "0.0.0.0/0", "::/0"):
        with pytest.raises(ValueError, match="trusted_proxies"):
            type(app).model_validate({**app.model_dump(), "trusted_proxies": (everybody,)})
