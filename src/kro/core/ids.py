"""Identifiers: UUIDv7 inside, a prefix and base32 outside (``ord_06c2…``)."""

from __future__ import annotations

import uuid
from typing import Final, Protocol
from uuid import UUID

import uuid_utils.compat

from kro.core.errors import ErrorKind, KroError

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH: Final = 26
_BITS_PER_LETTER: Final = 5
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


def show_id(prefix: str, value: UUID) -> str:
    """Return the public form of an identifier: prefix, underscore, 26 letters of Crockford base32, lower case."""
    number = value.int
    letters = [_ALPHABET[(number >> shift) & 31] for shift in range(_LENGTH * _BITS_PER_LETTER - 5, -1, -5)]
    return f"{prefix}_{''.join(letters)}"


def read_id(prefix: str, text: str) -> UUID:
    """Parse the public form of an identifier, strictly.

    :raises UnknownIdError: on another prefix or any malformed text, so that a client learns nothing but "not found".
    """
    head, _, body = text.partition("_")
    if head != prefix or len(body) != _LENGTH:
        raise UnknownIdError
    number = 0
    for letter in body:
        if letter not in _VALUES:
            raise UnknownIdError
        number = (number << _BITS_PER_LETTER) | _VALUES[letter]
    if number >> _UUID_BITS:
        raise UnknownIdError
    return uuid.UUID(int=number)
