"""Reads what a request carries for a function, by the framework's own readers; in fewer steps where that is safe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, Self

from fastapi import params
from fastapi._compat import ModelField, Undefined, field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import HTTPException, RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import QueryParams
from starlette.requests import Request

Fields = Sequence[ModelField]
Read = tuple[Mapping[str, Any], Sequence[Any]]
"""Values by the name of their argument, and what is wrong."""

_SOURCES: Final = (("path", "path_params"), ("query", "query_params"), ("header", "headers"), ("cookie", "cookies"))


@dataclass(frozen=True, slots=True)
class Source:
    """Parameters that a function takes from one part of the request."""

    part: Callable[[Request], Any]
    fields: Fields
    model: _Model | _Texts | None

    @classmethod
    def all_of(cls, dependant: Dependant) -> tuple[Self, ...]:
        """Return where a function's own parameters come from."""
        found = ((part, getattr(dependant, f"{kind}_params")) for kind, part in _SOURCES)
        return tuple(
            cls(attrgetter(part), fields, _Model.of(fields) or _Texts.of(fields)) for part, fields in found if fields
        )

    def read(self, request: Request) -> Read:
        received = self.part(request)
        read = self.model.read(received) if self.model is not None else None
        return request_params_to_args(self.fields, received) if read is None else read


@dataclass(frozen=True, slots=True)
class _Model:
    """Query parameters as one model under their own names: all values of a list, the last one of anything else."""

    field: ModelField
    names: frozenset[str]
    lists: frozenset[str]

    @classmethod
    def of(cls, fields: Fields) -> Self | None:
        """Return the model, or ``None`` for anything else, and where a parameter has another name than its field."""
        model = fields[0].field_info.annotation
        if len(fields) > 1 or not isinstance(fields[0].field_info, params.Query):
            return None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return None
        inner = model.model_fields
        if any(one.alias or one.validation_alias for one in inner.values()):
            return None
        lists = (name for name, one in inner.items() if field_annotation_is_sequence(one.annotation))
        return cls(fields[0], frozenset(inner), frozenset(lists))

    def read(self, received: QueryParams) -> Read | None:
        """Return what the framework would, or ``None`` when the model does not know all that was sent."""
        if not self.names.issuperset(received):
            return None
        given = {name: received.getlist(name) if name in self.lists else value for name, value in received.items()}
        value, errors = self.field.validate(given, loc=("query",))
        return ({}, errors) if errors else ({self.field.name: value}, ())


@dataclass(frozen=True, slots=True)
class _Texts:
    """Parts of the path that may be any text."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, fields: Fields) -> Self | None:
        """Return them, or ``None`` when one is something else."""
        plain = all(
            isinstance(one.field_info, params.Path)
            and one.field_info.annotation is str
            and not one.field_info.metadata
            and one.alias == one.name
            for one in fields
        )
        return cls(tuple(one.name for one in fields)) if plain else None

    def read(self, received: Mapping[str, str]) -> Read:
        return {name: received[name] for name in self.names}, ()


async def read_body(request: Request) -> Any:  # noqa: ANN401 - whatever the client sent
    """Return the body as JSON, as bytes when it does not call itself JSON, or the framework's mark for none.

    :raises RequestValidationError: for what is not JSON.
    :raises HTTPException: for a number of thousands of digits.
    """
    raw = await request.body()
    if not raw:
        return Undefined
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return raw
    try:
        return json.loads(raw)
    except json.JSONDecodeError as error:
        found = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "JSON decode error", "input": {}}
        raise RequestValidationError([found | {"ctx": {"error": error.msg}}], body=error.doc) from error
    except ValueError as error:
        raise HTTPException(status_code=400, detail="There was an error parsing the body") from error
