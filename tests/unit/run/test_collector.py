"""A start looks for no garbage; what has started looks for some again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from kro.run.collector import hurry, settle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.enable()
    gc.set_threshold(*before)


def test_a_start_looks_for_no_garbage_and_then_it_does() -> None:
    hurry()
    assert not gc.isenabled()

    settle()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
