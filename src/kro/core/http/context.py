"""Who is asking what, for everything that runs inside one HTTP request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestContext:
    """``request_id`` is always ours; ``client_request_id`` is what the client called it, if that was safe to keep."""

    request_id: str
    client_request_id: str | None
    method: str
    path: str
    ip: str | None


_current: ContextVar[RequestContext | None] = ContextVar("kro_request", default=None)


def current_request() -> RequestContext | None:
    """Return the request being served, or ``None`` outside of one (worker, command line)."""
    return _current.get()


@contextmanager
def serving(context: RequestContext) -> Iterator[None]:
    """Make a request the current one, for everything called inside the block."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
