"""Lists of people nobody may do business with: reading their files, and comparing names with them."""

from kro.core.sanctions.entries import (
    Entry,
    ListFormat,
    Parsed,
    UnreadableListError,
)
from kro.core.sanctions.reading import read_list
from kro.core.sanctions.screening import Hit, Listed, Subject, name_keys, screen

__all__ = [
    "Entry",
    "Hit",
    "ListFormat",
    "Listed",
    "Parsed",
    "Subject",
    "UnreadableListError",
    "name_keys",
    "read_list",
    "screen",
]
