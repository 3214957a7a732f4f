"""Dataclasses with shared methods are told from the library's own by nothing but the time they take to make."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from contextlib import nullcontext
from typing import Any

import pytest

from kro.run.shared_methods import shared_methods

# What is pickled has to be found by its name.
SOURCE = """
@dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: str = "x"

@dataclass(frozen=True, slots=True)
class One:
    a: int

@dataclass(frozen=True, slots=True)
class Empty:
    pass

@dataclass(slots=True)
class Open:
    a: int
    inner: list[object] = field(default_factory=list)

@dataclass(frozen=True, slots=True)
class Secretive:
    a: int
    secret: str = field(repr=False)
    note: str = field(compare=False, default="-")
    tag: str = field(hash=False, default="t")

@dataclass(frozen=True, slots=True, order=True)
class Ordered:
    a: int
    b: int = 0

@dataclass(frozen=True)
class Base:
    a: int

@dataclass(frozen=True)
class Derived(Base):
    b: int = 2

class Loose(Base):
    pass

@dataclass(frozen=True, slots=True)
class Named:
    a: int

    def __repr__(self):
        return "named"

    def __hash__(self):
        return 7
"""
MADE: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("Plain", (1,)),
    ("Plain", (1, "y")),
    ("One", (1,)),
    ("One", ([],)),
    ("Empty", ()),
    ("Open", (1,)),
    ("Secretive", (1, "hidden", "n")),
    ("Secretive", (1, "hidden", "m", "u")),
    ("Ordered", (1, 2)),
    ("Ordered", (1, 3)),
    ("Base", (1,)),
    ("Derived", (1,)),
    ("Loose", (1,)),
    ("Named", (1,)),
)


def classes(*, shared: bool) -> dict[str, Any]:
    namespace: dict[str, Any] = {"dataclass": dataclasses.dataclass, "field": dataclasses.field, "__name__": __name__}
    with shared_methods() if shared else nullcontext():
        exec(SOURCE, namespace)  # noqa: S102 - the same source both ways
    return namespace


def tried(act: Any) -> Any:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - whichever it is, it is compared
        return type(error), str(error)


def assigned(record: Any, name: str) -> Any:
    setattr(record, name, 5)
    return getattr(record, name)


def pickled(record: Any) -> Any:
    return pickle.loads(pickle.dumps(record))  # noqa: S301 - our own


def told(kinds: dict[str, Any], name: str, args: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setitem(globals(), name, kinds[name])
    record = kinds[name](*args)
    others = [kinds[other](*given) for other, given in MADE]
    return {
        "repr": repr(record),
        "hash": tried(lambda: hash(record)),
        "equal": [record == other for other in others],
        "less": [tried(lambda o=other: record < o) for other in others],
        "assign": tried(lambda: assigned(record, "a")),
        "assign other": tried(lambda: assigned(record, "z"))[:1] if name != "Loose" else assigned(record, "z"),
        "delete": tried(lambda: delattr(record, "a")),
        "replaced": tried(lambda: repr(dataclasses.replace(record, a=9))),
        "fields": [field.name for field in dataclasses.fields(record)],
        "pickled": tried(lambda: pickled(kinds[name](*args)) == kinds[name](*args)),
        "copied": copy.deepcopy(kinds[name](*args)) == kinds[name](*args),
        "match": kinds[name].__match_args__,
        "too few": tried(lambda: repr(kinds[name](*args[1:]))),
        "too many": tried(lambda: kinds[name](*args, 1, 2, 3, 4)),
        "names": [getattr(kinds[name], method).__qualname__ for method in ("__init__", "__eq__", "__repr__")],
    }


@pytest.mark.parametrize(("name", "args"), MADE)
def test_nothing_tells_them_apart(name: str, args: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    ours = told(classes(shared=True), name, args, monkeypatch)

    assert ours == told(classes(shared=False), name, args, monkeypatch)


def test_a_class_gets_the_librarys_own_init_with_its_first_record(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = classes(shared=True)
    held = kinds["Derived"].__init__

    made = kinds["Derived"](1, b=3)

    assert (made.a, made.b) == (1, 3)
    assert kinds["Derived"].__init__.__code__.co_varnames == ("self", "a", "b")
    # Whoever holds on to what stood there first makes records all the same, and so does a class that inherits it.
    held(again := kinds["Derived"].__new__(kinds["Derived"]), 4)
    assert (again.a, again.b) == (4, 2)
    assert kinds["Loose"](5).a == 5
    assert kinds["Base"].__init__.__code__.co_varnames == ("self", "a")


def test_a_record_within_itself_is_written_once() -> None:
    record = classes(shared=True)["Open"](1)
    record.inner.append(record)

    assert repr(record) == "Open(a=1, inner=[...])"


def test_afterwards_the_library_is_as_it_was() -> None:
    before = dict(vars(dataclasses))

    with shared_methods():
        pass

    assert vars(dataclasses) == before
