"""Copies of frozen records with other values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

Record = TypeVar("Record")


def changed(record: Record, **columns: Any) -> Record:  # noqa: ANN401 - the fields of the record
    """Return a copy of a frozen dataclass with slots in which some fields are others.

    Does what ``dataclasses.replace`` does in a third of the time, for records with as many fields as a row has
    columns. No ``__post_init__`` is run: records that check themselves are none for it.

    :raises KeyError: when the record has no such field.
    """
    kind: Any = type(record)
    values, slots = _layout(kind)
    copy: Record = object.__new__(kind)
    for put, value in zip(slots.values(), values(record), strict=True):
        put(copy, value)
    for name, value in columns.items():
        slots[name](copy, value)
    return copy


@cache
def _layout(kind: type[Any]) -> tuple[Callable[[Any], tuple[Any, ...]], dict[str, Callable[[Any, Any], None]]]:
    """Return what reads all fields of a class at once, and what writes each of them."""
    assert not hasattr(kind, "__post_init__"), "it would not be run"  # noqa: S101 - a slip of ours
    names = [field.name for field in fields(kind)]
    return attrgetter(*names), {name: getattr(kind, name).__set__ for name in names}
