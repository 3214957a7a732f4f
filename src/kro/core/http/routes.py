"""What the framework knows about the matched route.

A router that was included with a prefix is matched by its own short path; the whole template lives in the framework's
effective route context, which is not public. It is read here and nowhere else, with the short path as fallback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, _EffectiveRouteContext, _IncludedRouter, iter_route_contexts
from pydantic import BaseModel
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Scope

from kro.core.http.direct import DirectCall

_QUERY_NAMES: Final = "kro.query_names"


def matched_route(scope: Scope) -> Any:  # noqa: ANN401 - one of several framework classes
    """Return the matched route with its effective prefix and dependencies, or ``None`` when nothing matched."""
    return scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")


def route_template(scope: Scope) -> str:
    """Return the path template (``/v1/orders/{order_id}``), or ``-`` when nothing matched."""
    return getattr(matched_route(scope), "path", None) or "-"


@dataclass
class IncludedRoute:
    """A route that was included; what that made of it is worked out when it is first asked for, as it takes long."""

    route: APIRoute
    inclusion: Any
    has_replica: bool = False

    def note(self, scope: Scope) -> None:
        """Note in the scope of a request to this route what the framework would."""
        scope.update(self.told)

    @cached_property
    def told(self) -> Scope:
        """What the framework would note in the scope of a request to this route, its path's parameters aside."""
        context = _EffectiveRouteContext.from_api_route(original_route=self.route, include_context=self.inclusion)
        return {
            "endpoint": context.endpoint,
            "route": self.route,
            "fastapi": {"effective_route_context": context},
            _QUERY_NAMES: frozenset(_query_names(context.dependant)),
        }

    @cached_property
    def call(self) -> DirectCall | None:
        """What answers a request to this route, or ``None`` when that is the framework's to do."""
        return DirectCall.of(self.told["fastapi"]["effective_route_context"], has_replica=self.has_replica)


@dataclass(frozen=True, slots=True)
class PlainRoute:
    """A route that takes a request as it is: for a page, a document, a folder of files. The framework handles it."""

    route: Route | Mount
    call: None = None

    def note(self, scope: Scope) -> None:
        """Note in the scope of a request to this route what the framework would, and which route it is."""
        _, noted = self.route.matches(scope)
        scope.update(noted)
        scope["route"] = self.route


def all_routes(
    routes: Iterable[BaseRoute],
    inclusion: Any = None,  # noqa: ANN401 - a private class of the framework
) -> Iterator[tuple[str, Iterable[str], IncludedRoute | PlainRoute]]:
    """Yield template, methods and route of everything there is, in the order in which it would be asked.

    :raises NotImplementedError: for a route of another kind.
    """
    for route in routes:
        if isinstance(route, _IncludedRouter):
            inner = route.include_context if inclusion is None else inclusion.combine(route.include_context)
            yield from all_routes(route.original_router.routes, inner)
        elif inclusion is not None and isinstance(route, APIRoute):
            yield inclusion.path_for(route), route.methods or (), IncludedRoute(route, inclusion)
        elif isinstance(route, Route):
            plain = route if inclusion is None else _plain_route(route, inclusion.path_for(route))
            yield plain.path, plain.methods or (), PlainRoute(plain)
        else:
            raise NotImplementedError(f"{route} is of a kind that is not looked for")


def _plain_route(route: Route, path: str) -> Route:
    methods = list(route.methods or ())
    return Route(path, route.endpoint, methods=methods, name=route.name, include_in_schema=route.include_in_schema)


def operations(app: FastAPI) -> Iterator[tuple[str, str, Sequence[Callable[..., Any]]]]:
    """Yield every operation: method, path template, and everything that is called before its own function."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            for method in sorted(route.methods or ()):
                yield method, str(route.path), tuple(_called(dependant))


def query_names(scope: Scope) -> frozenset[str] | None:
    """Return the names of the query parameters of the request's route; ``None`` for one that takes what may come."""
    names: frozenset[str] | None = scope.get(_QUERY_NAMES)
    return names


def _query_names(dependant: Dependant | None) -> Iterator[str]:
    if dependant is None:
        return
    for parameter in dependant.query_params:
        annotation: Any = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (info.alias or name for name, info in annotation.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _called(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from _called(dependency)
