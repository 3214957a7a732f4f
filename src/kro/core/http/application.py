"""The framework's application, with a shorter way to most of its routes: the same answers in fewer steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from kro.core.http.later import LaterRoutes
from kro.core.http.problems import plain_problem_response
from kro.core.http.route_index import RouteIndex
from kro.core.http.routes import route_template
from kro.core.telemetry import get_logger

_log = get_logger()

_SERVER_ERROR: Final = 500
_NO_SOCKET: Final = WebSocketClose()

Handler = Callable[[Request, Exception], Awaitable[Response]]


class API(FastAPI):
    """Finds routes in an index, and calls them directly where it can; the others are handled by the framework.

    Inside of the middleware stands :class:`Answering`, in the place of the framework's own last resort.
    """

    has_replica = False
    """Whether what says so may be read from a replica."""
    later: LaterRoutes | None = None
    """What is imported after the start, where anything is."""
    index: RouteIndex | None = None
    """Made on the first request."""

    def include_later(self, prefix: str, load: Callable[[], APIRouter], *, below: str) -> None:
        """Include, below a path, a router that is imported when it is first needed: see :class:`LaterRoutes`.

        Until then :meth:`openapi` knows nothing of its routes.
        """

        def include(router: APIRouter) -> None:
            known = len(self.routes)
            self.include_router(router, prefix=below)
            if self.index is not None:
                self.index.add(self.routes[known:])

        self.later = LaterRoutes(prefix, load, include)

    async def bring_rest(self, *, after_seconds: float) -> None:
        """Include what was left for later some time after the start."""
        if self.later is not None:
            await self.later.bring_unasked(after_seconds)

    def build_middleware_stack(self) -> ASGIApp:
        """Put the middleware around what answers; called by the framework on the first request."""
        handlers: Any = self.exception_handlers
        framework = ExceptionMiddleware(AsyncExitStackMiddleware(_handle), handlers=handlers)
        self.index = RouteIndex.of(self, has_replica=self.has_replica)
        app: ASGIApp = Answering(
            framework, index=self.index, later=self.later, handlers=handlers, lifespan=self.router.lifespan
        )
        for layer, args, options in reversed(self.user_middleware):
            app = layer(app, *args, **options)
        return app


class Answering:
    """Answers a request by its route, an error by its handler, and a bug with a problem that tells nothing.

    It stands inside the CORS layer, so that browsers may read the answer; bugs of the layers between are answered by
    :class:`~kro.core.http.middleware.RequestMiddleware` through a CORS layer of its own. Once a response has started
    nothing can be answered; the error then goes on to the server, which logs it and drops the connection.
    """

    def __init__(
        self,
        framework: ASGIApp,
        *,
        index: RouteIndex,
        handlers: dict[type[Exception], Handler],
        lifespan: ASGIApp,
        later: LaterRoutes | None = None,
    ) -> None:
        self._framework = framework
        self._index = index
        self._later = later
        self._lifespan = lifespan
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await _NO_SOCKET(scope, receive, send)
            return
        route = self._index.match(scope)
        if route is None and self._later is not None and self._later.are_missed(scope["path"]):
            await self._later.bring()
            route = self._index.match(scope)
        call = self._refuse if route is None else route.call
        if call is not None:
            response = await self._answer(call, Request(scope, receive, send))
            await response(scope, receive, send)
        else:
            await self._leave(scope, receive, send)

    async def _refuse(self, request: Request) -> Response:
        """Answer a request that no route takes, without asking any of them: each would be worked out for that.

        :raises HTTPException: the path is there for other methods, or not there.
        """
        path = request.scope["path"]
        if allowed := self._index.methods(path):
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(allowed))})
        if self._index.methods(without := path.rstrip("/")):
            return RedirectResponse(str(URL(scope={**request.scope, "path": without})))
        raise HTTPException(HTTPStatus.NOT_FOUND)

    async def _answer(self, call: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
        try:
            return await call(request)
        except Exception as error:  # noqa: BLE001 - every one is answered
            handler = next((self._handlers[kind] for kind in type(error).__mro__ if kind in self._handlers), None)
            try:
                return _last_resort(request.scope) if handler is None else await handler(request, error)
            finally:
                # An error that is one object for many requests would gather the way of each of them.
                error.__traceback__ = None

    async def _leave(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._framework(scope, receive, watch)
        except Exception:
            if started:
                raise
            await answer_bug(scope, receive, send)


async def _handle(scope: Scope, receive: Receive, send: Send) -> None:
    """Have the framework handle the route that was found for it."""
    await scope["route"].handle(scope, receive, send)


def _last_resort(scope: Scope) -> Response:
    """Log the bug that is being handled and return a problem that tells nothing of it but where to ask."""
    _log.exception("unhandled_error", method=scope["method"], route=route_template(scope))
    return plain_problem_response(
        status=_SERVER_ERROR,
        code="internal_error",
        title="Internal error",
        detail="Something went wrong on our side; quote the request_id when you report it.",
    )


async def answer_bug(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request whose handling ended in the bug that is being handled."""
    await _last_resort(scope)(scope, receive, send)
