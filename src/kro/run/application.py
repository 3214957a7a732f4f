"""The application in a process that serves it; names nothing at its top that the lean block is to leave out."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from kro.core.config import load_settings
from kro.core.draining import Draining
from kro.run.collector import hurry, settle
from kro.run.describing import described_elsewhere
from kro.run.imports import lean_imports, light_definitions
from kro.run.lifetime import end_with_parent


def application() -> ASGIApp:
    """Build the application from the environment's settings; uvicorn calls this once in each process that serves."""
    # uvicorn stops its workers when it ends in order; killed, it would leave them on the port. It may be dead already,
    # and then another process is our parent: so it is named, and asked for before anything that takes long.
    if (parent := multiprocessing.parent_process()) is not None:
        end_with_parent(parent=parent.pid)
    hurry()
    settings = load_settings()
    with lean_imports(settings):
        from kro.main import LeanStart, create_app  # noqa: PLC0415 - the parent of several workers never needs the application
        from kro.run.serve import drain_before_ending  # noqa: PLC0415 - it logs, as the application does
    draining = Draining(seconds=settings.app.api.drain_seconds)
    if draining.seconds:
        drain_before_ending(draining)
    lean = LeanStart(importing=_as_in_a_start, describe=described_elsewhere)
    app = create_app(settings, draining=draining, lean=lean)
    settle()
    return app


@contextmanager
def _as_in_a_start() -> Iterator[None]:
    with light_definitions():
        yield
    settle()
