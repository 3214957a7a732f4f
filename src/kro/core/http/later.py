"""Routes that a start does without: imported once the process serves, or when somebody asks for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import APIRouter

from kro.core.telemetry import get_logger

_log = get_logger()


class LaterRoutes:
    """A router that ``load`` imports, one for all who ask meanwhile, and that ``include`` takes, once.

    ``prefix`` is what the paths of these routes, and no others that are missed, begin with.
    """

    def __init__(self, prefix: str, load: Callable[[], APIRouter], include: Callable[[APIRouter], None]) -> None:
        self._prefix = prefix
        self._load = load
        self._include = include
        self._is_there = False
        self._coming: asyncio.Task[None] | None = None

    def are_missed(self, path: str) -> bool:
        """Return whether a request for a path that no route takes has to wait for these."""
        return not self._is_there and path.startswith(self._prefix)

    async def bring(self) -> None:
        """Have the routes when it returns; a thread imports them, while others are served.

        :raises ImportError: or whatever else keeps the routes' modules from being imported; the next one tries again.
        """
        if self._is_there:
            return
        self._coming = self._coming or asyncio.create_task(self._come())
        # Whoever stops waiting leaves the others their import.
        await asyncio.shield(self._coming)

    async def bring_unasked(self, after_seconds: float) -> None:
        """Have the routes some time after the start, so that nobody waits for them and no mistake in them hides."""
        await asyncio.sleep(after_seconds)
        try:
            await self.bring()
        except Exception:  # noqa: BLE001 - everybody else is served; whoever asks for one of these tries again
            _log.exception("routes_not_imported", prefix=self._prefix)

    async def _come(self) -> None:
        try:
            self._include(await asyncio.to_thread(self._load))
            self._is_there = True
        finally:
            self._coming = None
