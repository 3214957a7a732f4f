"""What the framework knows about the matched route.

A router that was included with a prefix is matched by its own short path; the whole template lives in the framework's
effective route context, which is not public. It is read here and nowhere else, with the short path as fallback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.types import Scope


def matched_route(scope: Scope) -> Any:  # noqa: ANN401 - one of several framework classes
    """Return the matched route with its effective prefix and dependencies, or ``None`` when nothing matched."""
    return scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")


def route_template(scope: Scope) -> str:
    """Return the path template (``/v1/orders/{order_id}``), or ``-`` when nothing matched."""
    return getattr(matched_route(scope), "path", None) or "-"


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
