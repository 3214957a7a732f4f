"""What every bus does to hear: again and again, and one piece of news after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from kro.core.realtime.bus import Listener
from kro.core.realtime.wire import decode
from kro.core.telemetry import get_logger

_LOG = get_logger()


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Seconds. A connection silent for ``heartbeat_seconds`` is asked whether it still lives."""

    heartbeat_seconds: float = 15.0
    connect_seconds: float = 5.0
    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 10.0


async def listen_always(
    hear: Callable[[], Awaitable[None]], *, lost: tuple[type[Exception], ...], options: ListenOptions
) -> NoReturn:
    """Call ``hear``, which listens on one connection until it is lost, until cancelled; pauses grow and start over."""
    pause = options.first_pause_seconds
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await hear()
        except lost as error:
            _LOG.warning("realtime_listener_lost", error_type=type(error).__name__, retry_in_seconds=pause)
        if asyncio.get_running_loop().time() - began > options.longest_pause_seconds:
            pause = options.first_pause_seconds
        await asyncio.sleep(pause)
        pause = min(pause * 2, options.longest_pause_seconds)


async def pass_on(text: str | bytes, listener: Listener) -> None:
    """Deliver what was heard; one piece of news that cannot be delivered must not silence the ones after it."""
    try:
        await listener.deliver(decode(text))
    except Exception:  # noqa: BLE001 - as said
        _LOG.exception("realtime_signal_dropped")
