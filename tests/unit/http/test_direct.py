"""A route that is called directly is given what the framework would give, and refuses what it would refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Body, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from kro.core.http.application import API
from kro.core.http.direct import DirectCall
from kro.core.http.route_index import RouteIndex


class Word(StrEnum):
    YES = "yes"
    NO = "no"


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(default=20, ge=1, le=100)
    word: Word | None = None
    text: str | None = Field(default=None, min_length=2)
    words: list[Word] | None = Field(default=None, max_length=2)


class Renamed(BaseModel):
    since: int = Field(default=0, alias="from")
    words: list[Word] = Field(default=[])


class Money(BaseModel):
    amount: int
    currency: str = "NGN"


class Guard:
    async def __call__(self, request: Request, role: Annotated[str | None, Header()] = None) -> str:
        if role is None:
            raise HTTPException(401, "who?")
        return f"{role}{len(request.query_params)}"


GUARD = Guard()
asked: list[str] = []


async def counted(n: int = 1) -> int:
    asked.append("counted")
    return n * 10


async def doubled(
    ten: Annotated[int, Depends(counted)], again: Annotated[int, Depends(counted, use_cache=False)]
) -> int:
    return ten + again


async def lent() -> AsyncIterator[int]:
    yield 1


def threaded() -> int:
    return 1


def new_app(*, direct: bool) -> FastAPI:
    inner, app = FastAPI(), API() if direct else FastAPI()

    @inner.get("/filter/{name}/{number}")
    async def filtered(name: str, number: int, query: Annotated[Filter, Query()]) -> JSONResponse:
        return JSONResponse({"name": name, "number": number, **query.model_dump()})

    @inner.get("/renamed")
    async def renamed(query: Annotated[Renamed, Query()]) -> JSONResponse:
        return JSONResponse(query.model_dump())

    @inner.get("/guarded", dependencies=[Depends(GUARD)])
    async def guarded(
        who: Annotated[str, Depends(GUARD)], a: Annotated[int, Depends(doubled)], b: Annotated[int, Depends(counted)]
    ) -> JSONResponse:
        return JSONResponse({"who": who, "a": a, "b": b})

    @inner.post("/money/{name}")
    async def money(name: str, body: Money, dry: bool = False) -> Response:
        return JSONResponse({"name": name, "body": body.model_dump(), "dry": dry}, status_code=201)

    @inner.post("/optional")
    async def optional(body: Money | None = None) -> Response:
        return JSONResponse({"body": body.model_dump() if body else None})

    @inner.post("/embedded")
    async def embedded(one: Money, two: Annotated[int, Body()]) -> Response:
        return JSONResponse({"one": one.model_dump(), "two": two})

    @inner.get("/failing")
    async def failing() -> Response:
        raise HTTPException(418, "no coffee", headers={"x-why": "teapot"})

    app.include_router(inner.router, prefix="/v1")
    return app


ASKED: list[tuple[str, str, dict[str, Any]]] = [
    *(
        ("GET", f"/v1/filter/a%20b/{rest}", {})
        for rest in (
            "7",
            "seven",
            "7?limit=5&word=yes",
            "7?limit=0",
            "7?limit=x&word=maybe&text=a",
            "7?limit=1&limit=2",
            "7?other=1",
            "7?other=1&other=2&limit=x",
            "7?text=",
            "7?words=yes",
            "7?words=yes&limit=3&words=no",
            "7?words=yes&words=x&words=",
            "7?words=",
            "7?limit=",
            "x?limit=x",
        )
    ),
    *(("GET", f"/v1/renamed{query}", {}) for query in ("", "?from=5", "?since=5", "?words=yes&words=no", "?words=x")),
    ("GET", "/v1/guarded", {}),
    ("GET", "/v1/guarded?n=x", {}),
    ("GET", "/v1/guarded?n=3", {"headers": {"role": "admin"}}),
    ("GET", "/v1/guarded?n=x", {"headers": {"role": "admin"}}),
    *(
        ("POST", "/v1/money/a?dry=1", {"content": content, "headers": {"content-type": "application/json"}})
        for content in (
            b'{"amount": 5}',
            b'{"amount": "5"}',
            b'{"amount": 5.5, "currency": 1}',
            b"{}",
            b"[]",
            b"null",
            b"",
            b"{",
            b'{"amount": ' + b"9" * 5000 + b"}",
        )
    ),
    ("POST", "/v1/money/a?dry=perhaps", {"json": {}}),
    (
        "POST",
        "/v1/money/a",
        {"content": b'{"amount": 5}', "headers": {"content-type": "application/json; charset=utf-8"}},
    ),
    ("POST", "/v1/money/a", {"content": b'{"amount": 5}', "headers": {"content-type": "text/plain"}}),
    ("POST", "/v1/money/a", {"content": b'{"amount": 5}'}),
    ("POST", "/v1/optional", {}),
    ("POST", "/v1/optional", {"json": None}),
    ("POST", "/v1/optional", {"json": {"amount": 1}}),
    ("POST", "/v1/embedded", {"json": {"one": {"amount": 1}, "two": 2}}),
    ("POST", "/v1/embedded", {"json": {"one": {"amount": "x"}}}),
    ("GET", "/v1/failing", {}),
    ("PUT", "/v1/failing", {}),
    ("GET", "/v1/nowhere", {}),
    ("GET", "/", {}),
    ("GET", "/v1/renamed/?from=5", {}),
    ("POST", "/v1/failing//", {}),
    ("POST", "/docs", {}),
    ("HEAD", "/v1/failing", {}),
    ("OPTIONS", "/v1/failing", {}),
]


async def answer_of(app: FastAPI, method: str, path: str, more: dict[str, Any]) -> tuple[Any, ...]:
    asked.clear()
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
        reply = await client.request(method, path, **more)
    return reply.status_code, reply.headers.get("x-why"), reply.content, list(asked)


@pytest.mark.parametrize(("method", "path", "more"), ASKED, ids=lambda value: str(value)[:60])
async def test_the_answer_is_the_frameworks(method: str, path: str, more: dict[str, Any]) -> None:
    direct = await answer_of(new_app(direct=True), method, path, more)

    assert direct == await answer_of(new_app(direct=False), method, path, more)


def call_of(app: FastAPI, method: str, path: str) -> object:
    route = RouteIndex.of(app).match({"type": "http", "method": method, "path": path})
    return None if route is None else route.call


def test_these_were_called_directly() -> None:
    app = new_app(direct=True)

    for method, path, _ in ASKED[:-8]:
        assert isinstance(call_of(app, method, path.partition("?")[0]), DirectCall), path


def test_what_it_does_not_know_is_left_to_the_framework() -> None:
    inner, app = FastAPI(), FastAPI()

    @inner.get("/lent")
    async def with_generator(_: Annotated[int, Depends(lent)]) -> Response:
        return Response()

    @inner.get("/threaded")
    async def with_thread(_: Annotated[int, Depends(threaded)]) -> Response:
        return Response()

    @inner.get("/model")
    async def with_model() -> Money:
        return Money(amount=1)

    @inner.get("/setting")
    async def with_response(response: Response) -> Response:
        return response

    app.include_router(inner.router, prefix="/v1")

    for path in ("/v1/lent", "/v1/threaded", "/v1/model", "/v1/setting"):
        assert not isinstance(call_of(app, "GET", path), DirectCall), path


async def test_a_bug_is_told_nothing_of_and_an_error_keeps_no_way_of_a_request() -> None:
    inner, app, error = FastAPI(), API(), HTTPException(418, "the same each time")

    @inner.get("/broken")
    async def broken() -> Response:
        raise ValueError("a secret")

    @inner.get("/refused")
    async def refused() -> Response:
        raise error

    app.include_router(inner.router, prefix="/v1")

    status, _, content, _ = await answer_of(app, "GET", "/v1/broken", {})
    assert (status, b"internal_error" in content, b"secret" in content) == (500, True, False)
    assert (await answer_of(app, "GET", "/v1/refused", {}))[0] == 418
    assert error.__traceback__ is None
