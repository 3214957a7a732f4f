"""The process that carries out what requests only decided: effects, timers, webhooks, polls and house-keeping.

Any number of workers may run on one database; they share the work by claiming rows.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import kro
from kro.bootstrap import build
from kro.bootstrap.figures import Figures
from kro.core.clock import Clock
from kro.core.config import ConfigError, Settings, WorkerSettings, load_settings
from kro.core.database.pool import Database
from kro.core.outbox import Handler, OutboxRelay, RelayOptions
from kro.core.renewals import admit_renewals, hold_renewals
from kro.core.scheduler import (
    DueWatch,
    Loop,
    Step,
    StepLoop,
    SupervisorOptions,
    TimerOptions,
    TimerRunner,
    supervise,
)
from kro.core.telemetry import Telemetry, configure_logging, get_logger, start_telemetry

_FALL_BACK_SECONDS: Final = 30.0
_LOG = get_logger()


@dataclass(slots=True)
class Renewal:
    """Whether somebody asked for a worker with the settings of now, by SIGHUP."""

    is_asked_for: bool = False

    def ask(self) -> bool:
        """Take the wish, unless there are no settings to begin with: then the worker goes on with those it has."""
        try:
            load_settings()
        except ConfigError as error:
            # Its own words name keys of the configuration; `kro config` shows them to whoever may see those.
            _LOG.error("worker_not_renewed", count=len(error.problems))
            return False
        self.is_asked_for = True
        return True


class Application(Protocol):
    """What a worker needs of the program."""

    @property
    def database(self) -> Database: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def outbox_handlers(self) -> Mapping[str, Handler]: ...

    @property
    def steps(self) -> Sequence[Step]: ...

    async def fire_timer(self, order_id: UUID, kind: str) -> None: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...


def run(settings: Settings) -> bool:
    """Run a worker until SIGTERM, SIGINT or SIGHUP, then finish what is in hand.

    :return: whether another worker is to take its place, which reads the configuration's files anew (SIGHUP).
    :raises OSError: when the database is not reachable.
    """
    configure_logging(settings.logging)
    telemetry = start_telemetry(settings, role="worker", version=kro.__version__)
    return asyncio.run(run_worker(build(settings), settings.worker, telemetry=telemetry))


async def run_worker(
    application: Application,
    settings: WorkerSettings,
    *,
    stop: asyncio.Event | None = None,
    telemetry: Telemetry | None = None,
) -> bool:
    """Run a worker until ``stop`` is set or the process is asked to end; return whether it is to begin anew."""
    stop, renewal = stop or asyncio.Event(), Renewal()
    await application.open()
    try:
        if telemetry is not None:
            await telemetry.open(application.database)
        _stop_on_signals(stop, renewal)
        loops = make_loops(application, settings)
        if telemetry is not None:
            loops = (*loops, *figure_loops(application, telemetry))
        _LOG.info("worker_started", count=len(loops))
        await supervise(loops, stop, options=SupervisorOptions(drain_seconds=settings.stop_seconds))
        _LOG.info("worker_begins_anew" if renewal.is_asked_for else "worker_stopped")
        return renewal.is_asked_for
    finally:
        await application.close()
        if telemetry is not None:
            await telemetry.close()


def make_loops(application: Application, settings: WorkerSettings) -> Sequence[Loop]:
    """Return everything a worker runs side by side.

    Each topic has a relay of its own, so that a slow SMS provider never holds up a payment or an event. One watch wakes
    them, which is what ``poll_ms`` is about.
    """
    database, clock = application.database, application.clock
    relays = [
        OutboxRelay(database, {topic: handle}, options=relay_options(settings))
        for topic, handle in application.outbox_handlers.items()
    ]
    timers = TimerRunner(database, application.fire_timer, clock, options=timer_options(settings))
    steps = [StepLoop(step, database) for step in application.steps]
    watch = DueWatch((*relays, timers, *steps), database, clock, every_seconds=settings.poll_ms / 1000)
    return (watch, *relays, timers, *steps)


def figure_loops(application: Application, telemetry: Telemetry) -> Sequence[Loop]:
    """Return what reads from the database what whoever watches wants to know."""
    figures = Figures(application.database, tuple(application.outbox_handlers), telemetry.every_seconds)
    return [StepLoop(step, application.database) for step in figures.steps()]


def relay_options(settings: WorkerSettings) -> RelayOptions:
    return RelayOptions(poll_seconds=_FALL_BACK_SECONDS, parallel=settings.batch, lease_seconds=settings.lease_seconds)


def timer_options(settings: WorkerSettings) -> TimerOptions:
    return TimerOptions(poll_seconds=_FALL_BACK_SECONDS, parallel=settings.batch, lease_seconds=settings.lease_seconds)


def _stop_on_signals(stop: asyncio.Event, renewal: Renewal) -> None:
    loop = asyncio.get_running_loop()

    def end() -> None:
        # Whoever asks it to end means it, also while it finishes in order to begin anew.
        renewal.is_asked_for = False
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            # A second request does not wait for anything.
            loop.remove_signal_handler(number)

    def renew() -> None:
        if not stop.is_set() and renewal.ask():
            # Another one waits until the successor can take it.
            hold_renewals()
            stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.add_signal_handler(signal.SIGHUP, renew)
    admit_renewals()
