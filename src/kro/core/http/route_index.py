"""Finds the route of a request by the parts of its path, instead of asking hundreds of routes one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount
from starlette.types import Scope

from kro.core.http.routes import IncludedRoute, PlainRoute, all_routes


@dataclass(frozen=True, slots=True)
class Found:
    """A route, the place in which the framework would ask it, and which parts of a path are its parameters."""

    place: int
    route: IncludedRoute | PlainRoute
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

    def ends(self, parts: list[str], at: int = 0) -> Iterator[_Node]:
        """Yield the end of every template that fits the parts."""
        if at == len(parts):
            yield self
            return
        if (literal := self.literal.get(parts[at])) is not None:
            yield from literal.ends(parts, at + 1)
        # A parameter takes one part that is not empty, as the framework's does.
        if self.parameter is not None and parts[at]:
            yield from self.parameter.ends(parts, at + 1)


class RouteIndex:
    """Knows every route of an application; parameters take one part of the path each.

    Where two templates fit, the one that was added first is taken, as by the framework.
    """

    def __init__(self, *, has_replica: bool = False) -> None:
        self._root = _Node()
        self._mounts: list[Mount] = []
        self._has_replica = has_replica
        self._places = count()

    @classmethod
    def of(cls, app: FastAPI, *, has_replica: bool = False) -> Self:
        """Return an index of the routes that the application has now; where there is a replica, some read from it.

        :raises NotImplementedError: for a route of another kind, or a parameter that may take several parts.
        """
        index = cls(has_replica=has_replica)
        index.add(app.routes)
        return index

    def add(self, routes: Sequence[BaseRoute]) -> None:
        """Take routes that the application was given after those of the index.

        :raises NotImplementedError: for a route of another kind, or a parameter that may take several parts.
        """
        self._mounts += [route for route in routes if isinstance(route, Mount)]
        for template, methods, route in all_routes(route for route in routes if not isinstance(route, Mount)):
            if isinstance(route, IncludedRoute):
                route.has_replica = self._has_replica
            parts = template.split("/")
            names = tuple((at, part[1:-1]) for at, part in enumerate(parts) if part.startswith("{"))
            node, place = self._root.put(parts), next(self._places)
            for method in methods:
                node.routes.setdefault(method, Found(place, route, names))

    def find(self, method: str, path: str) -> tuple[Found, dict[str, str]] | None:
        """Return the route of a request and its path's parameters; what is mounted is not looked at."""
        parts = path.split("/")
        fitting = (node.routes[method] for node in self._root.ends(parts) if method in node.routes)
        found = min(fitting, default=None, key=_place)
        return None if found is None else (found, found.parameters(parts))

    def methods(self, path: str) -> frozenset[str]:
        """Return the methods that a path is there for: none where it is not there."""
        return frozenset(method for node in self._root.ends(path.split("/")) for method in node.routes)

    def match(self, scope: Scope) -> IncludedRoute | PlainRoute | None:
        """Return the route of a request, noted in its scope together with the path's parameters."""
        if (found := self.find(scope["method"], scope["path"])) is not None:
            scope["path_params"] = found[1]
            found[0].route.note(scope)
            return found[0].route
        for mount in self._mounts:
            if scope["path"].startswith(f"{mount.path}/"):
                mounted = PlainRoute(mount)
                mounted.note(scope)
                return mounted
        return None


def _place(found: Found) -> int:
    return found.place
