"""Reads that a replica may answer: those of the routes that say so, and only while the route's own function runs.

Guards run before it, so who may come in is always asked of the primary.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final, TypeVar
from weakref import WeakSet

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
T = TypeVar("T")

_declared: Final[WeakSet[Callable[..., Any]]] = WeakSet()
_elsewhere: ContextVar[bool] = ContextVar("kro_reads_elsewhere", default=False)


def from_replica(endpoint: Endpoint) -> Endpoint:
    """Declare that what a route's function reads may be read from a replica: stands between it and ``@router.get``.

    For lists, statements, reports and the like; not for what decides about money or access, and not for what is found
    by its key, which costs the primary less than saying how far its log is.
    """
    _declared.add(endpoint)
    return endpoint


def reads_from_replica(endpoint: Callable[..., Any]) -> bool:
    """Return whether a route's function was declared so."""
    return endpoint in _declared


def elsewhere(call: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    """Return a function that does the same and may read from a replica meanwhile."""

    async def reading(**values: Any) -> T:  # noqa: ANN401 - whatever it takes
        token = _elsewhere.set(True)
        try:
            return await call(**values)
        finally:
            _elsewhere.reset(token)

    return reading


def may_read_elsewhere() -> bool:
    """Return whether whoever reads now may be given what a replica has."""
    return _elsewhere.get()
