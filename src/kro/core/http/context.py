"""Who is asking what, for everything that runs inside one HTTP request."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from structlog.contextvars import bind_contextvars, reset_contextvars


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


class serving:  # noqa: N801 - it reads as what it does
    """Make a request the current one for everything called inside the block, log lines included."""

    __slots__ = ("_context", "_names", "_token")

    def __init__(self, context: RequestContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        context = self._context
        self._token = _current.set(context)
        self._names = bind_contextvars(request_id=context.request_id, client_request_id=context.client_request_id)

    def __exit__(self, *_: object) -> None:
        reset_contextvars(**self._names)
        _current.reset(self._token)
