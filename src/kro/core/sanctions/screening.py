"""Whether somebody is on a list: names in any order and spelled by ear, told apart by birthdays. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from kro.utils.names import Likeness, likeness, name_parts, sound

_FEWEST_SAME: Final = 2
_POSSIBLE_FROM: Final = 88
"""Of 100, both ways: below it names have to be equal to be looked at."""
_YEAR_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """A name of somebody we know, and the birthday if a register has confirmed it."""

    name: str = field(repr=False)
    source: str
    born: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """A name on a list."""

    list_id: UUID
    list_code: str
    ref: str
    name: str
    born: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who may be on a list; a likely one is acted on before anybody has looked."""

    subject: Subject
    listed: Listed
    score: int
    likely: bool


def name_keys(name: str) -> tuple[str, ...]:
    """Return what the parts of a name sound like: who may be the same shares at least one."""
    return tuple(dict.fromkeys(sound(part) for part in name_parts(name) if len(part) > 1))


def screen(subject: Subject, listed: Sequence[Listed]) -> tuple[Hit, ...]:
    """Compare a name with candidates of the lists, the best first.

    Equal whole names, of two parts at least, are likely, unless both birthdays are known and differ; so is a name
    that is part of a longer listed one when the birthday is the same. Other names that are close are possible, and
    somebody with another birthday is not.
    """
    found = (hit for one in listed if (hit := _compare(subject, one)) is not None)
    return tuple(sorted(found, key=lambda hit: (not hit.likely, -hit.score, hit.listed.ref)))


def _compare(subject: Subject, one: Listed) -> Hit | None:
    there = likeness(subject.name, one.name)
    if there.score < _POSSIBLE_FROM:
        # Most candidates share one name and no more; what is whole scores more than this.
        return None
    back = likeness(one.name, subject.name)
    score = min(there.score, back.score) if _is_whole(there) and _is_whole(back) else there.score
    birthday = _birthday(subject.born, one.born)
    if _is_whole(there) and _is_whole(back):
        return Hit(subject, one, score, likely=birthday is not False)
    if _is_whole(there):
        return Hit(subject, one, score, likely=birthday is True) if birthday is not False else None
    is_close = min(there.score, back.score) >= _POSSIBLE_FROM and there.same > 0 and there.claimed >= _FEWEST_SAME
    return Hit(subject, one, score, likely=False) if is_close and birthday is not False else None


def _is_whole(found: Likeness) -> bool:
    """Whether every part has its partner."""
    return found.same >= _FEWEST_SAME and found.same == found.claimed


def _birthday(born: date | None, listed: Sequence[str]) -> bool | None:
    """Return whether birthdays agree, ``None`` when one is not known; a list may know the year alone."""
    if born is None or not listed:
        return None
    day = born.isoformat()
    return any(one == (day if len(one) > _YEAR_DIGITS else day[:_YEAR_DIGITS]) for one in listed)
