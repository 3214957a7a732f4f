"""Comparing people's names as registers write them: in any order, with titles, without marks, spelled by ear."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "engr", "barr", "chief", "alhaji", "alhaja", "hajiya", "mallam", "sir"}
)
_APOSTROPHES: Final = frozenset("'`\u2018\u2019\u02bc\u02bb\ua78c")
# Letters that Unicode does not take apart: the hooked ones of Hausa, and those of other Latin alphabets.
_PLAIN: Final = str.maketrans(
    {
        "ɓ": "b",
        "ɗ": "d",
        "ƙ": "k",
        "ƴ": "y",
        "ŋ": "n",
        "ɛ": "e",
        "ɔ": "o",
        "ə": "e",
        "ǝ": "e",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
    }
)
_SAME: Final = 0.95
"""From here on two spellings are one name, as Chukwuemeka and Chukwuemka are; Joseph and Josephine are two."""
_BY_EAR: Final = 0.96
_SHORTEST_SKELETON: Final = 4
_ALIKE: Final = 0.84
"""Below it two names have nothing to do with each other."""
_INITIAL: Final = 0.75
_VOWELS: Final = frozenset("aeiou")
_FEWEST: Final = 2
_KEPT: Final = 20_000
"""Comparing everybody with a list meets the same names over and over; this many of each step are a few megabytes."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How well names agree: 0 to 100, and how many whole names, not initials, are the same on both sides."""

    score: int
    same: int
    claimed: int
    recorded: int


@lru_cache(_KEPT)
def name_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a name in plain small letters, without titles; hyphens part and apostrophes join."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(letter)
    ).translate(_PLAIN)
    joined = "".join(letter for letter in plain if letter not in _APOSTROPHES)
    parts = "".join(letter if letter.isalpha() else " " for letter in joined).split()
    return tuple(part for part in parts if part not in TITLES)


def likeness(claimed: str, recorded: str) -> Likeness:
    """Say how well a claimed name agrees with one on record.

    Every claimed part looks for a partner of its own; further parts on record, such as middle names, do not count.
    Two parts next to each other may be one on the other side, as registers drop hyphens.
    """
    left, right = name_parts(claimed), name_parts(recorded)
    pairs = ((one, other) for one in _writings(left) for other in _writings(right))
    return max((_compare(one, other) for one, other in pairs), key=lambda found: (found.score, found.same))


def _writings(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the parts as they are, and with each two neighbors written as one."""
    joined = [
        (*parts[:at], first + second, *parts[at + _FEWEST :])
        for at, (first, second) in enumerate(pairwise(parts))
        if len(parts) > _FEWEST
    ]
    return [parts, *joined]


def _compare(left: Sequence[str], right: Sequence[str]) -> Likeness:
    if not left or not right:
        return Likeness(0, 0, len(left), len(right))
    ranked = sorted(
        ((_alike(one, other), i, j) for i, one in enumerate(left) for j, other in enumerate(right)),
        key=lambda found: (-found[0], found[1], found[2]),
    )
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    total, same = 0.0, 0
    for alike, i, j in ranked:
        if alike < _INITIAL or i in taken_left or j in taken_right:
            continue
        taken_left.add(i)
        taken_right.add(j)
        total += alike
        same += alike >= _SAME
    return Likeness(round(100 * total / len(left)), same, len(left), len(right))


@lru_cache(_KEPT)
def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0 if len(one) > 1 else _INITIAL
    if 1 in (len(one), len(other)):
        return _INITIAL if one[0] == other[0] else 0.0
    if sound(one) == sound(other) and len(sound(one)) >= _SHORTEST_SKELETON:
        return _BY_EAR
    # Loaded where it is used: a server that compares no names starts without it.
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415

    alike: float = JaroWinkler.normalized_similarity(one, other)
    return alike if alike >= _ALIKE else 0.0


@lru_cache(_KEPT)
def sound(part: str) -> str:
    """Return a part of a name without vowels and doubled letters, as Mohammed, Muhammad and Mohamed share.

    The first letter stays, whatever it is.
    """
    kept = [letter for at, letter in enumerate(part) if at == 0 or (letter not in _VOWELS and letter != part[at - 1])]
    return "".join(kept)
