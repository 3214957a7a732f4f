"""The index finds for every request what the framework's own search would find, and nothing that it would not."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import product
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.routing import Match
from starlette.types import Scope

from kro.bootstrap import Application, build
from kro.core.config import load_settings
from kro.core.config.platform import Credentials
from kro.core.http import API
from kro.core.http.route_index import RouteIndex
from kro.core.http.routes import matched_route, operations, route_template
from kro.main import LeanStart, create_api
from kro.run.describing import described_elsewhere
from kro.run.permissions import guarded_operations

_PARAMETER = re.compile(r"{(\w+)}")
_METHODS = ("GET", "POST")


@pytest.fixture(scope="module")
def application() -> Application:
    settings = load_settings(environment="test", environ={})
    never_opened = {
        "embedded": False,
        "url": SecretStr("postgresql://127.0.0.1/never_opened"),
        "app": Credentials(username="kro_app", password=SecretStr("-")),
    }
    database = settings.database.model_copy(update=never_opened)
    return build(settings.model_copy(update={"database": database}))


@pytest.fixture(scope="module")
def api(application: Application) -> API:
    return create_api(application)


@pytest.fixture(scope="module")
def completed(application: Application) -> API:
    """The application as it is served: its index is older than half of its routes."""
    api = create_api(application, lean=LeanStart(importing=nullcontext, describe=described_elsewhere))
    api.build_middleware_stack()
    asyncio.run(api.bring_rest(after_seconds=0))
    return api


def found(routes: list[Any], method: str, path: str) -> tuple[str, Any] | None:
    """Return template and path parameters of the first route that takes the request wholly."""
    for first in routes:
        route, context = first, None
        scope: Scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        match, child = route.matches(scope)
        # A router that was included knows by itself which of its own is meant, and may hold others that were included.
        while match is Match.FULL and hasattr(route, "_match"):
            match, child, route, context = route._match(scope)
        if match is Match.FULL:
            scope.update(child)
            return (context or matched_route(scope)).path, scope["path_params"]
    return None


def indexed(index: RouteIndex, method: str, path: str) -> tuple[str, Any] | None:
    """Return template and path parameters of what the index finds."""
    scope: Scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
    return None if index.match(scope) is None else (route_template(scope), scope["path_params"])


def paths(api: API) -> Iterator[str]:
    """Yield every template with its parameters filled in, also by words that stand in the same place elsewhere."""
    templates = {template for _, template, _ in operations(api) if template.startswith("/v1/")}
    words = defaultdict(set)
    for parts in (template.split("/") for template in templates):
        for at, part in enumerate(parts):
            words[at, tuple(parts[:at])].add(_PARAMETER.sub("x", part))
    for template in templates:
        parts = template.split("/")
        for at in (at for at, part in enumerate(parts) if part.startswith("{")):
            for word in words[at, tuple(parts[:at])]:
                yield _PARAMETER.sub("y", "/".join([*parts[:at], word, *parts[at + 1 :]]))
        yield _PARAMETER.sub("a b", template)
        yield _PARAMETER.sub("\n", template)
        yield _PARAMETER.sub("", template)
        yield template + "/"


def test_it_finds_what_the_framework_finds_also_among_routes_that_came_later(api: API, completed: API) -> None:
    index, grown = RouteIndex.of(api), completed.index
    assert grown is not None
    asked = set(paths(api))
    assert len(asked) > 500

    for path, method in product(sorted(asked), _METHODS):
        by_framework = found(api.router.routes, method, path)
        assert indexed(index, method, path) == by_framework == indexed(grown, method, path), f"{method} {path}"


def test_it_knows_every_operation(api: API) -> None:
    index = RouteIndex.of(api)

    for method, template, _ in operations(api):
        if template.startswith("/v1/"):
            assert index.find(method, _PARAMETER.sub("x", template)) is not None, template


def test_the_guards_of_every_operation_are_looked_at(api: API) -> None:
    served = {(method, template) for method, template, _ in operations(api) if template.startswith("/v1/")}

    # The clock is part of test configurations alone.
    assert {(one.method, one.path) for one in guarded_operations()} == served - {("POST", "/v1/test/clock")}


def test_a_parameter_of_several_parts_is_refused() -> None:
    inner, app = FastAPI(), FastAPI()

    @inner.get("/files/{name:path}")
    async def read(name: str) -> str:
        return name

    app.include_router(inner.router, prefix="/v1")

    with pytest.raises(NotImplementedError, match="/v1/files"):
        RouteIndex.of(app)
