from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from kro.core.errors import ErrorKind, KroError

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_KEY_BYTES: Final = 32


class ObjectNotFoundError(KroError):
    """There is no stored object under this key."""

    kind = ErrorKind.NOT_FOUND
    code = "object_not_found"


class ObjectExistsError(KroError):
    """There is already an object under this key, and stored objects never change."""

    kind = ErrorKind.CONFLICT
    code = "object_exists"


class InvalidObjectKeyError(KroError):
    """The key was not made by ``new_object_key``."""

    kind = ErrorKind.INVALID
    code = "invalid_object_key"


class ObjectStore(Protocol):
    """Private files. The content type belongs to the row that names the key; stores that serve files also keep it."""

    async def put(self, *, key: str, data: bytes, content_type: str) -> None:
        """Store an object durably under a fresh key.

        :raises ObjectExistsError: if the key is taken.
        :raises InvalidObjectKeyError: if the key was not made by ``new_object_key``.
        """
        ...

    async def get(self, *, key: str) -> bytes:
        """Return a stored object.

        :raises ObjectNotFoundError: if there is none.
        :raises InvalidObjectKeyError: if the key was not made by ``new_object_key``.
        """
        ...


def new_object_key(token_hex: Callable[[int], str] = secrets.token_hex) -> str:
    """Return an unguessable key: 256 random bits as lower-case hexadecimal, never made from a user's file name."""
    return token_hex(_KEY_BYTES)


def ensure_object_key(key: str) -> str:
    """Return the key if it is well-formed, which leaves no room for a path in it.

    :raises InvalidObjectKeyError: otherwise.
    """
    if _KEY.fullmatch(key) is None:
        raise InvalidObjectKeyError
    return key
