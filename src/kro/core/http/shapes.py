"""Whether a decoded JSON value has the type a field declares, before pydantic converts anything.

Pydantic's own strict mode would do, but the framework hands it decoded Python values, and for those it refuses an enum
given as a text and a tuple given as an array. So validation runs in lax mode, behind this check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Accepts = Callable[[object], bool]

_EXACT: Final[dict[Any, tuple[type, ...]]] = {
    bool: (bool,),
    int: (int,),
    float: (int, float),
    str: (str,),
    None: (NoneType,),
    NoneType: (NoneType,),
}


class Multiline:
    """Marks a text that may hold line breaks and tabs."""


class Shape:
    """What one field of a model takes."""

    def __init__(self, annotation: Any) -> None:  # noqa: ANN401 - any annotation
        self.accepts = _checker(annotation)
        self.multiline = _is_multiline(annotation)


@cache
def shape_of(model: type[BaseModel], name: str) -> Shape:
    """Return the shape of a field, worked out once."""
    return Shape(model.model_fields[name].rebuild_annotation())


def _checker(annotation: Any) -> Accepts:  # noqa: ANN401 - any annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in (Any, object):
        return lambda _: True
    if origin is Annotated:
        return _checker(arguments[0])
    if origin in (Union, UnionType):
        options = [_checker(argument) for argument in arguments]
        return lambda value: any(accepts(value) for accepts in options)
    if origin is not None and origin is not Literal:
        return _of_collection(origin, arguments)
    return _of_scalar(annotation, arguments)


def _of_collection(origin: Any, arguments: tuple[Any, ...]) -> Accepts:  # noqa: ANN401 - any annotation
    """Look at the items too; an array stands for a tuple or a set."""
    if isinstance(origin, type) and issubclass(origin, Mapping):
        value_accepts = _checker(arguments[1])
        return lambda value: isinstance(value, dict) and all(value_accepts(item) for item in value.values())
    item_accepts = _checker(arguments[0])
    return lambda value: isinstance(value, list | tuple | set | frozenset) and all(item_accepts(i) for i in value)


def _of_scalar(annotation: Any, arguments: tuple[Any, ...]) -> Accepts:  # noqa: ANN401 - any annotation
    """Accept what a client sends for a class, or an instance of it, as tests build inputs."""
    if annotation in _EXACT:
        exact = _EXACT[annotation]
        return lambda value: type(value) in exact
    if arguments:
        literal = {type(argument) for argument in arguments}
        return lambda value: type(value) in literal
    sent: set[type] = {str}
    if issubclass(annotation, BaseModel):
        sent = {dict}
    elif issubclass(annotation, Enum):
        sent = {type(member.value) for member in annotation}
    return lambda value: type(value) in sent or isinstance(value, annotation)


def _is_multiline(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    if isinstance(annotation, Multiline):
        return True
    metadata = getattr(annotation, "__metadata__", ())
    return any(_is_multiline(part) for part in (*get_args(annotation), *metadata))
