"""What the framework knows about the matched route.

A router that was included with a prefix is matched by its own short path; the whole template lives in the framework's
effective route context, which is not public. It is read here and nowhere else, with the short path as fallback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match
from starlette.types import Scope

_ONE_PART: Final = "[^/]+"


def matched_route(scope: Scope) -> Any:  # noqa: ANN401 - one of several framework classes
    """Return the matched route with its effective prefix and dependencies, or ``None`` when nothing matched."""
    return scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")


def route_template(scope: Scope) -> str:
    """Return the path template (``/v1/orders/{order_id}``), or ``-`` when nothing matched."""
    return getattr(matched_route(scope), "path", None) or "-"


def indexed_routes(app: FastAPI) -> Iterator[tuple[str, Iterable[str], Any]]:
    """Yield template, methods and effective context of every route that was included and takes single parts of a path.

    :raises NotImplementedError: for a parameter that takes more than one part, which an index by parts cannot find.
    """
    for found in iter_route_contexts(app.routes):
        context = found._route_context  # noqa: SLF001 - see the head of this file
        if context is None or not isinstance(found.original_route, APIRoute):
            continue
        if any(kind.regex != _ONE_PART for kind in context.param_convertors.values()):
            raise NotImplementedError(f"{context.path} takes more than one part of a path as one parameter")
        yield str(context.path), context.methods or (), context


def selected(context: Any, scope: Scope) -> tuple[Match, Scope]:  # noqa: ANN401 - a private class of the framework
    """Return what the framework would merge into the scope of a request to this route."""
    match, child = context.matches(scope)
    child["route"] = context.original_route
    child["fastapi"] = {"effective_route_context": context}
    return match, child


def operations(app: FastAPI) -> Iterator[tuple[str, str, Sequence[Callable[..., Any]]]]:
    """Yield every operation: method, path template, and everything that is called before its own function."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            for method in sorted(route.methods or ()):
                yield method, str(route.path), tuple(_called(dependant))


def _called(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for dependency in dependant.dependencies:
        if dependency.call is not None:
            yield dependency.call
        yield from _called(dependency)
