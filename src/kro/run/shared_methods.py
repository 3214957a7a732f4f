"""Dataclasses whose methods are not compiled for each class: hundreds of them were a third of a start.

Before Python 3.13 the standard library writes the source of every method of every class, and compiles each on its own.
``__init__``, which is called most, is compiled for the first record of a class, as most classes have none for long. The
others are closures over the names of the fields, which do the same.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Final

_library: Final[Any] = dataclasses
"""With the private functions that make a class's methods; `Lib/dataclasses.py` of 3.11 and 3.12."""

_UNTIL: Final = (3, 13)

Method = Callable[..., Any]
Fields = Sequence["dataclasses.Field[Any]"]


@contextmanager
def shared_methods() -> Iterator[None]:
    """Have dataclasses that the block makes share the code of their methods; they behave as without it."""
    if sys.version_info >= _UNTIL:
        yield
        return
    ours = {
        "_init_fn": _made,
        "_repr_fn": _repr,
        "_frozen_get_del_attr": _frozen,
        "_cmp_fn": _compared,
        "_hash_fn": _hashed,
    }
    theirs = {name: getattr(_library, name) for name in ours}
    vars(_library).update(ours)
    try:
        yield
    finally:
        vars(_library).update(theirs)


_compile_init: Final[Any] = getattr(_library, "_init_fn", None)
_compile_comparison: Final[Any] = getattr(_library, "_cmp_fn", None)


def _made(*how: object) -> Method:
    """Return an ``__init__`` that puts the library's own in its place when it is first called."""
    compiled: Method | None = None

    def __init__(self: object, *args: object, **values: object) -> None:  # noqa: N807 - what it becomes
        nonlocal compiled
        if compiled is None:
            compiled = _compile_init(*how)
            compiled.__qualname__ = __init__.__qualname__
            for owner in type(self).__mro__:
                if vars(owner).get("__init__") is __init__:
                    type.__setattr__(owner, "__init__", compiled)
        compiled(self, *args, **values)

    return __init__


def _values(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple([getattr(record, name) for name in names])


def _repr(fields: Fields, globals: object) -> Method:  # noqa: A002, ARG001 - the library's signature
    names = [field.name for field in fields]

    def __repr__(self: object) -> str:  # noqa: N807 - what it becomes
        inner = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{self.__class__.__qualname__}({inner})"

    method: Method = _library._recursive_repr(__repr__)  # noqa: SLF001 - see above
    return method


def _frozen(cls: Any, fields: Fields, globals: object) -> tuple[Method, Method]:  # noqa: A002, ANN401, ARG001
    names = frozenset(field.name for field in fields)

    def __setattr__(self: object, name: str, value: object) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: object, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __setattr__, __delattr__


def _compared(name: str, op: str, ours: str, theirs: str, globals: object) -> Method:  # noqa: A002
    """Compare for equality the fields that are named in ``ours``, as in ``(self.a,self.b,)``."""
    if op != "==":
        compiled: Method = _compile_comparison(name, op, ours, theirs, globals)
        return compiled
    values = _values([part.partition(".")[2] for part in ours.strip("()").split(",") if part])

    def __eq__(self: object, other: object) -> Any:  # noqa: ANN401, N807
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hashed(fields: Fields, globals: object) -> Method:  # noqa: A002, ARG001
    values = _values([field.name for field in fields])

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__
