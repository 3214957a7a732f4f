from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from kro.core.config import LogFormat, LoggingSettings, LogLevel, load_settings
from kro.core.encryption import BlindIndex
from kro.core.http import BodyPolicy, Check, new_api
from kro.core.ids import SequentialIdSource
from kro.core.telemetry import configure_logging

Serve = Callable[..., AbstractAsyncContextManager[httpx2.AsyncClient]]


def build(
    router: APIRouter, *, checks: dict[str, Check] | None = None, body_policies: tuple[BodyPolicy, ...] = ()
) -> FastAPI:
    app = new_api(
        title="KRO",
        version="1",
        settings=load_settings(environment="local", environ={}).app,
        ids=SequentialIdSource(),
        checks=checks or {},
        body_policies=body_policies,
    )
    app.state.index = BlindIndex(key=bytes(32))
    app.include_router(router, prefix="/v1")
    return app


@pytest.fixture(autouse=True)
def log() -> io.StringIO:
    """Catch the log lines of the test, as JSON."""
    stream = io.StringIO()
    configure_logging(LoggingSettings(level=LogLevel.INFO, format=LogFormat.JSON), stream=stream)
    return stream


@pytest.fixture
def serve() -> Serve:
    """Serve a router under ``/v1`` with all manners installed; a bug answers 500 as it would on a server."""

    @asynccontextmanager
    async def _serve(
        router: APIRouter, *, checks: dict[str, Check] | None = None, body_policies: tuple[BodyPolicy, ...] = ()
    ) -> AsyncIterator[httpx2.AsyncClient]:
        app = build(router, checks=checks, body_policies=body_policies)
        transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 4711))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
            yield client

    return _serve


@pytest.fixture
def router() -> APIRouter:
    return APIRouter()
