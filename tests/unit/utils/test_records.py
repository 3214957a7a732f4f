"""Copies of records are what ``dataclasses.replace`` would make of them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from kro.utils.records import changed


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    name: str = "one"
    parts: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Checked:
    number: int

    def __post_init__(self) -> None:
        assert self.number > 0


def test_only_the_named_fields_are_others() -> None:
    row = Row(1, "two", [3])

    copy = changed(row, number=4, parts=[5])

    assert copy == replace(row, number=4, parts=[5])
    assert row == Row(1, "two", [3])
    assert changed(row).parts is row.parts


def test_a_copy_is_frozen_too() -> None:
    with pytest.raises(FrozenInstanceError):
        changed(Row(1)).number = 2  # type: ignore[misc]


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        changed(Row(1), nubmer=2)


def test_records_that_check_themselves_are_not_copied_unchecked() -> None:
    with pytest.raises(AssertionError):
        changed(Checked(1), number=-1)
