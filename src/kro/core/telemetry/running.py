"""Telemetry from the start of a process to its end. Where nobody wants any, nothing of it is imported."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from kro.core.config import Settings
from kro.core.telemetry import hooks
from kro.core.telemetry.catalogue import LOOP_LAG, POOL_CONNECTIONS

if TYPE_CHECKING:
    from kro.core.telemetry.exporting import Exporting
    from kro.core.telemetry.scraping import MetricsServer

_PULSE_SECONDS: Final = 1.0
_END_SECONDS: Final = 3.0


class Pool(Protocol):
    def connections(self) -> tuple[int, int]:
        """Return how many connections there are, and how many of them are idle."""
        ...


def wants_telemetry(settings: Settings) -> bool:
    """Return whether the settings name anybody who wants it."""
    return settings.highlight.endpoint is not None or settings.telemetry.metrics.port is not None


def start_telemetry(settings: Settings, *, role: str, version: str) -> Telemetry | None:
    """Send the signals of this process on from now, or return ``None`` where the settings name nobody who wants them.

    ``role`` tells processes of one service apart: ``api`` or ``worker``.
    """
    highlight, telemetry = settings.highlight, settings.telemetry
    if not wants_telemetry(settings):
        return None
    from kro.core.telemetry.exporting import Exporting, ExportOptions  # noqa: PLC0415 - heavy
    from kro.core.telemetry.scraping import MetricsPage, MetricsServer  # noqa: PLC0415 - heavy

    resource = {
        "service.name": highlight.service_name or "kro-backend",
        "service.version": version,
        "service.instance.id": f"{socket.gethostname()}/{os.getpid()}",
        "deployment.environment.name": settings.app.env.value,
        "kro.role": role,
    }
    if highlight.project_id is not None:
        resource["highlight.project_id"] = highlight.project_id
    exporting = Exporting(
        ExportOptions(
            endpoint=highlight.endpoint,
            headers={name: value.get_secret_value() for name, value in telemetry.headers.items()},
            resource=resource,
            sample_ratio=telemetry.sample_ratio,
            slow_milliseconds=telemetry.slow_milliseconds,
            export_seconds=telemetry.export_seconds,
            scraped=telemetry.metrics.port is not None,
        )
    )
    metrics = telemetry.metrics
    page = MetricsPage(exporting.registry, metrics)
    server = None if metrics.port is None else MetricsServer(page, metrics)
    return Telemetry(exporting, server, every_seconds=telemetry.export_seconds)


class Telemetry:
    """What runs beside the program: the page of metrics and a pulse that notices when the event loop is held up."""

    def __init__(self, exporting: Exporting, server: MetricsServer | None, *, every_seconds: float) -> None:
        self.every_seconds = every_seconds
        """How often it is worth reading figures."""
        self._exporting = exporting
        self._server = server
        self._pulse: asyncio.Task[None] | None = None

    @property
    def port(self) -> int | None:
        """Return where metrics are read, while they are."""
        return None if self._server is None else self._server.port

    async def open(self, pool: Pool) -> None:
        """Begin to be seen."""
        self._pulse = asyncio.create_task(_beat(pool))
        if self._server is not None:
            await self._server.start()

    async def close(self) -> None:
        """Export what is there, for three seconds at most: what a collector does not take by then is lost."""
        if self._pulse is not None:
            self._pulse.cancel()
            with suppress(asyncio.CancelledError):
                await self._pulse
        if self._server is not None:
            await self._server.stop()
        await asyncio.to_thread(self._exporting.shut_down().join, _END_SECONDS)


async def _beat(pool: Pool) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        asked = clock()
        await asyncio.sleep(_PULSE_SECONDS)
        hooks.observe(LOOP_LAG, max(0.0, clock() - asked - _PULSE_SECONDS))
        size, idle = pool.connections()
        hooks.put(POOL_CONNECTIONS, idle, state="idle")
        hooks.put(POOL_CONNECTIONS, size - idle, state="used")
