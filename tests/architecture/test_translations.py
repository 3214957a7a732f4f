"""What is said in English is said in Pidgin too, with the same facts: no amount and no time gets lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kro.core.notices import Template

WORDS = Path(__file__).parents[2] / "src" / "kro" / "core" / "notifications" / "templates"
PIDGIN = WORDS / "pcm"
BLOCK = re.compile(r"{% block (\w+) -?%}(.*?){%-? endblock %}", re.DOTALL)
FACT = re.compile(r"{{-?\s*(.*?)\s*-?}}")


def facts(path: Path) -> dict[str, set[str]]:
    """Return what each block of a template shows, every fact with how it is written."""
    blocks = BLOCK.findall(path.read_text(encoding="utf-8"))
    return {name: {re.sub(r"[\"'].*?[\"']", "", fact) for fact in FACT.findall(words)} for name, words in blocks}


def test_no_translation_is_missing_and_none_is_left_over() -> None:
    assert {path.name for path in PIDGIN.iterdir()} == {f"{template}.txt" for template in Template}


@pytest.mark.parametrize("template", Template)
def test_every_fact_is_told_in_both_languages(template: Template) -> None:
    english, pidgin = facts(WORDS / f"{template}.txt"), facts(PIDGIN / f"{template}.txt")

    assert english
    assert pidgin == english
