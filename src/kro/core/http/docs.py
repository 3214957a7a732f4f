"""API documentation that needs no internet: the pages' scripts come with the ``fastapi-offline`` package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import fastapi_offline
import orjson
from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse

_STATIC_URL: Final = "/static-offline-docs"


def add_docs(app: FastAPI) -> None:
    """Serve ``/docs`` from this machine alone."""
    static = Path(fastapi_offline.__file__).parent / "static"
    app.mount(_STATIC_URL, StaticFiles(directory=static), name="static-offline-docs")
    swagger = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=app.title,
        swagger_js_url=f"{_STATIC_URL}/swagger-ui-bundle.js",
        swagger_css_url=f"{_STATIC_URL}/swagger-ui.css",
        swagger_favicon_url=f"{_STATIC_URL}/favicon.png",
    )

    async def docs() -> HTMLResponse:
        return swagger

    app.add_api_route("/docs", docs, include_in_schema=False)


def add_event_docs(app: FastAPI, document: Mapping[str, Any]) -> None:
    """Serve the AsyncAPI document of what is told beside HTTP."""
    body = orjson.dumps(document)

    async def asyncapi() -> Response:
        return Response(body, media_type="application/json")

    app.add_api_route("/asyncapi.json", asyncapi, include_in_schema=False)
