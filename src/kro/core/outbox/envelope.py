from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message in hand.

    ``attempts`` counts its turns, this one too: 1 is the first. In ``waits`` of them nothing was tried.
    """

    id: UUID
    topic: str
    payload: Mapping[str, Any] = field(repr=False)
    attempts: int
    created_at: datetime
    waits: int = 0
    mark: Mapping[str, Any] | None = None
    """What caused the message, where somebody wants to know; see :mod:`kro.core.telemetry.tracing`."""

    @property
    def tries(self) -> int:
        """Return which try this is."""
        return self.attempts - self.waits


Handler: TypeAlias = Callable[[Envelope], Awaitable[None]]
"""Carries out one effect. It may be called again for the same message, so it recognizes its id or the state it finds.

Returning means delivered; ``RetryLater`` and ``GiveUp`` say otherwise, and any other exception means another try.
"""
