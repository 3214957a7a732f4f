"""Routes are worked out when they are asked for, and are then what the framework would have made at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI, Response

from kro.core.http import Router
from kro.core.http.lazy import LazyRoute

SOURCES = Path(__file__).parents[3] / "src" / "kro"


async def read(name: str, limit: int = 5) -> Response:
    """Read one."""
    return Response(f"{name} {limit}")


def app_of(kind: Callable[..., APIRouter], *, tags: list[str] | None = None) -> FastAPI:
    inner, outer, app = kind(), kind(**({"tags": tags} if tags else {})), FastAPI()
    inner.add_api_route("/things/{name}", read, methods=["GET"], summary="One thing")
    inner.add_api_route("/things", read, methods=["post"], deprecated=True)
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")
    return app


@pytest.mark.parametrize("tags", [None, ["things"]])
def test_the_documentation_is_the_same(tags: list[str] | None) -> None:
    documented = app_of(Router, tags=tags).openapi()

    assert documented == app_of(APIRouter, tags=tags).openapi()
    assert set(documented["paths"]) == {"/v1/things/{name}", "/v1/things"}


def test_including_works_nothing_out() -> None:
    inner, outer, app = Router(), Router(), FastAPI()
    inner.add_api_route("/things/{name}", read)
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")
    [route] = outer.routes
    assert isinstance(route, LazyRoute)

    assert "dependant" not in vars(route)
    assert [parameter.name for parameter in route.dependant.query_params] == ["limit"]
    assert "dependant" in vars(route)
    with pytest.raises(AttributeError):
        route.nothing  # noqa: B018 - looking at it is what is tested


def test_every_router_is_lazy() -> None:
    eager = [path.name for path in SOURCES.rglob("*.py") if re.search(r"= APIRouter\(|APIRouter\(\)", path.read_text())]

    assert not eager
