"""A request that no route takes is answered from the index: a stranger's first one must not work out every route."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from fastapi import Response
from starlette.routing import BaseRoute
from starlette.types import Message, Scope

from kro.core.config import load_settings
from kro.core.http import API, JSONBytes, Router, new_api
from kro.core.http.lazy import LazyRoute
from kro.core.ids import SequentialIdSource


@pytest.fixture
def router() -> Router:
    router = Router()

    @router.get("/orders")
    async def listed() -> Response:
        return JSONBytes(b"[]")

    @router.post("/orders")
    async def placed() -> Response:
        return JSONBytes(b"{}")

    @router.get("/orders/{order_id}")
    async def read(order_id: str) -> Response:
        return JSONBytes(order_id.encode())

    @router.delete("/orders/latest")
    async def cancelled() -> Response:
        return JSONBytes(b"{}")

    return router


@pytest.fixture
def api(router: Router) -> API:
    settings = load_settings(environment="local", environ={}).app
    api = new_api(title="KRO", version="1", settings=settings, ids=SequentialIdSource(), checks={})
    api.include_router(router, prefix="/v1")
    return api


@pytest.fixture
async def client(api: API) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://kro.test") as client:
        yield client


def worked_out(routes: list[BaseRoute]) -> Iterator[str]:
    """Yield the paths of routes whose signature was read."""
    for route in routes:
        if isinstance(route, LazyRoute) and "dependant" in vars(route):
            yield route.path


async def test_none_is_worked_out_for_it(client: httpx2.AsyncClient, router: Router, api: API) -> None:
    for method in ("GET", "PUT", "HEAD", "OPTIONS"):
        for path in ("/", "/wp-login.php", "/v1", "/v1/nothing", "/v1/orders/", "/v1//orders", "/docs/", "/health"):
            assert (await client.request(method, path)).status_code in {404, 405, 307}
    assert (await client.patch("/v1/orders/7")).status_code == 405
    assert await told_to_a_socket(api, "/v1/orders") == ["websocket.close"]
    assert list(worked_out(router.routes)) == []

    assert (await client.get("/v1/orders/7")).text == "7"
    assert list(worked_out(router.routes)) == ["/orders/{order_id}"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/orders", "GET, POST"),
        ("POST", "/v1/orders/7", "GET"),
        ("POST", "/v1/orders/latest", "DELETE, GET"),
        ("POST", "/docs", "GET"),
    ],
)
async def test_all_methods_of_the_path_are_told(
    client: httpx2.AsyncClient, method: str, path: str, allowed: str
) -> None:
    refused = await client.request(method, path)

    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")
    assert refused.headers["allow"] == allowed


async def test_a_slash_too_many_leads_to_the_path_without_and_its_query(client: httpx2.AsyncClient) -> None:
    moved = await client.post("/v1/orders/?a=b%20c")

    assert (moved.status_code, moved.headers["location"]) == (307, "http://kro.test/v1/orders?a=b%20c")


async def test_files_and_documents_are_found_beside_the_routes(client: httpx2.AsyncClient) -> None:
    for path in ("/docs", "/openapi.json", "/health/live", "/static-offline-docs/swagger-ui.css"):
        assert (await client.get(path)).status_code == 200, path
    for path in ("/static-offline-docs", "/static-offline-docs/none.css", "/static-offline-docsx/swagger-ui.css"):
        missing = await client.get(path)
        assert (missing.status_code, missing.json()["code"]) == (404, "not_found"), path


async def told_to_a_socket(api: API, path: str) -> list[str]:
    told: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        told.append(message["type"])

    scope: Scope = {"type": "websocket", "path": path, "headers": [], "query_string": b"", "root_path": ""}
    await api(scope, receive, send)
    return told
