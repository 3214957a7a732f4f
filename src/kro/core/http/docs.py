"""API documentation that needs no internet: the pages' scripts come with the ``fastapi-offline`` package."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import fastapi_offline
import orjson
from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

from kro.core.http.replies import JSONBytes

_STATIC_URL: Final = "/static-offline-docs"
_DOCUMENT_URL: Final = "/openapi.json"

Describe: TypeAlias = Callable[[], Awaitable[bytes]]
"""Makes the OpenAPI document, as JSON."""


class _Document:
    """Made once, for all who ask meanwhile and for everybody later; where that fails the next one tries again."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._making: asyncio.Task[bytes] | None = None

    async def read(self) -> bytes:
        self._making = self._making or asyncio.create_task(self._make())
        # Whoever stops waiting leaves it to the others.
        return await asyncio.shield(self._making)

    async def _make(self) -> bytes:
        try:
            return await self._describe()
        except BaseException:
            self._making = None
            raise


def add_docs(app: FastAPI, describe: Describe | None = None) -> None:
    """Serve ``/docs`` from this machine alone, and the document it shows.

    :param describe: makes the document elsewhere; without it everybody waits while this process does, for seconds.
    """
    static = Path(fastapi_offline.__file__).parent / "static"
    app.mount(_STATIC_URL, StaticFiles(directory=static), name="static-offline-docs")
    swagger = get_swagger_ui_html(
        openapi_url=_DOCUMENT_URL,
        title=app.title,
        swagger_js_url=f"{_STATIC_URL}/swagger-ui-bundle.js",
        swagger_css_url=f"{_STATIC_URL}/swagger-ui.css",
        swagger_favicon_url=f"{_STATIC_URL}/favicon.png",
    )

    async def docs() -> HTMLResponse:
        return swagger

    async def describe_here() -> bytes:
        return orjson.dumps(app.openapi())

    document = _Document(describe or describe_here)

    async def openapi() -> Response:
        return JSONBytes(await document.read())

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.add_api_route(_DOCUMENT_URL, openapi, include_in_schema=False)


def add_event_docs(app: FastAPI, document: Callable[[], Mapping[str, Any]]) -> None:
    """Serve the AsyncAPI document of what is told beside HTTP; it is made when somebody asks for it first."""
    described = cache(lambda: orjson.dumps(document()))

    async def asyncapi() -> Response:
        return JSONBytes(described())

    app.add_api_route("/asyncapi.json", asyncapi, include_in_schema=False)
