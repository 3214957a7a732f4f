"""The API: routers, manners, sockets and the life of one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

import orjson
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

import kro
from kro.bootstrap import Application, Providers, build
from kro.bootstrap.live import SURFACES
from kro.core.clock import Clock
from kro.core.config import Settings
from kro.core.database.failures import UNREACHABLE, DatabaseBusyError
from kro.core.draining import Draining
from kro.core.http import API, SurfaceMiddleware, behind_proxies, new_api
from kro.core.http.docs import Describe, add_event_docs
from kro.core.ids import SystemIdSource
from kro.core.messaging.endpoints import router as delivery_reports
from kro.core.notifications.endpoints import router as mail_reports
from kro.core.realtime.asyncapi import asyncapi_document
from kro.core.storage.routes import file_policy
from kro.core.storage.routes import router as files
from kro.core.telemetry import Telemetry, configure_logging, start_telemetry
from kro.kro_balance.controller import router as balance
from kro.management.controller import form_policy, sanction_list_policy, statement_policy
from kro.management.controller import router as management
from kro.order.controller import evidence_policy, test_clock
from kro.order.controller import router as orders
from kro.payment.controller import router as payments
from kro.refund.controller import router as refunds
from kro.verification.controller import router as verification

ROUTERS: Final = (delivery_reports, mail_reports, verification, management, orders, payments, refunds, balance, files)
"""Everything under ``/v1`` but :func:`admins_routes`.

Delivery reports come before the payments' webhooks, whose path takes any name.
"""

Importing: TypeAlias = Callable[[], AbstractContextManager[None]]
_TITLE: Final = "KRO backend"

_REST_AFTER_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class LeanStart:
    """What a start leaves for later: half of all routes, and with them the description of the interface.

    ``importing`` surrounds the import of the admins' routes; ``describe`` makes the document in another process.
    """

    importing: Importing
    describe: Describe


class Openable(Protocol):
    """What is opened before it serves."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...


def create_app(
    settings: Settings,
    *,
    providers: Providers | None = None,
    clock: Clock | None = None,
    draining: Draining | None = None,
    lean: LeanStart | None = None,
) -> ASGIApp:
    """Return the application to serve: HTTP and Socket.IO, with everything opened and closed by its lifespan.

    With ``lean`` the admins' routes are imported when it serves, or when somebody asks for one; else they are there.
    """
    configure_logging(settings.logging)
    telemetry = start_telemetry(settings, role="api", version=kro.__version__)
    application = build(settings, providers=providers, clock=clock)
    draining = draining or Draining()
    api = create_api(application, draining=draining, telemetry=telemetry, lean=lean)
    return beside_sockets(application, api, draining=draining)


def beside_sockets(application: Application, api: FastAPI, *, draining: Draining | None = None) -> ASGIApp:
    """Return the HTTP side with the sockets beside it, both behind the proxies that are trusted."""
    settings, paths = application.settings.app, [surface.path for surface in SURFACES]
    mounted = application.realtime.mount(api, draining=draining)
    served = SurfaceMiddleware(mounted, settings=settings, sockets_at=paths)
    return behind_proxies(served, settings.trusted_proxies)


def create_api(
    application: Application,
    *,
    draining: Draining | None = None,
    telemetry: Telemetry | None = None,
    lean: LeanStart | None = None,
) -> API:
    """Return the HTTP side alone; for ``lean`` see :func:`create_app`."""
    replica = application.base.replica

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await open_patiently(application)
        if replica is not None:
            replica.watch()
        await application.realtime.start()
        if telemetry is not None:
            await telemetry.open(application.database)
        rest = asyncio.create_task(api.bring_rest(after_seconds=_REST_AFTER_SECONDS))
        try:
            yield
        finally:
            rest.cancel()
            await application.realtime.stop()
            if replica is not None:
                await replica.close()
            await application.close()
            if telemetry is not None:
                await telemetry.close()

    async def database_answers() -> None:
        await application.database.value("SELECT 1")

    api = new_api(
        title=_TITLE,
        version=kro.__version__,
        settings=application.settings.app,
        ids=application.base.ids,
        checks={"database": database_answers},
        lifespan=lifespan,
        traffic=application.settings.traffic,
        draining=draining,
        body_policies=(
            evidence_policy,
            statement_policy,
            sanction_list_policy,
            form_policy,
            file_policy(application.settings.evidence.max_bytes),
        ),
        describe=lean.describe if lean else None,
    )
    api.has_replica = replica is not None
    application.install(api)
    add_event_docs(api, partial(_live_events, application.settings))
    _include_routes(api, application.settings, lean)
    return api


def described(settings: Settings) -> bytes:
    """Return the OpenAPI document of the interface as JSON; there is nothing behind the routes it is made from."""
    api = new_api(title=_TITLE, version=kro.__version__, settings=settings.app, ids=SystemIdSource(), checks={})
    _include_routes(api, settings)
    return orjson.dumps(api.openapi())


def _include_routes(api: API, settings: Settings, lean: LeanStart | None = None) -> None:
    for router in ROUTERS:
        api.include_router(router, prefix="/v1")
    if lean is None:
        api.include_router(admins_routes(), prefix="/v1")
    else:
        api.include_later("/v1/admin/", partial(admins_routes, lean.importing), below="/v1")
    if settings.app.test_clock:
        api.include_router(test_clock, prefix="/v1")


def _live_events(settings: Settings) -> Mapping[str, Any]:
    url = settings.app.public_base_url
    return asyncapi_document(SURFACES, title="KRO live events", version=kro.__version__, base_url=url)


def admins_routes(importing: Importing = nullcontext) -> APIRouter:
    """Return what admins do, also under ``/v1``; ``importing`` surrounds its import."""
    with importing():
        from kro.management.controller.admin import router  # noqa: PLC0415 - half of all routes; a start does without
    return router


async def open_patiently(
    application: Openable, *, patience_seconds: float = _PATIENCE_SECONDS, pause_seconds: float = _PAUSE_SECONDS
) -> None:
    """Open the application, waiting for a database that restarts at this very moment.

    That the address is right was seen before any process was started. One process that gave up at once would take all
    the others with it: uvicorn ends them when one of them cannot start.

    :raises OSError: the database stayed away; the driver's own errors of that kind go through as well.
    """
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while True:
        try:
            await application.open()
        except (DatabaseBusyError, *UNREACHABLE):
            await application.close()
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(pause_seconds)
        else:
            return
