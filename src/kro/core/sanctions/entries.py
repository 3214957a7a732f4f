from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from kro.core.errors import ErrorKind, KroError

MOST_PROBLEMS: Final = 100
_LONGEST_NAME: Final = 300
_YEAR: Final = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_DATES: Final = ("%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S")


class ListFormat(StrEnum):
    """The consolidated list of the United Nations, OFAC's two forms of its SDN list, and a plain table."""

    UN_XML = "un_xml"
    OFAC_XML = "ofac_xml"
    OFAC_CSV = "ofac_csv"
    CSV = "csv"


class UnreadableListError(KroError):
    """The file is not a list of this format, or holds nobody."""

    kind = ErrorKind.INVALID
    code = "sanction_list_unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on a list: every name and alias, and every birthday as a day (``1990-01-31``) or a year."""

    ref: str
    names: tuple[str, ...]
    born: tuple[str, ...] = ()


@dataclass(slots=True)
class Parsed:
    """What a file holds, and what of it could not be read; only the first hundred problems are told."""

    entries: list[Entry] = field(default_factory=list)
    unreadable: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def skip(self, where: str, why: str) -> None:
        """Note what could not be read."""
        self.unreadable += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(f"{where}: {why}")

    def take(self, ref: str | None, names: list[str], born: list[str], *, where: str) -> None:
        """Add an entry made of raw texts, or note why it is none."""
        whole = tuple(dict.fromkeys(name for name in (tidy(one) for one in names) if name))
        if not ref or not whole:
            self.skip(where, "no reference" if not ref else "no name")
            return
        days = (birthday(one) for one in born)
        self.add(Entry(ref[:100], whole, tuple(dict.fromkeys(day for day in days if day))))


def tidy(name: str) -> str:
    """Return a name in one line without outer space; one that is too long to be a name is none."""
    joined = " ".join(name.split())
    return joined if len(joined) <= _LONGEST_NAME else ""


def birthday(text: str) -> str | None:
    """Return a birthday as a day or, where the list knows no more, as a year; ``None`` for anything else."""
    plain = text.strip()
    for form in _DATES:
        try:
            return datetime.strptime(plain, form).date().isoformat()  # noqa: DTZ007 - a birthday has no time zone
        except ValueError:
            continue
    found = _YEAR.search(plain)
    return found.group(1) if found else None
