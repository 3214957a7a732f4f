from __future__ import annotations

from ipaddress import ip_network

import httpx2
from fastapi import APIRouter, FastAPI, Request

from kro.core.config import TrafficSettings, WindowSettings, load_settings
from kro.core.http import behind_proxies, new_api
from kro.core.http.traffic import count_person
from kro.core.ids import SequentialIdSource

MINUTE = 3600  # Long enough that no window ends within a test.


def _app(**quotas: int) -> FastAPI:
    settings = load_settings(environment="local", environ={})
    windows = {name: WindowSettings(quota=quota, window_seconds=MINUTE) for name, quota in quotas.items()}
    app = new_api(
        title="KRO",
        version="1",
        settings=settings.app,
        ids=SequentialIdSource(),
        checks={},
        traffic=TrafficSettings(**windows),
    )
    router = APIRouter()

    async def work(request: Request) -> str:
        if person := request.headers.get("authorization"):
            count_person(request.scope, request.app.state.traffic, person=person)
        return "done"

    for path in ("/v1/orders", "/v1/webhooks/bank"):
        router.add_api_route(path, work, methods=["GET", "POST"])
    app.include_router(router)
    return app


def _client(app: FastAPI) -> httpx2.AsyncClient:
    served = behind_proxies(app, [ip_network("127.0.0.0/8")])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(served), base_url="http://kro")


def _at(ip: str) -> dict[str, str]:
    return {"x-forwarded-for": ip}


async def test_an_address_gets_its_share_and_learns_what_is_left() -> None:
    async with _client(_app(network=2)) as client:
        first = await client.get("/v1/orders", headers=_at("203.0.113.1"))
        second = await client.get("/v1/orders", headers=_at("203.0.113.1"))
        third = await client.get("/v1/orders", headers=_at("203.0.113.1"))
        other = await client.get("/v1/orders", headers=_at("203.0.113.2"))

    assert [answer.status_code for answer in (first, second, third, other)] == [200, 200, 429, 200]
    assert first.headers["ratelimit-policy"] == f'"network";q=2;w={MINUTE}'
    assert first.headers["ratelimit"].startswith('"network";r=1;t=')
    assert third.json()["code"] == "rate_limited"
    assert third.headers["ratelimit"].startswith('"network";r=0;t=')
    assert 0 < int(third.headers["retry-after"]) <= MINUTE


async def test_an_ipv6_subscriber_is_one_caller() -> None:
    async with _client(_app(network=1)) as client:
        answers = [await client.get("/v1/orders", headers=_at(f"2001:db8::{last}")) for last in (1, 2)]

    assert [answer.status_code for answer in answers] == [200, 429]


async def test_a_person_is_counted_wherever_they_are_and_commands_apart_from_reads() -> None:
    async with _client(_app(commands=1, reads=2)) as client:
        headers = {"authorization": "me"}
        statuses = [
            (await client.post("/v1/orders", headers={**headers, **_at("203.0.113.1")})).status_code,
            (await client.post("/v1/orders", headers={**headers, **_at("203.0.113.2")})).status_code,
            (await client.get("/v1/orders", headers=headers)).status_code,
            (await client.post("/v1/orders", headers={"authorization": "somebody else"})).status_code,
        ]
        last = await client.get("/v1/orders", headers=headers)

    assert statuses == [200, 429, 200, 200]
    assert last.headers["ratelimit"].startswith('"reads";r=0;t=')


async def test_webhooks_health_and_what_has_no_limit_are_not_counted() -> None:
    async with _client(_app(network=1)) as client:
        webhooks = [await client.post("/v1/webhooks/bank") for _ in range(3)]
        health = [await client.get("/health/live") for _ in range(3)]
    async with _client(_app()) as client:
        unlimited = [await client.get("/v1/orders") for _ in range(3)]

    answers = [*webhooks, *health, *unlimited]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)
