"""Whether a bank account carries its owner's name: banks write names in any order, with titles and without marks."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Final

from kro.payment.domain import NameMatch

_TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "dr", "prof", "engr", "alhaji", "alhaja"})
_FEWEST_NAMES: Final = 2
_APOSTROPHES: Final = frozenset("'`\u2018\u2019\u02bc")


def match_names(account_name: str, *, first_name: str, last_name: str) -> NameMatch:
    """Compare the name a bank keeps for an account with a user's, part by part, in any order.

    A match has every part of the user's name; further ones, such as middle names, are the bank's. A partial match has
    one of them. Case, accents, apostrophes, titles and punctuation do not count.
    """
    kept = Counter(_parts(account_name))
    known = Counter(_parts(f"{first_name} {last_name}"))
    if known.total() >= _FEWEST_NAMES and known <= kept:
        return NameMatch.MATCH
    if any(len(part) > 1 for part in kept & known):
        return NameMatch.PARTIAL
    return NameMatch.MISMATCH


def weaker(one: NameMatch, other: NameMatch) -> NameMatch:
    """Return the one of two comparisons that is trusted less."""
    return min(one, other, key=lambda match: match.trust)


def _parts(name: str) -> list[str]:
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)
    ).casefold()
    joined = "".join(letter for letter in plain if letter not in _APOSTROPHES)
    parts = "".join(letter if letter.isalpha() else " " for letter in joined).split()
    return [part for part in parts if part not in _TITLES]
