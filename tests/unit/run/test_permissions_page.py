"""The page people read says what the guards check."""

from __future__ import annotations

from pathlib import Path

from kro.run.permissions import permissions_page

PAGE = Path(__file__).parents[3] / "docs" / "permissions.md"


def test_is_made_from_the_guards() -> None:
    assert PAGE.read_text(encoding="utf-8") == permissions_page(), "run `make docs`"
