"""Routers whose routes are worked out when they are first asked for: a start has hundreds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import get_name


class LazyRoute(APIRoute):
    """A route that knows its path and methods, and reads its function's signature when anybody wants to know more."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str] | None = None,
        **options: Any,  # noqa: ANN401 - the framework's
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint)
        self.methods = {method.upper() for method in methods or ("GET",)}
        self._options: dict[str, Any] | None = options

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of a route
        options = self.__dict__.get("_options")
        if options is None:
            raise AttributeError(name)
        self._options = None
        super().__init__(self.path, self.endpoint, methods=self.methods, **options)
        return getattr(self, name)


class Router(APIRouter):
    """A router of :class:`LazyRoute`; takes what the framework's takes."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the framework's
        super().__init__(route_class=LazyRoute, **options)

    def include_router(self, router: APIRouter, **options: Any) -> None:  # noqa: ANN401 - the framework's
        """Include a router; one that nothing is added to gives its routes, instead of being looked through."""
        adds_nothing = not (options or self.prefix or self.tags or self.dependencies or self.responses)
        if adds_nothing and isinstance(router, Router):
            self.routes.extend(router.routes)
            self._mark_routes_changed()
        else:
            super().include_router(router, **options)
