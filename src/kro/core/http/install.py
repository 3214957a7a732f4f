"""Puts the manners of the API around an application; ``main`` only adds routers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import Depends, FastAPI

from kro.core.config import AppSettings, TrafficSettings
from kro.core.draining import Draining
from kro.core.http.application import API, answer_bug
from kro.core.http.body import BodyMiddleware, BodyPolicy
from kro.core.http.docs import Describe, add_docs
from kro.core.http.handlers import add_handlers
from kro.core.http.health import Check, health_router
from kro.core.http.idempotency import HEADER
from kro.core.http.middleware import OriginMiddleware, RequestMiddleware
from kro.core.http.openapi import complete_openapi
from kro.core.http.strict_query import strict_query
from kro.core.http.surfaces import SurfaceMiddleware
from kro.core.http.traffic import TrafficMiddleware
from kro.core.ids import IdSource
from kro.core.rate_limit import Traffic

_ALLOWED_HEADERS: Final = ("Authorization", "Content-Type", HEADER, "X-Request-Id")
_EXPOSED_HEADERS: Final = ("X-Request-Id", "Idempotent-Replayed", "Retry-After", "RateLimit", "RateLimit-Policy")
_CORS_SECONDS: Final = 600


def new_api(
    *,
    title: str,
    version: str,
    settings: AppSettings,
    ids: IdSource,
    checks: Mapping[str, Check],
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    body_policies: Sequence[BodyPolicy] = (),
    traffic: TrafficSettings | None = None,
    draining: Draining | None = None,
    describe: Describe | None = None,
) -> API:
    """Make an application with every manner installed; routers come after.

    :param describe: makes the document of the interface elsewhere.
    """
    app = API(
        title=title,
        version=version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(strict_query)],
        # Log records of the framework would carry exception texts; ours are filtered. Nothing takes its spans and
        # figures yet, and asking for that on each request costs more than matching its route.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    install(
        app,
        settings=settings,
        ids=ids,
        checks=checks,
        body_policies=body_policies,
        traffic=traffic,
        draining=draining,
        describe=describe,
    )
    return app


def install(
    app: FastAPI,
    *,
    settings: AppSettings,
    ids: IdSource,
    checks: Mapping[str, Check],
    body_policies: Sequence[BodyPolicy] = (),
    traffic: TrafficSettings | None = None,
    draining: Draining | None = None,
    describe: Describe | None = None,
) -> None:
    """Wire middleware, error handlers, documentation and health into an application that has none of them.

    The last middleware added stands outermost: request identity, then CORS, then hosts and
    origins, then traffic, then the body, and inside of them what answers.
    """
    draining = draining or Draining()
    app.add_middleware(BodyMiddleware, policies=body_policies)
    app.state.traffic = Traffic(traffic or TrafficSettings())
    app.add_middleware(TrafficMiddleware, traffic=app.state.traffic)
    app.add_middleware(SurfaceMiddleware, settings=settings)
    origins: dict[str, Any] = {
        "allow_origins": sorted({*settings.allowed_origins, *(settings.admin_origins or ())}),
        "allow_methods": ("GET", "POST", "PUT", "PATCH", "DELETE"),
        "allow_headers": _ALLOWED_HEADERS,
        "expose_headers": _EXPOSED_HEADERS,
        "max_age": _CORS_SECONDS,
    }
    app.add_middleware(OriginMiddleware, **origins)
    app.add_middleware(
        RequestMiddleware, ids=ids, draining=draining, last_resort=OriginMiddleware(answer_bug, **origins)
    )
    add_handlers(app)
    add_docs(app, describe)
    app.include_router(health_router({**checks, "staying": draining.check}))
    complete_openapi(app)
