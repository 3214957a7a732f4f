from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx2
import pytest
from fastapi import APIRouter, Request

from kro.core.http import BodyPolicy

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]
JSON = {"Content-Type": "application/json"}
MEGABYTE = 1_048_576


@pytest.fixture
def router() -> APIRouter:
    router = APIRouter()

    @router.post("/things")
    @router.get("/things")
    async def things(request: Request) -> int:
        return len(await request.body())

    @router.post("/parsed")
    async def parsed(body: dict[str, object]) -> int:
        return len(body)

    @router.post("/webhooks/paystack")
    async def webhook(request: Request) -> int:
        return len(await request.body())

    return router


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b" " * 1024
    yield b" " * (size % 1024)


async def post(serve: Serve, router: APIRouter, path: str, **request: object) -> tuple[int, object]:
    async with serve(router) as client:
        answer = await client.post(path, **request)  # type: ignore[arg-type]
    body = answer.json()
    return answer.status_code, body["code"] if isinstance(body, dict) else body


class TestSize:
    @pytest.mark.parametrize(
        ("path", "size", "expected"),
        [
            ("/v1/things", MEGABYTE, (200, MEGABYTE)),
            ("/v1/things", MEGABYTE + 1, (413, "body_too_large")),
            ("/v1/webhooks/paystack", 262_144, (200, 262_144)),
            ("/v1/webhooks/paystack", 262_145, (413, "body_too_large")),
        ],
    )
    @pytest.mark.parametrize("announced", [True, False])
    async def test_is_limited_whether_announced_or_streamed(
        self, serve: Serve, router: APIRouter, *, path: str, size: int, expected: tuple[int, object], announced: bool
    ) -> None:
        content = b" " * size if announced else chunks(size)

        assert await post(serve, router, path, content=content, headers=JSON) == expected

    async def test_a_body_longer_than_announced_is_still_counted(self, serve: Serve, router: APIRouter) -> None:
        headers = {**JSON, "Content-Length": "10"}

        answer = await post(serve, router, "/v1/things", content=chunks(MEGABYTE + 1), headers=headers)

        assert answer == (413, "body_too_large")

    async def test_a_length_that_is_no_number_is_refused(self, serve: Serve, router: APIRouter) -> None:
        headers = {**JSON, "Content-Length": "-1"}

        assert await post(serve, router, "/v1/things", content=b"{}", headers=headers) == (400, "malformed_body")

    async def test_a_route_may_have_its_own_policy(self, serve: Serve, router: APIRouter) -> None:
        policy = BodyPolicy(pattern=re.compile(r"/v1/things"), max_bytes=10, json_only=False)
        headers = {"Content-Type": "application/pdf"}
        async with serve(router, body_policies=(policy,)) as client:
            small = await client.post("/v1/things", content=b"%PDF", headers=headers)
            large = await client.post("/v1/things", content=b"%PDF-1234567", headers=headers)

        assert (small.status_code, large.status_code) == (200, 413)


class TestMediaType:
    @pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
    async def test_json_is_taken(self, serve: Serve, router: APIRouter, media_type: str) -> None:
        answer = await post(serve, router, "/v1/things", content=b"{}", headers={"Content-Type": media_type})

        assert answer == (200, 2)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "application/jsonp"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ],
    )
    async def test_anything_else_is_refused(self, serve: Serve, router: APIRouter, headers: dict[str, str]) -> None:
        answer = await post(serve, router, "/v1/things", content=b"{}", headers=headers)

        assert answer == (415, "unsupported_media_type")

    async def test_no_body_needs_no_type(self, serve: Serve, router: APIRouter) -> None:
        assert await post(serve, router, "/v1/things") == (200, 0)

    async def test_a_webhook_may_call_itself_anything(self, serve: Serve, router: APIRouter) -> None:
        headers = {"Content-Type": "text/plain"}

        assert await post(serve, router, "/v1/webhooks/paystack", content=b"\xff{", headers=headers) == (200, 2)


class TestJSON:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b'{"a": ' + b"[" * 19 + b"]" * 19 + b"}", (200, 1)),
            (b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}", (400, "body_too_deep")),
            (b'{"a":[' * 10 + b"]}" * 10, (200, 1)),
            (b'{"b":' + b'{"a":[' * 10 + b"]}" * 10 + b"}", (400, "body_too_deep")),
            (b'{"a": "' + b"[" * 40 + b'"}', (200, 1)),
            (b'{"a": "\\"' + b"[" * 40 + b'"}', (200, 1)),
            (b'{"a": [' + b"[]," * 40 + b"[]]}", (200, 1)),
            (b"[" * 100_000, (400, "body_too_deep")),
            (b"{bad", (400, "malformed_body")),
            (b'{"a": NaN}', (400, "malformed_body")),
            (b'{"a": -Infinity}', (400, "malformed_body")),
            (b'{"a": "NaN"}', (200, 1)),
            (b'{"a": "\xff"}', (400, "malformed_body")),
            (b"\xef\xbb\xbf{}", (400, "malformed_body")),
            ('{"a": 1}'.encode("utf-16"), (400, "malformed_body")),
            ('{"a": 1}'.encode("utf-16-le"), (400, "malformed_body")),
            (b'{"a": ' + b"9" * 5000 + b"}", (400, "malformed_body")),
            (b"null", (422, "validation_failed")),
            (b"", (422, "validation_failed")),
        ],
    )
    async def test_is_checked_before_it_is_used(
        self, serve: Serve, router: APIRouter, body: bytes, expected: tuple[int, object]
    ) -> None:
        assert await post(serve, router, "/v1/parsed", content=body, headers=JSON) == expected
