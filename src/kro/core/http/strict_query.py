"""Refuses query parameters that a route does not declare: a misspelled filter must not silently widen a list."""

from __future__ import annotations

from fastapi import Request

from kro.core.http.errors import UnknownParameterError
from kro.core.http.routes import query_names
from kro.core.http.surfaces import Surface, surface_of


async def strict_query(request: Request) -> None:
    """Application-wide dependency. Webhooks are left alone: vendors add to their addresses, and sign what counts.

    :raises UnknownParameterError: naming every query parameter that the matched route does not know.
    """
    if not request.scope["query_string"] or surface_of(request.scope["path"]) is Surface.WEBHOOKS:
        return
    declared = query_names(request.scope)
    if declared is None:
        return
    unknown = tuple(name for name in request.query_params if name not in declared)
    if unknown:
        raise UnknownParameterError(unknown)
