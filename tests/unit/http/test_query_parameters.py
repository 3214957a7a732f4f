from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, Query

from kro.core.http import PageParameters, PageQuery

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


class OrderFilters(PageQuery):
    role: str | None = None
    created_after: str | None = None


async def _tenant(tenant: str = "none") -> str:
    return tenant


@pytest.fixture
def router() -> APIRouter:
    router = APIRouter()

    @router.get("/lists/plain")
    async def plain(page: PageParameters) -> PageQuery:
        return page

    @router.get("/lists/filtered")
    async def filtered(filters: Annotated[OrderFilters, Query()]) -> OrderFilters:
        return filters

    @router.get("/lists/loose")
    async def loose(
        tenant: Annotated[str, Depends(_tenant)], phone: Annotated[str, Query(alias="phone_number")] = "-"
    ) -> list[str]:
        return [tenant, phone]

    @router.post("/webhooks/vendor")
    async def webhook(message: str = "-") -> str:
        return message

    @router.get("/lists/none")
    async def none() -> bool:
        return True

    return router


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("plain", {"limit": 20, "cursor": None}),
        ("plain?limit=1&cursor=abc", {"limit": 1, "cursor": "abc"}),
        ("plain?limit=100", {"limit": 100, "cursor": None}),
        ("filtered?role=buyer", {"limit": 20, "cursor": None, "role": "buyer", "created_after": None}),
        ("loose?phone_number=1&tenant=t", ["t", "1"]),
        ("none", True),
    ],
)
async def test_declared_parameters_are_taken(serve: Serve, router: APIRouter, path: str, body: object) -> None:
    async with serve(router) as client:
        answer = await client.get(f"/v1/lists/{path}")

    assert (answer.status_code, answer.json()) == (200, body)


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("plain?limit=0", "query:limit", "out_of_range"),
        ("plain?limit=101", "query:limit", "out_of_range"),
        ("plain?limit=many", "query:limit", "wrong_format"),
        ("plain?cursor=" + "x" * 201, "query:cursor", "too_long"),
        ("plain?role=buyer", "query:role", "unknown_parameter"),
        ("filtered?rolle=buyer", "query:rolle", "unknown_parameter"),
        ("loose?phone=1", "query:phone", "unknown_parameter"),
        ("none?x=1", "query:x", "unknown_parameter"),
    ],
)
async def test_anything_else_is_refused_by_name(
    serve: Serve, router: APIRouter, *, path: str, pointer: str, code: str
) -> None:
    async with serve(router) as client:
        answer = await client.get(f"/v1/lists/{path}")

    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert (answer.status_code, found) == (422, [(pointer, code)])


async def test_a_vendor_may_add_what_it_likes_to_its_webhooks(serve: Serve, router: APIRouter) -> None:
    async with serve(router) as client:
        answer = await client.post("/v1/webhooks/vendor?message=ours&theirs=1&version=2")

    assert (answer.status_code, answer.json()) == (200, "ours")
