"""Identifiers: UUIDv7 inside, a prefix and base32 outside (``ord_06c2…``)."""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Final, Protocol
from uuid import UUID

import uuid_utils.compat

from kro.core.errors import ErrorKind, KroError

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_LENGTH: Final = 26
_LOW_50: Final = (1 << 50) - 1
_BODY: Final = re.compile(f"[{_ALPHABET}]{{{_LENGTH}}}", re.ASCII)
# Python reads base 32 as well, with the letters up to v.
_TO_PYTHON: Final = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_UUID_BITS: Final = 128


class UnknownIdError(KroError):
    """There is no such object."""

    kind = ErrorKind.NOT_FOUND
    code = "not_found"


class IdSource(Protocol):
    """Makes new identifiers; injected so that tests can predict them."""

    def new(self) -> UUID:
        """Return a new UUIDv7: ordered by creation time (RFC 9562), never secret."""
        ...


class SystemIdSource:
    def new(self) -> UUID:
        return uuid_utils.compat.uuid7()


class SequentialIdSource:
    """Predictable identifiers 1, 2, 3 … for tests."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> UUID:
        self._last += 1
        return UUID(int=self._last)


# The same people and orders are shown again and again: to those who wait, and on every page of a list.
@lru_cache(maxsize=8_192)
def show_id(prefix: str, value: UUID) -> str:
    """Return the public form of an identifier: prefix, underscore, 26 letters of Crockford base32, lower case."""
    number, pairs = value.int, _PAIRS
    # Python takes small numbers apart faster than one of 128 bits.
    high, middle, low = number >> 100, number >> 50 & _LOW_50, number & _LOW_50
    return (
        f"{prefix}_{pairs[high >> 20]}{pairs[high >> 10 & 1023]}{pairs[high & 1023]}"
        f"{pairs[middle >> 40]}{pairs[middle >> 30 & 1023]}{pairs[middle >> 20 & 1023]}"
        f"{pairs[middle >> 10 & 1023]}{pairs[middle & 1023]}"
        f"{pairs[low >> 40]}{pairs[low >> 30 & 1023]}{pairs[low >> 20 & 1023]}"
        f"{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    )


def read_id(prefix: str, text: str) -> UUID:
    """Parse the public form of an identifier, strictly.

    :raises UnknownIdError: on another prefix or any malformed text, so that a client learns nothing but "not found".
    """
    head, _, body = text.partition("_")
    if head != prefix or not _BODY.fullmatch(body):
        raise UnknownIdError
    number = int(body.translate(_TO_PYTHON), 32)
    if number >> _UUID_BITS:
        raise UnknownIdError
    return uuid.UUID(int=number)
