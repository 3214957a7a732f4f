"""The API process: uvicorn around the application, alone or as several workers on one port."""

from __future__ import annotations

import multiprocessing
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from kro.core.config import load_settings
from kro.run.database import require_sound_database
from kro.run.imports import lean_imports
from kro.run.lifetime import end_with_parent
from kro.run.ports import require_free_port

_GRACE_SECONDS: Final = 5
_LARGEST_SOCKET_MESSAGE: Final = 65_536
_APPLICATION: Final = "kro.run.serve:application"


def application() -> ASGIApp:
    """Build the application from the environment's settings; uvicorn calls this once in each worker process."""
    # uvicorn stops its workers when it ends in order; killed, it would leave them on the port. It may be dead already,
    # and then another process is our parent: so it is named, and asked for before anything that takes long.
    if (parent := multiprocessing.parent_process()) is not None:
        end_with_parent(parent=parent.pid)
    settings = load_settings()
    with lean_imports(settings):
        from kro.main import create_app  # noqa: PLC0415 - the parent of several workers never needs the application
    return create_app(settings)


def serve(*, host: str | None = None, port: int | None = None, workers: int = 1) -> None:
    """Serve the API until asked to stop; address and port come from the settings unless given.

    :raises StartError: the port is taken.
    :raises EmbeddedPostgresError: the embedded database is not running.
    :raises DatabaseRefusedError: the database cannot be entrusted with money.
    :raises ConfigError: the settings cannot be used.
    """
    settings = load_settings()
    api = settings.app.api
    # A database that does not run or cannot be trusted is told here, before any process is started.
    require_sound_database(settings)
    host, port = host or api.host, api.port if port is None else port
    require_free_port(host, port, variable="KRO_API_PORT or --port")
    uvicorn.run(
        _APPLICATION,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        # Which proxies are believed is the application's own setting.
        proxy_headers=False,
        ws_max_size=_LARGEST_SOCKET_MESSAGE,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
