"""Finds the route of a request by the parts of its path, instead of asking hundreds of routes one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Self

from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.types import Scope

from kro.core.http.direct import DirectCall
from kro.core.http.routes import IncludedRoute, included_routes

_PREFIX: Final = "/v1/"


@dataclass(frozen=True, slots=True)
class Found:
    """A route, the place in which the framework would ask it, and which parts of a path are its parameters."""

    place: int
    route: IncludedRoute
    names: tuple[tuple[int, str], ...]

    def parameters(self, parts: list[str]) -> dict[str, str]:
        return {name: parts[at] for at, name in self.names}


@dataclass(slots=True)
class _Node:
    """One part of a path: what may follow it, by name or as a parameter, and the routes that end here by method."""

    literal: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    routes: dict[str, Found] = field(default_factory=dict)

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

    def find(self, parts: list[str], method: str, at: int = 0) -> Iterator[Found]:
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


class RouteIndex:
    """Knows the routes under the prefix whose parameters take one part of the path each.

    Where two templates fit, the one that was added first is taken, as by the framework. A path or a method that fits
    none is left to the framework, which knows how to say so.
    """

    def __init__(self, *, has_replica: bool = False) -> None:
        self._root = _Node()
        self._has_replica = has_replica
        self._places = count()

    @classmethod
    def of(cls, app: FastAPI, *, has_replica: bool = False) -> Self:
        """Return an index of the routes that the application has now; where there is a replica, some read from it.

        :raises NotImplementedError: for a parameter that may take several parts.
        """
        index = cls(has_replica=has_replica)
        index.add(app.routes)
        return index

    def add(self, routes: Iterable[BaseRoute]) -> None:
        """Take routes that the application was given after those of the index.

        :raises NotImplementedError: for a parameter that may take several parts.
        """
        for template, methods, route in included_routes(routes):
            route.has_replica = self._has_replica
            parts = template.split("/")
            names = tuple((at, part[1:-1]) for at, part in enumerate(parts) if part.startswith("{"))
            node, place = self._root.put(parts), next(self._places)
            for method in methods:
                node.routes.setdefault(method, Found(place, route, names))

    def find(self, method: str, path: str) -> tuple[Found, dict[str, str]] | None:
        """Return the route of a request and its path's parameters."""
        if not path.startswith(_PREFIX):
            return None
        parts = path.split("/")
        found = min(self._root.find(parts, method), default=None, key=_place)
        return None if found is None else (found, found.parameters(parts))

    def call(self, scope: Scope) -> DirectCall | None:
        """Return what answers a request, and note the route in its scope; ``None`` when it is the framework's."""
        found = self.find(scope["method"], scope["path"])
        if found is None or (call := found[0].route.call) is None:
            return None
        scope["path_params"] = found[1]
        scope.update(found[0].route.told)
        return call


def _place(found: Found) -> int:
    return found.place
