from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fastapi import APIRouter
from starlette.types import Message, Receive, Scope, Send

from kro.core.config import AppSettings, load_settings
from kro.core.http import new_api
from kro.core.http.surfaces import Surface, SurfaceMiddleware, surface_of
from kro.core.ids import SequentialIdSource

PATHS = ("/v1/orders", "/v1/admin/orders", "/v1/public/keys", "/v1/webhooks/bank", "/health/live")
APP, DESK, ELSEWHERE = "https://app.kro.test", "https://desk.kro.test", "https://evil.test"


def _settings(**changes: Any) -> AppSettings:
    app = load_settings(environment="local", environ={}).app
    given = {
        "public_base_url": "https://api.kro.test",
        "allowed_origins": (APP,),
        "admin_origins": (DESK,),
        "hosts": {"admin": ("desk-api.kro.test",), "webhooks": ("hooks.kro.test", "api.kro.test")},
        **changes,
    }
    return AppSettings.model_validate({**app.model_dump(), **given})


async def _served(settings: AppSettings, **headers: str) -> dict[str, int]:
    router = APIRouter()
    for path in PATHS[:-1]:
        router.add_api_route(path, lambda: "here")
    app = new_api(title="KRO", version="1", settings=settings, ids=SequentialIdSource(), checks={})
    app.include_router(router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://api.kro.test") as client:
        return {path: (await client.get(path, headers=headers)).status_code for path in PATHS}


def _refused(served: dict[str, int]) -> set[str]:
    assert set(served.values()) <= {200, 403}
    return {path for path, status in served.items() if status == 403}


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        pytest.param({}, {"/v1/admin/orders"}, id="the admin surface answers to its own name only"),
        pytest.param({"host": "desk-api.kro.test"}, {"/v1/webhooks/bank"}, id="at the desk's name"),
        pytest.param({"host": "Desk-API.kro.test:8443"}, {"/v1/webhooks/bank"}, id="case and port are no matter"),
        pytest.param({"host": "api.kro.test.evil.test"}, {"/v1/admin/orders", "/v1/webhooks/bank"}, id="a longer name"),
        pytest.param({"host": "desk-api.kro.test", "origin": DESK}, {"/v1/orders", "/v1/webhooks/bank"}, id="the desk"),
        pytest.param({"host": "desk-api.kro.test", "origin": APP}, {"/v1/admin/orders", "/v1/webhooks/bank"}, id="app"),
        pytest.param({"origin": ELSEWHERE}, {"/v1/orders", "/v1/admin/orders"}, id="public pages look at no origin"),
        pytest.param(
            {"host": "desk-api.kro.test", "origin": "null"}, {"/v1/admin/orders", "/v1/webhooks/bank"}, id="hidden"
        ),
        pytest.param({"host": "desk-api.kro.test", "origin": "https://api.kro.test"}, {"/v1/webhooks/bank"}, id="docs"),
    ],
)
async def test_each_surface_has_its_hosts_and_pages(headers: dict[str, str], refused: set[str]) -> None:
    assert _refused(await _served(_settings(), **headers)) == refused


async def test_without_names_every_host_is_served_and_pages_still_are_not() -> None:
    settings = _settings(hosts={}, admin_origins=None)

    assert _refused(await _served(settings, host="any.kro.test")) == set()
    assert _refused(await _served(settings, origin=APP)) == set()
    assert _refused(await _served(settings, origin=ELSEWHERE)) == {"/v1/orders", "/v1/admin/orders"}


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/v1/admin", Surface.ADMIN),
        ("/v1/administrators", Surface.USER),
        ("/v1/publications", Surface.USER),
        ("/socket.io/", Surface.USER),
        ("/v1", Surface.USER),
        ("/docs", None),
        ("/v10/orders", None),
    ],
)
def test_a_path_belongs_to_one_surface(path: str, surface: Surface | None) -> None:
    assert surface_of(path) is surface


async def test_sockets_are_refused_before_they_open() -> None:
    sent: list[Message] = []

    async def never(_: Scope, __: Receive, ___: Send) -> None:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/socket.io/", "headers": [(b"origin", ELSEWHERE.encode())]}
    await SurfaceMiddleware(never, settings=_settings(), sockets_at=["socket.io"])(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]
