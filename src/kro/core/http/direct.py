"""Calls a route's function with what its dependencies give, in an order that is worked out once for each route.

The framework looks at every dependency anew on each request, which takes longer than most of them take themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from typing import Any, Self

from fastapi import Response, params
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_typed_return_annotation, request_body_to_args
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from kro.core.http.arguments import Fields, Read, Source, read_body
from kro.core.reading import elsewhere, reads_from_replica


@dataclass(frozen=True, slots=True)
class _Needed:
    """A function and what it takes: answers of other functions, parameters, the body, the request itself."""

    call: Callable[..., Awaitable[Any]]
    name: str | None
    is_shared: bool
    inner: tuple[_Needed, ...]
    sources: tuple[Source, ...]
    body: Fields
    request_name: str | None

    @classmethod
    def of(cls, dependant: Dependant) -> Self | None:
        """Return what a function needs, or ``None`` when it is or takes something that only the framework handles."""
        inner = tuple(one for one in map(cls.of, dependant.dependencies) if one is not None)
        if dependant.call is None or len(inner) < len(dependant.dependencies) or not _is_plain(dependant):
            return None
        return cls(
            call=dependant.call,
            name=dependant.name,
            is_shared=dependant.use_cache,
            inner=inner,
            sources=Source.all_of(dependant),
            body=dependant.body_params,
            request_name=dependant.request_param_name,
        )


@dataclass(slots=True)
class _Resolution:
    """One request on its way through what a route needs."""

    request: Request
    body: Any
    embeds: bool
    answers: dict[Callable[..., Any], Any] = field(default_factory=dict)
    errors: list[Any] = field(default_factory=list)

    async def values(self, needed: _Needed) -> dict[str, Any] | None:
        """Return the arguments of a function, or ``None`` after noting what is wrong with them."""
        before = len(self.errors)
        values: dict[str, Any] = {}
        for inner in needed.inner:
            if inner.is_shared and inner.call in self.answers:
                answer = self.answers[inner.call]
            else:
                given = await self.values(inner)
                if given is None:
                    continue
                answer = self.answers[inner.call] = await inner.call(**given)
            if inner.name is not None:
                values[inner.name] = answer
        for source in needed.sources:
            self._take(source.read(self.request), values)
        if needed.body:
            fields = list(needed.body)
            self._take(
                await request_body_to_args(fields, received_body=self.body, embed_body_fields=self.embeds), values
            )
        if needed.request_name is not None:
            values[needed.request_name] = self.request
        return values if len(self.errors) == before else None

    def _take(self, read: Read, values: dict[str, Any]) -> None:
        values.update(read[0])
        self.errors.extend(read[1])


@dataclass(frozen=True, slots=True)
class DirectCall:
    """A route whose function is called without the framework between."""

    needed: _Needed
    has_body: bool
    embeds: bool

    @classmethod
    def of(cls, context: Any, *, has_replica: bool = False) -> Self | None:  # noqa: ANN401 - a private class of the framework
        """Return how to call a route, or ``None`` when that is the framework's to do.

        Direct are coroutines, all the way down, that read JSON or nothing and answer with a finished response.
        """
        dependant, body = context.dependant, context.body_field
        answers = get_typed_return_annotation(dependant.call)
        if not (isinstance(answers, type) and issubclass(answers, Response)):
            return None
        if body is not None and isinstance(body.field_info, params.Form):
            return None
        needed = _Needed.of(dependant)
        if needed is None:
            return None
        if has_replica and reads_from_replica(needed.call):
            # What it depends on, guards above all, is called as ever.
            needed = replace(needed, call=elsewhere(needed.call))
        return cls(needed, body is not None, context._embed_body_fields)  # noqa: SLF001 - a private class of the framework

    async def __call__(self, request: Request) -> Response:
        """Return the answer to a request; what is raised on the way is answered by the application's handlers.

        :raises RequestValidationError: naming everything that is wrong with the request.
        """
        body = await read_body(request) if self.has_body else None
        resolution = _Resolution(request, body, self.embeds)
        values = await resolution.values(self.needed)
        if values is None:
            raise RequestValidationError(resolution.errors, body=body)
        response: Response = await self.needed.call(**values)
        return response


def _is_plain(dependant: Dependant) -> bool:
    call = dependant.call
    return (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)) and not any(
        (
            dependant.http_connection_param_name,
            dependant.websocket_param_name,
            dependant.background_tasks_param_name,
            dependant.response_param_name,
            dependant.security_scopes_param_name,
            dependant.concurrency,
        )
    )
