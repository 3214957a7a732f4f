from __future__ import annotations

import asyncio


class Draining:
    """Whether this process is about to end: it still serves, and has everybody go elsewhere next time."""

    def __init__(self, *, seconds: float = 0.0) -> None:
        self.seconds = seconds
        """How long it goes on serving once it has begun."""
        self._begun = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        self._begun.set()

    async def wait(self) -> None:
        """Return when it begins."""
        await self._begun.wait()

    async def check(self) -> None:
        """Fail once it has begun: the part of the readiness check that tells load balancers to go elsewhere.

        :raises RuntimeError: it has begun.
        """
        if self.has_begun:
            raise RuntimeError("this process is about to end")
