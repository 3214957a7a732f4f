"""Texts that the bank prints: plain letters, short."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# No limit is published for narrations; a hundred is taken for safe.
_LONGEST: Final = 100
_UNPRINTABLE: Final = re.compile(r"[^A-Za-z0-9 .,:;/&'()_-]+")
_SPACES: Final = re.compile(r" {2,}")


def plain(text: str) -> str:
    """Return a text in at most a hundred ASCII characters; letters lose their marks, other signs become spaces."""
    unmarked = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return _SPACES.sub(" ", _UNPRINTABLE.sub(" ", unmarked)).strip()[:_LONGEST].strip()


def words_of(name: str) -> frozenset[str]:
    """Return the words of a name that tell people apart, however a bank orders and punctuates them."""
    return frozenset(word for word in re.split(r"[^A-Z]+", plain(name).upper()) if len(word) > 1)
