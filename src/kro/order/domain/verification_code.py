"""The short code printed on an order, by which anybody can ask whether the order is genuine.

Sixty bits of a keyed hash of the order's id in Crockford's base32 and a check symbol: nobody can make one up, a
mistyped one is recognized without asking the database, and it can be read over the telephone.
"""

from __future__ import annotations

import hashlib
import hmac
from itertools import count
from typing import Final
from uuid import UUID

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LETTERS: Final = 12
_BITS: Final = 5 * _LETTERS
_MODULUS: Final = 37
_GROUP: Final = 4


def code_of(order_id: UUID, *, key: bytes) -> str:
    """Return an order's code: twelve letters and a check symbol, always the same."""
    # Crockford's check symbols beyond the alphabet (*~$=U) are no good in addresses: a hash that needs one is skipped.
    for attempt in count():
        digest = hmac.digest(key, b"order code\n" + attempt.to_bytes(2) + order_id.bytes, hashlib.sha256)
        number = int.from_bytes(digest) >> (8 * len(digest) - _BITS)
        if number % _MODULUS < len(_ALPHABET):
            return _letters(number) + _ALPHABET[number % _MODULUS]
    raise AssertionError("a hash that needs no special symbol comes soon")


def read_code(text: str) -> str | None:
    """Return a code as it was made, from how somebody typed it; ``None`` if it never was one."""
    code = text.upper().translate(_READ_AS)
    if len(code) != _LETTERS + 1 or not set(code) <= set(_ALPHABET):
        return None
    number = 0
    for letter in code[:-1]:
        number = number << 5 | _ALPHABET.index(letter)
    return code if _ALPHABET.index(code[-1]) == number % _MODULUS else None


def show_code(code: str) -> str:
    """Return a code as it is printed, in groups of four."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def _letters(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(_BITS - 5, -1, -5))
