"""Routes left for later are missed by nobody: whoever asks for one of them waits, and everybody else does not."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from threading import Event

import httpx2
import pytest
from fastapi import APIRouter

from kro.core.config import load_settings
from kro.core.http import API, new_api
from kro.core.http.lazy import Router
from kro.core.ids import SequentialIdSource


class Import:
    """Stands for a package that is imported: slowly, where a test wants that, and in vain as often as it says."""

    def __init__(self) -> None:
        self.times = 0
        self.is_running = False
        self.failures = 0
        self.begun, self.may_end = Event(), Event()
        self.may_end.set()

    def __call__(self) -> APIRouter:
        assert not self.is_running, "the definitions of one import would be left in place by the other"
        self.is_running = True
        self.times += 1
        self.begun.set()
        assert self.may_end.wait(20)
        self.is_running = False
        if self.failures:
            self.failures -= 1
            raise ImportError("half of it is missing")
        router = Router(prefix="/admin")
        router.add_api_route("/orders/{order_id}", read, methods=["GET"])
        router.add_api_route("/orders/latest", read, methods=["POST"])
        return router


async def read(order_id: str = "-") -> str:
    return order_id


async def mine() -> str:
    return "mine"


@pytest.fixture
def package() -> Import:
    return Import()


@pytest.fixture
def api(package: Import) -> API:
    settings = load_settings(environment="local", environ={}).app
    api = new_api(title="KRO", version="1", settings=settings, ids=SequentialIdSource(), checks={})
    api.include_router(_users(), prefix="/v1")
    api.include_later("/v1/admin/", package, below="/v1")
    return api


@pytest.fixture
async def client(api: API) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=api)
    async with httpx2.AsyncClient(transport=transport, base_url="http://kro") as client:
        yield client


def _users() -> Router:
    router = Router()
    router.add_api_route("/orders", mine, methods=["GET"])
    return router


async def test_nobody_else_waits_for_them(client: httpx2.AsyncClient, package: Import) -> None:
    assert (await client.get("/v1/orders")).json() == "mine"
    assert (await client.get("/v1/nothing")).status_code == 404
    assert package.times == 0


async def test_who_asks_for_one_gets_its_answer_and_the_others_are_served_meanwhile(
    client: httpx2.AsyncClient, package: Import, api: API
) -> None:
    package.may_end.clear()
    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(client.get(f"/v1/admin/orders/{number}")) for number in range(3)]
        assert await asyncio.to_thread(package.begun.wait, 20)
        assert (await client.get("/v1/orders")).json() == "mine"
        package.may_end.set()

    assert [(await one).json() for one in asking] == ["0", "1", "2"]
    assert package.times == 1
    assert sum(path.startswith("/v1/admin/orders/{") for path in api.openapi()["paths"]) == 1
    assert (await client.get("/v1/admin/orders/4")).json() == "4"
    assert package.times == 1


async def test_who_stops_waiting_leaves_the_others_their_answer(client: httpx2.AsyncClient, package: Import) -> None:
    package.may_end.clear()
    impatient, patient = (asyncio.create_task(client.get(f"/v1/admin/orders/{number}")) for number in range(2))
    assert await asyncio.to_thread(package.begun.wait, 20)
    impatient.cancel()
    package.may_end.set()

    assert (await patient).json() == "1"
    assert (package.times, impatient.cancelled()) == (1, True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/admin/none", 404), ("DELETE", "/v1/admin/orders/1", 405), ("POST", "/v1/admin/orders/latest", 200)],
)
async def test_what_none_of_them_takes_is_refused_as_ever(
    client: httpx2.AsyncClient, method: str, path: str, status: int
) -> None:
    assert (await client.request(method, path)).status_code == status


async def test_an_import_that_fails_is_an_error_of_ours_and_tried_again(
    client: httpx2.AsyncClient, package: Import, log: io.StringIO
) -> None:
    package.failures = 1

    failed = await client.get("/v1/admin/orders/1")

    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    assert "ImportError" in log.getvalue()
    assert (await client.get("/v1/admin/orders/1")).json() == "1"


async def test_they_come_by_themselves_or_say_why_not(
    client: httpx2.AsyncClient, api: API, package: Import, log: io.StringIO
) -> None:
    package.failures = 1

    await api.bring_rest(after_seconds=0)
    assert "routes_not_imported" in log.getvalue()
    await api.bring_rest(after_seconds=0)
    assert (await client.get("/v1/admin/orders/8")).json() == "8"

    assert package.times == 2
