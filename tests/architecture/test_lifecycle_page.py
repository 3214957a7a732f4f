"""The page people read says what the program obeys."""

from pathlib import Path

from kro.order.domain.lifecycle_text import lifecycle_page

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"


def test_is_made_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == lifecycle_page(), "run `make docs`"
