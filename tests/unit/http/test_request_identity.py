from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx2
import pytest
from fastapi import APIRouter
from starlette.responses import StreamingResponse

from kro.core.http import current_request

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]
FIRST = "req_00000000000000000000000001"


@pytest.fixture
def router() -> APIRouter:
    router = APIRouter()

    @router.get("/who/{name}")
    async def who(name: str) -> dict[str, object]:
        request = current_request()
        assert request is not None
        return {"name": name, "id": request.request_id, "client": request.client_request_id, "ip": request.ip}

    @router.get("/late")
    async def late() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            raise RuntimeError("too late to answer")

        return StreamingResponse(body())

    return router


async def test_our_own_identifier_is_made_and_returned(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        answer = await client.get("/v1/who/x")

    assert answer.headers["x-request-id"] == FIRST
    assert answer.json() == {"name": "x", "id": FIRST, "client": None, "ip": "192.0.2.7"}


async def test_a_safe_identifier_of_the_client_is_kept_beside_ours(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        answer = await client.get("/v1/who/x", headers={"X-Request-Id": "a_B-9"})

    assert answer.json()["client"] == "a_B-9"
    assert answer.headers["x-request-id"] == FIRST


@pytest.mark.parametrize("claimed", [b"", b"a b", b"x" * 65, b'x"', "é".encode(), b"a\tb"])
async def test_an_unsafe_identifier_of_the_client_is_ignored(serve: Serve, router: APIRouter, claimed: bytes) -> None:
    async with serve(router) as client:
        answer = await client.get("/v1/who/x", headers={b"X-Request-Id": claimed})

    assert answer.json()["client"] is None


async def test_nothing_is_current_outside_of_a_request(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        await client.get("/v1/who/x")

    assert current_request() is None


@pytest.mark.parametrize("path", ["/v1/who/x", "/v1/nothing", "/health/live", "/openapi.json"])
async def test_every_answer_carries_the_security_headers(serve: Serve, router: APIRouter, path: str) -> None:
    async with serve(router) as client:
        headers = (await client.get(path)).headers

    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_an_error_after_the_answer_began_goes_to_the_server(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        with pytest.raises(RuntimeError, match="too late"):
            await client.get("/v1/late")


class TestOtherOrigins:
    async def test_a_listed_origin_may_read_answers_and_their_identifiers(
        self, serve: Serve, router: APIRouter
    ) -> None:
        async with serve(router) as client:
            answer = await client.get("/v1/who/x", headers={"Origin": "http://localhost:5173"})

        assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers

    async def test_a_listed_origin_may_send_idempotency_keys(self, serve: Serve, router: APIRouter) -> None:
        headers = {
            "Origin": "http://localhost:5173",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        }
        async with serve(router) as client:
            answer = await client.options("/v1/who/x", headers=headers)

        assert answer.status_code == 200
        assert "idempotency-key" in answer.headers["access-control-allow-headers"].lower()

    async def test_another_origin_gets_no_permission(self, serve: Serve, router: APIRouter) -> None:
        async with serve(router) as client:
            answer = await client.get("/v1/who/x", headers={"Origin": "https://evil.test"})

        assert "access-control-allow-origin" not in answer.headers
