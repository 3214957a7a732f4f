"""The API: routers, manners, sockets and the life of one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

import kro
from kro.bootstrap import Application, Providers, build
from kro.core.clock import Clock
from kro.core.config import Settings
from kro.core.http import new_api
from kro.core.telemetry import configure_logging
from kro.kro_balance.controller import router as balance
from kro.management.controller import router as management
from kro.order.controller import evidence_policy
from kro.order.controller import router as orders
from kro.payment.controller import router as payments
from kro.refund.controller import router as refunds
from kro.verification.controller import router as verification


def create_app(settings: Settings, *, providers: Providers | None = None, clock: Clock | None = None) -> ASGIApp:
    """Return the application to serve: HTTP and Socket.IO, with everything opened and closed by its lifespan."""
    configure_logging(settings.logging)
    application = build(settings, providers=providers, clock=clock)
    api = create_api(application)
    return application.realtime.mount(api)


def create_api(application: Application) -> FastAPI:
    """Return the HTTP side alone."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await application.open()
        await application.realtime.start()
        try:
            yield
        finally:
            await application.realtime.stop()
            await application.close()

    async def database_answers() -> None:
        await application.database.value("SELECT 1")

    api = new_api(
        title="KRO backend",
        version=kro.__version__,
        settings=application.settings.app,
        ids=application.base.ids,
        checks={"database": database_answers},
        lifespan=lifespan,
        body_policies=(evidence_policy,),
    )
    application.install(api)
    for router in (verification, management, orders, payments, refunds, balance):
        api.include_router(router, prefix="/v1")
    return api
