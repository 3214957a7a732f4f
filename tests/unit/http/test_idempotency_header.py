from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import APIRouter
from starlette.responses import Response

from kro.core.decisions import Once, Reply
from kro.core.http import IdempotencyKey, IdempotencyRequest, OptionalIdempotencyKey, send
from kro.core.http.idempotency import fingerprint

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


@pytest.fixture
def router() -> APIRouter:
    router = APIRouter(prefix="/orders")

    @router.post("/{order_id}/approve")
    async def approve(order_id: str, body: dict[str, Any], key: IdempotencyKey) -> dict[str, str]:
        assert order_id
        assert body
        return {"key": key.key, "route": key.route, "fingerprint": key.fingerprint}

    @router.post("/{order_id}/note")
    async def note(order_id: str, key: OptionalIdempotencyKey) -> bool:
        assert order_id
        return key is not None

    @router.get("/stored")
    async def stored() -> Response:
        return send(Reply(status=201, body=b'{"a":1}', replayed=True), headers={"Location": "/x"})

    return router


async def approve(
    client: httpx2.AsyncClient, *, body: dict[str, Any], path: str = "/v1/orders/1/approve"
) -> dict[str, str]:
    answer = await client.post(path, headers={"Idempotency-Key": "k"}, json=body)
    assert answer.status_code == 200, answer.text
    read: dict[str, str] = answer.json()
    return read


async def test_names_the_route_with_its_whole_prefix(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        read = await approve(client, body={"a": 1})

    assert read["key"] == "k"
    assert read["route"] == "POST /v1/orders/{order_id}/approve"


async def test_the_same_body_written_differently_is_the_same_request(serve: Serve, router: APIRouter) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    async with serve(router) as client:
        first = await approve(client, body={"a": 1, "b": {"d": "é", "c": 2}})
        body = '{ "b" : {"c":2, "d":"\\u00e9"} ,\n "a":1 }'
        second = (await client.post("/v1/orders/1/approve", content=body, headers=headers)).json()

    assert first["fingerprint"] == second["fingerprint"]
    assert len(first["fingerprint"]) == 64


async def test_another_body_path_or_query_is_another_request(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        prints = {
            (await approve(client, body={"a": 1}))["fingerprint"],
            (await approve(client, body={"a": 2}))["fingerprint"],
            (await approve(client, body={"a": "1"}))["fingerprint"],
            (await approve(client, body={"a": 1}, path="/v1/orders/2/approve"))["fingerprint"],
        }

    assert len(prints) == 4
    assert fingerprint(target="/x?a=1", body=b"", is_json=False) != fingerprint(
        target="/x?a=2", body=b"", is_json=False
    )


def test_bytes_that_are_not_json_count_as_they_are() -> None:
    assert fingerprint(target="/x", body=b"%PDF-1", is_json=False) != fingerprint(
        target="/x", body=b"%PDF-2", is_json=False
    )
    huge = b'{"a":' + b"9" * 30 + b"}"
    assert fingerprint(target="/x", body=huge, is_json=True) == fingerprint(target="/x", body=huge, is_json=True)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "idempotency_key_missing"),
        ({"Idempotency-Key": ""}, "idempotency_key_invalid"),
        ({"Idempotency-Key": "a b"}, "idempotency_key_invalid"),
        ({"Idempotency-Key": "x" * 256}, "idempotency_key_invalid"),
        ({b"Idempotency-Key": "é".encode()}, "idempotency_key_invalid"),
    ],
)
async def test_a_missing_or_unusable_key_is_400(
    serve: Serve, router: APIRouter, headers: dict[str | bytes, str | bytes], code: str
) -> None:
    async with serve(router) as client:
        answer = await client.post("/v1/orders/1/approve", json={"a": 1}, headers=headers)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_255_visible_characters_are_enough(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        answer = await client.post("/v1/orders/1/approve", json={"a": 1}, headers={"Idempotency-Key": "~" * 255})

    assert answer.status_code == 200


async def test_where_it_is_optional_it_may_be_missing(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        without = await client.post("/v1/orders/1/note")
        with_key = await client.post("/v1/orders/1/note", headers={"Idempotency-Key": "k"})
        broken = await client.post("/v1/orders/1/note", headers={"Idempotency-Key": "a b"})

    assert (without.json(), with_key.json(), broken.status_code) == (False, True, 400)


def test_a_key_belongs_to_who_sent_it() -> None:
    request = IdempotencyRequest(key="k", route="POST /v1/x", fingerprint="f")

    assert request.by(UUID(int=7)) == Once(principal_id=UUID(int=7), key="k", route="POST /v1/x", fingerprint="f")


async def test_a_stored_answer_says_that_it_is_one(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        answer = await client.get("/v1/orders/stored")

    assert answer.status_code == 201
    assert answer.content == b'{"a":1}'
    assert answer.headers["idempotent-replayed"] == "true"
    assert answer.headers["location"] == "/x"
    assert answer.headers["content-type"] == "application/json"
