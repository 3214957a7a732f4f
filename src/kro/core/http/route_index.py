"""Finds the route of a request by the parts of its path, instead of asking hundreds of routes one after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from kro.core.http.routes import CALL, IncludedRoute, included_routes

_PREFIX: Final = "/v1/"


@dataclass(slots=True)
class _Node:
    """One part of a path: what may follow it, by name or as a parameter, and the routes that end here."""

    literal: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    routes: dict[str, tuple[int, IncludedRoute]] = field(default_factory=dict)
    """By method: the place in which the framework would ask the route, and the route."""

    def put(self, parts: list[str]) -> _Node:
        """Return the node of a template's last part, made on the way where it is not there yet.

        :raises NotImplementedError: for a parameter of another kind, which may take several parts.
        """
        node = self
        for part in parts:
            if part.startswith("{"):
                if ":" in part:
                    raise NotImplementedError(
                        f"{'/'.join(parts)} has a parameter that may take several parts of a path"
                    )
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literal.setdefault(part, _Node())
        return node

    def find(self, parts: list[str], method: str, at: int = 0) -> Iterator[tuple[int, IncludedRoute]]:
        """Yield every route of the method whose template fits the parts."""
        if at == len(parts):
            if method in self.routes:
                yield self.routes[method]
            return
        if (literal := self.literal.get(parts[at])) is not None:
            yield from literal.find(parts, method, at + 1)
        # A parameter takes one part that is not empty, as the framework's does.
        if self.parameter is not None and parts[at]:
            yield from self.parameter.find(parts, method, at + 1)


class RouteIndex(BaseRoute):
    """Stands before all other routes and answers for those whose parameters take one part of the path each.

    Where two templates fit, the one that was added first is taken, as without the index. A path or a method that fits
    none is left to the routes behind it, which know how to say so.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._root: _Node | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return the route in the scope to be merged; the first request under the prefix builds the index."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            return Match.NONE, {}
        if self._root is None:
            self._root = self._build()
        found = min(self._root.find(scope["path"].split("/"), scope["method"]), default=None, key=_place)
        return (Match.NONE, {}) if found is None else found[1].selected(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the route that was found."""
        await scope[CALL](scope, receive, send)

    def _build(self) -> _Node:
        root = _Node()
        for place, (template, methods, route) in enumerate(included_routes(self._app.routes)):
            node = root.put(template.split("/"))
            for method in methods:
                node.routes.setdefault(method, (place, route))
        return root


def _place(found: tuple[int, IncludedRoute]) -> int:
    return found[0]


def index_routes(app: FastAPI) -> None:
    """Put an index before the routes that the application has now."""
    app.router.routes.insert(0, RouteIndex(app))
