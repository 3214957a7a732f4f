"""Every notice has its row, every row its page, and whoever writes a notice names a row there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from kro.core.notices import DIRECT, RULES, Channel, Reader, Template, Weight, notices_page

PAGE = Path(__file__).parents[2] / "docs" / "notifications.md"
OWNERS_NOTICES = frozenset({"balance_notice", "payout_notice", "refund_notice"})
PARTIES = {"BUYER": Reader.BUYER, "SELLER": Reader.SELLER}
KEYS = {(rule.template, rule.reader) for rule in RULES}


def test_the_page_is_made_from_the_matrix() -> None:
    assert PAGE.read_text(encoding="utf-8") == notices_page(), "run `make docs`"


def test_every_template_is_a_notice_or_goes_directly() -> None:
    assert {rule.template for rule in RULES} | set(DIRECT) == set(Template)
    assert {rule.template for rule in RULES} & set(DIRECT) == set()


def test_no_reader_has_two_rows_for_a_template() -> None:
    assert len(KEYS) == len(RULES)


def test_what_is_locked_is_critical_and_the_other_way_round() -> None:
    assert [rule for rule in RULES if rule.group.is_locked != (rule.weight is Weight.CRITICAL)] == []


def test_everything_is_in_the_inbox_and_what_is_critical_is_texted_too() -> None:
    assert [rule for rule in RULES if Channel.IN_APP not in rule.channels] == []
    assert [rule for rule in RULES if rule.weight is Weight.CRITICAL and Channel.SMS not in rule.channels] == []


def written(tree: ast.Module) -> Iterator[tuple[str, Reader]]:
    """Name what the code writes: a template, and each reader it may be written for."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="notify"), args=[party, ast.Constant(value=str(template)), *_]):
                named = party.attr if isinstance(party, ast.Attribute) else ""
                readers = (PARTIES[named],) if named in PARTIES else tuple(PARTIES.values())
                yield from ((template, reader) for reader in readers)
            case ast.Call(func=ast.Name(id=name), args=[_, ast.Constant(value=str(template)), *_]) if (
                name in OWNERS_NOTICES
            ):
                yield template, Reader.OWNER
            case _:
                pass


def test_whoever_tells_somebody_names_a_row_there_is(sources: tuple[Path, ...], root: Path) -> None:
    rules = [path for path in sources if path.is_relative_to(root / "src" / "kro")]
    found = {key for path in rules for key in written(ast.parse(path.read_text()))}

    assert len(found) > 50
    assert found - KEYS == set()


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("changes.notify(Party.BUYER, 'x')", {("x", Reader.BUYER)}),
        ("changes.tell(E).notify(state.viewer.other, 'x', amount=1)", {("x", Reader.BUYER), ("x", Reader.SELLER)}),
        ("payout_notice(payout, 'x', context=context)", {("x", Reader.OWNER)}),
        ("changes.tell('x')", set()),
    ],
)
def test_what_is_written_is_found(code: str, found: set[tuple[str, Reader]]) -> None:
    assert set(written(ast.parse(code))) == found
