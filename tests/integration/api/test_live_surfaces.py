"""Long polling is HTTP beside the HTTP application: it keeps to the same hosts and pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from kro_api import running_world, settings_for
from live_client import served

HANDSHAKE = "?EIO=4&transport=polling"
API, DESK, APP, ELSEWHERE = "api.kro.test", "desk-api.kro.test", "https://app.kro.test", "https://evil.test"


@pytest.fixture
async def url(fresh_database: Any) -> AsyncIterator[str]:
    settings = settings_for(fresh_database.cluster, fresh_database.name)
    app = settings.app.model_copy(
        update={
            "hosts": settings.app.hosts.model_copy(update={"user": (API, "127.0.0.1"), "admin": (DESK,)}),
            "allowed_origins": (APP,),
            "admin_origins": (f"https://{DESK}",),
        }
    )
    realtime = settings.realtime.model_copy(update={"long_polling": True})
    async with (
        running_world(settings.model_copy(update={"app": app, "realtime": realtime})) as world,
        served(world.application, world.api) as url,
    ):
        yield url


async def asked(url: str, path: str, **headers: str) -> tuple[int, bytes]:
    """Send a request nobody has tidied up, and return status and body."""
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    lines = (f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io"])
@pytest.mark.parametrize(
    "headers", [{"Host": API}, {"Host": f"{API.upper()}:443"}, {"Host": API, "Origin": APP}], ids=str
)
async def test_apps_shake_hands_at_the_api(url: str, path: str, headers: dict[str, str]) -> None:
    status, body = await asked(url, path + HANDSHAKE, **headers)

    assert status == 200
    assert b'0{"sid"' in body


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/socket.io/", {"Host": "evil.test"}),
        ("/socket.io", {"Host": "evil.test"}),
        ("/socket.io/", {"Host": DESK}),
        ("/socket.io/", {"Host": API, "Origin": ELSEWHERE}),
        ("/v1/admin/socket.io/", {"Host": API}),
        ("/v1/admin/socket.io", {"Host": API}),
        ("/v1/admin/socket.io/", {"Host": DESK, "Origin": APP}),
        ("/v1/admin/socket.io/", {"Host": DESK, "Origin": "null"}),
    ],
    ids=str,
)
async def test_others_are_refused_before_they_have_a_session(url: str, path: str, headers: dict[str, str]) -> None:
    status, body = await asked(url, path + HANDSHAKE, **headers)

    assert (status, orjson.loads(body)["code"]) == (403, "domain_not_allowed")
