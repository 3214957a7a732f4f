"""Refuses query parameters that a route does not declare: a misspelled filter must not silently widen a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from kro.core.http.errors import UnknownParameterError
from kro.core.http.routes import matched_route
from kro.core.http.surfaces import Surface, surface_of


async def strict_query(request: Request) -> None:
    """Application-wide dependency. Webhooks are left alone: vendors add to their addresses, and sign what counts.

    :raises UnknownParameterError: naming every query parameter that the matched route does not know.
    """
    if not request.scope["query_string"] or surface_of(request.scope["path"]) is Surface.WEBHOOKS:
        return
    dependant = getattr(matched_route(request.scope), "dependant", None)
    if dependant is None:
        return
    declared = set(_declared(dependant))
    unknown = tuple(name for name in request.query_params if name not in declared)
    if unknown:
        raise UnknownParameterError(unknown)


def _declared(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        annotation: Any = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (info.alias or name for name, info in annotation.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _declared(inner)
